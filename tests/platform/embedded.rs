//! Embedded PostgreSQL: start, sharing between processes, recovery after crashes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, RunQueryDsl};
use mercer::platform::db::embedded::{EmbeddedError, EmbeddedServer, EmbeddedSettings};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Environment variable with the data directory for the copy of this binary that acts as another process.
const OWNER_DIR: &str = "MERCER_TEST_EMBEDDED_OWNER_DIR";

#[test]
fn first_start_creates_the_database() {
    let shop = ShopDir::new();

    let server = shop.start();

    assert!(server.is_owner());
    assert_eq!(select(&server.url(), "current_database()"), "mercer");
    assert_eq!(select(&server.url(), "current_user"), "mercer");
    assert_eq!(select(&server.url_for("postgres"), "current_database()"), "postgres");
    assert_eq!(select(&server.url(), "current_setting('server_encoding')"), "UTF8");
    assert_eq!(select(&server.url(), "current_setting('listen_addresses')"), "");
}

#[test]
fn restart_keeps_the_data_and_removes_a_partial_cluster() {
    let shop = ShopDir::new();
    let partial_cluster = shop.path.join("postgres/data.init");
    fs::create_dir_all(&partial_cluster).unwrap();
    File::create(partial_cluster.join("PG_VERSION")).unwrap();
    let mut server = shop.start();
    execute(&server.url(), "create table notes as select 'kept' as note");
    server.stop();
    server.stop();
    assert!(!server.is_owner());
    assert!(PgConnection::establish(&server.url()).is_err());

    let server = shop.start();

    assert_eq!(select(&server.url(), "(select note from notes)"), "kept");
    assert!(!server.data_dir().join("data.init").exists());
}

#[test]
fn second_process_attaches_to_the_running_server() {
    let shop = ShopDir::new();
    let owner = OwnerProcess::start(&shop.path);

    let mut attached = shop.start();
    assert!(!attached.is_owner());
    assert_eq!(attached.url(), owner.url);
    attached.stop();

    assert_eq!(select(&owner.url, "'running'"), "running");
}

#[test]
fn concurrent_starts_have_one_owner() {
    let shop = ShopDir::new();

    let servers: Vec<EmbeddedServer> = thread::scope(|scope| {
        let starters: Vec<_> = (0..4).map(|_| scope.spawn(|| shop.start())).collect();
        starters.into_iter().map(|starter| starter.join().unwrap()).collect()
    });

    // The threads that started the servers have ended, but the server must still run.
    assert_eq!(servers.iter().filter(|server| server.is_owner()).count(), 1);
    for server in &servers {
        assert_eq!(select(&server.url(), "current_database()"), "mercer");
    }
}

#[test]
fn server_starts_after_its_owner_was_killed() {
    let shop = ShopDir::new();
    let mut owner = OwnerProcess::start(&shop.path);
    execute(&owner.url, "create table notes as select 'kept' as note");

    owner.kill();
    let server = shop.start();

    assert!(server.is_owner());
    assert_eq!(select(&server.url(), "(select note from notes)"), "kept");
}

#[test]
fn server_starts_after_owner_and_server_were_killed() {
    let shop = ShopDir::new();
    let mut owner = OwnerProcess::start(&shop.path);
    execute(&owner.url, "create table notes as select 'kept' as note");

    kill(shop.server_pid(), Signal::SIGKILL).unwrap();
    owner.kill();
    let server = shop.start();

    assert!(server.is_owner());
    assert_eq!(select(&server.url(), "(select note from notes)"), "kept");
}

#[test]
fn stale_pid_file_with_another_process_is_ignored() {
    let shop = ShopDir::new();
    let mut server = shop.start();
    let pid_file = server.data_dir().join("data/postmaster.pid");
    let running = fs::read_to_string(&pid_file).unwrap();
    server.stop();
    let mut other_process = Command::new("sleep").arg("600").spawn().unwrap();
    let (_, rest) = running.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", other_process.id())).unwrap();

    let server = shop.start();

    assert!(server.is_owner());
    assert_eq!(select(&server.url(), "current_database()"), "mercer");
    assert!(other_process.try_wait().unwrap().is_none(), "the other process must still run");
    other_process.kill().unwrap();
    other_process.wait().unwrap();
}

#[test]
fn long_data_path_uses_another_socket_directory() {
    let shop = ShopDir::new();
    let deep = shop.path.join("d".repeat(100));

    let mut server = EmbeddedServer::start(&deep, &settings()).unwrap();
    assert_eq!(select(&server.url(), "current_database()"), "mercer");
    let socket_dir =
        PathBuf::from(select(&server.url(), "current_setting('unix_socket_directories')").replace('"', ""));
    server.stop();

    assert!(!socket_dir.exists(), "{socket_dir:?} still exists");
}

#[test]
fn error_without_programs_names_the_package_to_install() {
    let shop = ShopDir::new();
    let missing = EmbeddedSettings { bin_dir: Some(shop.path.join("bin")), ..settings() };

    let error = EmbeddedServer::start(&shop.path, &missing).unwrap_err();

    assert!(matches!(error, EmbeddedError::ProgramsMissing { .. }), "{error}");
    assert!(error.to_string().contains("apt-get install postgresql"), "{error}");
}

#[test]
fn cluster_of_another_version_is_rejected_and_unchanged() {
    let shop = ShopDir::new();
    let version = shop.path.join("postgres/data/PG_VERSION");
    fs::create_dir_all(version.parent().unwrap()).unwrap();
    fs::write(&version, "9\n").unwrap();

    let error = EmbeddedServer::start(&shop.path, &settings()).unwrap_err();

    assert!(matches!(error, EmbeddedError::WrongVersion { cluster: 9, .. }), "{error}");
    assert_eq!(fs::read_to_string(&version).unwrap(), "9\n");
}

/// Not a test: the other process of the tests above. Runs until it is killed.
#[test]
#[ignore = "runs in a copy of this binary"]
fn owner_process() {
    let Some(dir) = std::env::var_os(OWNER_DIR) else { return };
    // Durable, because committed data must survive a kill.
    let durable = EmbeddedSettings { durable: true, ..settings() };
    let server = EmbeddedServer::start(Path::new(&dir), &durable).unwrap();
    eprintln!("{}", server.url());
    loop {
        thread::park();
    }
}

/// Another process that owns a server.
struct OwnerProcess {
    process: Child,
    url: String,
}

impl OwnerProcess {
    fn start(dir: &Path) -> Self {
        let (_, module) = module_path!().split_once("::").unwrap();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--nocapture", "--exact", &format!("{module}::owner_process")])
            .env(OWNER_DIR, dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stderr.take().unwrap());
        let url = output.lines().map(Result::unwrap).find(|line| line.starts_with("postgresql://")).unwrap();
        Self { process, url }
    }

    /// Kills the process without cleanup, like `kill -9`.
    fn kill(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Drop for OwnerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Empty data directory, removed at the end.
struct ShopDir {
    path: PathBuf,
}

impl ShopDir {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("mercer-embedded-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self { path }
    }

    fn start(&self) -> EmbeddedServer {
        EmbeddedServer::start(&self.path, &settings()).unwrap()
    }

    fn server_pid(&self) -> Pid {
        let file = fs::read_to_string(self.path.join("postgres/data/postmaster.pid")).unwrap();
        Pid::from_raw(file.lines().next().unwrap().parse().unwrap())
    }
}

impl Drop for ShopDir {
    fn drop(&mut self) {
        // The server of a killed owner can still write files.
        for _ in 0..500 {
            if fs::remove_dir_all(&self.path).is_ok() || !self.path.exists() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn settings() -> EmbeddedSettings {
    EmbeddedSettings { path: std::env::var_os("PATH"), durable: false, ..EmbeddedSettings::default() }
}

fn select(url: &str, expression: &str) -> String {
    let mut conn = PgConnection::establish(url).unwrap();
    diesel::select(sql::<Text>(&format!("({expression})::text"))).get_result(&mut conn).unwrap()
}

fn execute(url: &str, statement: &str) {
    let mut conn = PgConnection::establish(url).unwrap();
    diesel::sql_query(statement).execute(&mut conn).unwrap();
}

//! Private PostgreSQL server of the tests, in memory and without durability.
//!
//! The first test process of this checkout starts the server, and all others share it, because `cargo nextest` runs
//! each test in a separate process. Each process holds a shared lock on the file `users`. A watchdog, the parent of the
//! server, stops it and removes its data when no process has held the lock for two seconds. The kernel releases the
//! locks of killed processes and stops the server when the watchdog is killed. Every start creates a new cluster (half
//! a second), so leftovers of a crash do not matter.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use diesel::Connection;
use diesel::pg::PgConnection;
use nix::unistd::{Uid, User};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::machine;

const TIMEOUT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Shell script that runs the server (all arguments except the first two) until no process holds the lock.
///
/// It waits two seconds, because there is a gap between two processes of `cargo nextest`.
const WATCHDOG: &str = r#"
users=$1 home=$2; shift 2
exec 9>>"$users"
"$@" 9>&- &
server=$!
free=0
while kill -0 "$server" 2>/dev/null && [ "$free" -lt 2 ]; do
    sleep 1
    if flock -n 9; then
        free=$((free + 1))
        [ "$free" -eq 2 ] || flock -u 9
    else
        free=0
    fi
done
kill -INT "$server" 2>/dev/null
wait "$server"
rm -rf "$home"
"#;

/// Settings without durability and without autovacuum, which would keep a template from being cloned.
const SETTINGS: [&str; 16] = [
    "listen_addresses=",
    "port=5432",
    "max_connections=300",
    "shared_buffers=128MB",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "min_wal_size=32MB",
    "max_wal_size=256MB",
    "autovacuum=off",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_checkpoints=off",
];

/// Share of this process in the server.
pub struct PrivateServer {
    pub is_in_memory: bool,
    home: PathBuf,
    /// File with a shared lock until this process ends.
    _users: File,
}

impl PrivateServer {
    pub fn start_or_join() -> Result<Self> {
        let (place, is_in_memory) = machine::place();
        let directory = own_directory(&place)?;
        let users = open(&directory.join("users"))?;
        users.lock_shared()?;

        let server = Self { is_in_memory, home: directory.join("server"), _users: users };
        let start_lock = open(&directory.join("starting"))?;
        start_lock.lock()?;
        if PgConnection::establish(&server.url()).is_err() {
            server.start(&directory)?;
        }
        Ok(server)
    }

    /// Returns the URL of the superuser for the database that every cluster has.
    pub fn url(&self) -> String {
        let host = self.home.to_string_lossy();
        format!("postgresql://mercer@{}:5432/postgres", utf8_percent_encode(&host, NON_ALPHANUMERIC))
    }

    fn start(&self, directory: &Path) -> Result<()> {
        self.wait_for_previous_server()?;
        remove(&self.home)?;
        let account = Account::of_server()?;
        account.make_directory(&self.home)?;
        let programs = machine::programs()?;
        self.create_cluster(&programs, &account)?;
        let log = directory.join("server.log");
        let watchdog = self.launch(&programs, &account, &directory.join("users"), &log)?;
        self.wait_until_ready(watchdog, &log)
    }

    /// Waits for the end of an earlier server whose watchdog was killed. Its working directory identifies it.
    fn wait_for_previous_server(&self) -> Result<()> {
        let data = self.home.join("data");
        let pid_file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        let Some(pid) = pid_file.lines().next() else {
            return Ok(());
        };
        let working_directory = Path::new("/proc").join(pid).join("cwd");
        let deadline = Instant::now() + TIMEOUT;
        while fs::read_link(&working_directory).is_ok_and(|found| found == data) {
            ensure!(Instant::now() < deadline, "PostgreSQL of an earlier run, process {pid}, does not stop");
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Creates a cluster that sorts by code point, like that of a shop. Some systems do not have `C.UTF-8`.
    fn create_cluster(&self, programs: &Path, account: &Account) -> Result<()> {
        let data = self.home.join("data");
        let mut error = String::new();
        for locale in ["C.UTF-8", "C"] {
            remove(&data)?;
            let mut command = account.command(&programs.join("initdb"));
            command.arg("-D").arg(&data).arg(format!("--locale={locale}"));
            command.args(["--username=mercer", "--auth=trust", "--encoding=UTF8", "--no-sync"]);
            let output = command.output().context("cannot run initdb through setpriv")?;
            if output.status.success() {
                return Ok(());
            }
            error = String::from_utf8_lossy(&output.stderr).into_owned();
        }
        bail!("initdb failed: {error}")
    }

    fn launch(&self, programs: &Path, account: &Account, users: &Path, log: &Path) -> Result<Child> {
        let server = account.command(&programs.join("postgres"));
        let log = File::create(log)?;
        let mut watchdog = Command::new("sh");
        watchdog.args(["-c", WATCHDOG, "mercer-tests"]).arg(users).arg(&self.home);
        watchdog.arg(server.get_program()).args(server.get_args());
        watchdog.arg("-D").arg(self.home.join("data")).arg("-k").arg(&self.home);
        watchdog.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        // A separate process group, so that the watchdog can clean up after Ctrl-C. No inherited pipes, because a test
        // runner waits until they are closed.
        watchdog.current_dir("/").env("LC_ALL", "C").process_group(0);
        watchdog.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        watchdog.spawn().context("cannot run sh")
    }

    fn wait_until_ready(&self, mut watchdog: Child, log: &Path) -> Result<()> {
        let deadline = Instant::now() + TIMEOUT;
        while PgConnection::establish(&self.url()).is_err() {
            let has_ended = watchdog.try_wait()?.is_some();
            if has_ended || Instant::now() > deadline {
                bail!("PostgreSQL does not start: {}", fs::read_to_string(log)?);
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

/// User that runs the server, because PostgreSQL cannot run as root.
struct Account(Option<User>);

impl Account {
    fn of_server() -> Result<Self> {
        if !Uid::effective().is_root() {
            return Ok(Self(None));
        }
        let mut users = ["postgres", "nobody"].into_iter().filter_map(|name| User::from_name(name).ok()?);
        let user = users.next().context("root needs a user postgres or nobody to run PostgreSQL")?;
        Ok(Self(Some(user)))
    }

    /// Returns a command that runs `program` as this user and stops it when its parent dies.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "INT"]);
        if let Self(Some(user)) = self {
            command.args(["--reuid", &user.uid.to_string(), "--regid", &user.gid.to_string(), "--clear-groups"]);
        }
        command.arg("--").arg(program);
        command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    fn make_directory(&self, path: &Path) -> Result<()> {
        DirBuilder::new().mode(0o700).create(path)?;
        if let Self(Some(user)) = self {
            chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        Ok(())
    }
}

/// Returns the directory of this checkout and user, which outlives the server. Rejects a directory of another user.
fn own_directory(place: &Path) -> Result<PathBuf> {
    let user = Uid::effective();
    let checkout = hex::encode(Sha256::digest(env!("CARGO_MANIFEST_DIR")));
    let name: String = checkout.chars().take(8).collect();
    let directory = place.join(format!("mercer-test-{name}-{user}"));
    match DirBuilder::new().mode(0o711).create(&directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    let found = fs::symlink_metadata(&directory)?;
    let is_own = found.is_dir() && found.uid() == user.as_raw();
    ensure!(is_own, "{} belongs to another user", directory.display());
    // If the tests run as root, the server runs as another user and needs access, regardless of the umask.
    fs::set_permissions(&directory, Permissions::from_mode(0o711))?;
    Ok(directory)
}

fn open(path: &Path) -> Result<File> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.with_context(|| path.display().to_string())
}

fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

//! A private PostgreSQL for the tests, in memory and without any care for its data.
//!
//! It is started by the first test process of this checkout and shared with all others, as
//! `cargo nextest` runs each test in a process of its own. Each holds a shared lock on the file
//! `users`. A watchdog, the parent of the server, stops it and removes its data when nobody has
//! held that lock for two seconds; the kernel gives up the locks of killed processes, and tells
//! the server to stop when the watchdog is killed. Every start makes a new cluster (half a
//! second), so nothing that a crash has left can matter.

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

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);

/// Runs the server (all arguments but the first two) until nobody holds the lock.
///
/// Two seconds free, not one: between two processes of `cargo nextest` there is a gap.
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

/// Without durability; no autovacuum, which would hold a template that is to be cloned.
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

/// Our share of the server.
pub struct PrivateServer {
    pub is_in_memory: bool,
    home: PathBuf,
    /// Locked, shared, for the life of this process.
    _users: File,
}

impl PrivateServer {
    pub fn start_or_join() -> Result<Self> {
        let (place, is_in_memory) = machine::place();
        let directory = own_directory(&place)?;
        let users = open(&directory.join("users"))?;
        users.lock_shared()?;

        let server = Self { is_in_memory, home: directory.join("server"), _users: users };
        let turn = open(&directory.join("starting"))?;
        turn.lock()?;
        if PgConnection::establish(&server.url()).is_err() {
            server.start(&directory)?;
        }
        Ok(server)
    }

    /// Of the superuser, to the database that every cluster has.
    pub fn url(&self) -> String {
        let host = self.home.to_string_lossy();
        format!("postgresql://mercer@{}:5432/postgres", utf8_percent_encode(&host, NON_ALPHANUMERIC))
    }

    fn start(&self, directory: &Path) -> Result<()> {
        self.outlive_predecessor()?;
        remove(&self.home)?;
        let account = Account::of_server()?;
        account.make_directory(&self.home)?;
        let programs = machine::programs()?;
        self.make_cluster(&programs, &account)?;
        let log = directory.join("server.log");
        let watchdog = self.launch(&programs, &account, &directory.join("users"), &log)?;
        self.wait_until_ready(watchdog, &log)
    }

    /// A server whose watchdog was killed needs a moment to stop; its working directory tells it from others.
    fn outlive_predecessor(&self) -> Result<()> {
        let data = self.home.join("data");
        let pid_file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        let Some(pid) = pid_file.lines().next() else {
            return Ok(());
        };
        let working_directory = Path::new("/proc").join(pid).join("cwd");
        let deadline = Instant::now() + PATIENCE;
        while fs::read_link(&working_directory).is_ok_and(|found| found == data) {
            ensure!(Instant::now() < deadline, "PostgreSQL of a former run, process {pid}, does not stop");
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Sorted by code point, as the shop's own; not every system knows `C.UTF-8`.
    fn make_cluster(&self, programs: &Path, account: &Account) -> Result<()> {
        let data = self.home.join("data");
        let mut said = String::new();
        for locale in ["C.UTF-8", "C"] {
            remove(&data)?;
            let mut command = account.command(&programs.join("initdb"));
            command.arg("-D").arg(&data).arg(format!("--locale={locale}"));
            command.args(["--username=mercer", "--auth=trust", "--encoding=UTF8", "--no-sync"]);
            let output = command.output().context("cannot run initdb through setpriv")?;
            if output.status.success() {
                return Ok(());
            }
            said = String::from_utf8_lossy(&output.stderr).into_owned();
        }
        bail!("initdb fails: {said}")
    }

    fn launch(&self, programs: &Path, account: &Account, users: &Path, log: &Path) -> Result<Child> {
        let server = account.command(&programs.join("postgres"));
        let log = File::create(log)?;
        let mut watchdog = Command::new("sh");
        watchdog.args(["-c", WATCHDOG, "mercer-tests"]).arg(users).arg(&self.home);
        watchdog.arg(server.get_program()).args(server.get_args());
        watchdog.arg("-D").arg(self.home.join("data")).arg("-k").arg(&self.home);
        watchdog.args(SETTINGS.iter().flat_map(|setting| ["-c", setting]));
        // A group of its own, so that Ctrl-C lets it tidy up; and none of our pipes, as a test runner waits for their end.
        watchdog.current_dir("/").env("LC_ALL", "C").process_group(0);
        watchdog.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        watchdog.spawn().context("cannot run sh")
    }

    fn wait_until_ready(&self, mut watchdog: Child, log: &Path) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while PgConnection::establish(&self.url()).is_err() {
            let has_ended = watchdog.try_wait()?.is_some();
            if has_ended || Instant::now() > deadline {
                bail!("PostgreSQL does not start: {}", fs::read_to_string(log)?);
            }
            thread::sleep(POLL);
        }
        Ok(())
    }
}

/// The user that runs the server: PostgreSQL refuses to be root.
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

    /// `program` as this user, told to stop when its parent dies.
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

/// The checkout's and the user's directory, which survives the server; others may have put theirs there.
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
    let is_ours = found.is_dir() && found.uid() == user.as_raw();
    ensure!(is_ours, "{} belongs to somebody else", directory.display());
    // Root's server is another user's, and must pass; the umask may have had its own idea.
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

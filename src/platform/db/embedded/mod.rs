//! A private PostgreSQL for whoever has no database yet.
//!
//! Without `DATABASE_URL` the program makes a cluster in its data directory on the first start,
//! runs the installed server on it, and stops it at the end. The server speaks through a unix
//! socket only. One process owns it, by a file lock; others of the same data directory attach.
//!
//! After a crash: the kernel tells the server to shut down when its owner dies (`setpriv
//! --pdeathsig`), and where it cannot, the next start stops the old server before its own.

mod cluster;
mod error;
mod home;
mod launch;
mod pid_file;
mod programs;

use std::ffi::OsString;
use std::fmt::Write;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use cluster::Cluster;
use home::Home;
use launch::{KeptChild, OnOurDeath};
use pid_file::{POLL, PidFile};

pub use error::EmbeddedError;

/// The superuser of the private cluster.
const USER: &str = "mercer";
/// The database that the first start makes.
const DATABASE: &str = "mercer";
/// Only names the socket; said in the URL, as `PGPORT` would otherwise change it.
const PORT: &str = "5432";

/// How long a start, our own or another process's, may take: recovery reads up to 2 GB of log.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// How long the children of a killed server may go on holding its memory.
const LINGER_PATIENCE: Duration = Duration::from_secs(15);

/// How to find and run the private server.
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// The directory of `initdb` and `postgres`; `None` looks in the usual places, then on `path`.
    pub bin_dir: Option<PathBuf>,
    /// The value of `PATH`.
    pub path: Option<OsString>,
    /// False for test clusters only: then a power cut may destroy the whole cluster.
    pub durable: bool,
}

impl Default for EmbeddedSettings {
    fn default() -> Self {
        Self { bin_dir: None, path: None, durable: true }
    }
}

/// A private PostgreSQL server living in `<data dir>/postgres`, started or attached to by this
/// process.
#[derive(Debug)]
pub struct EmbeddedServer {
    home: Home,
    socket_dir: PathBuf,
    /// `None` when another process owns the server, or when it is stopped.
    owned: Option<OwnedServer>,
}

/// What only the owner has.
#[derive(Debug)]
struct OwnedServer {
    server: KeptChild,
    /// Held until the server has ended; the kernel gives it back when we crash.
    _lock: File,
}

impl EmbeddedServer {
    /// Starts the server of this data directory, or attaches to the one already running.
    ///
    /// Blocks until the server accepts connections: 0.1 seconds, on the first start two. May be
    /// called from any thread; the server does not depend on the life of that thread.
    pub fn start(data_dir: &Path, settings: &EmbeddedSettings) -> Result<Self, EmbeddedError> {
        let (home, launcher) = Home::choose(data_dir)?;
        let deadline = Instant::now() + START_PATIENCE;
        loop {
            // Tried again and again: the owner may give up, or end, while we wait for its server.
            if let Some(lock) = home.try_lock()? {
                let cluster = Cluster::open(&home, &launcher, settings)?;
                let (server, socket_dir) = start_owned(&cluster)?;
                return Ok(Self { home, socket_dir, owned: Some(OwnedServer { server, _lock: lock }) });
            }
            if let Some(socket_dir) = pid_file::running_server(&home.data()) {
                info!("Attached to the PostgreSQL server in {}", home.dir.display());
                return Ok(Self { home, socket_dir, owned: None });
            }
            if Instant::now() >= deadline {
                return Err(EmbeddedError::Busy { lock: home.lock(), seconds: START_PATIENCE.as_secs() });
            }
            thread::sleep(POLL);
        }
    }

    /// The libpq URL of the database `mercer`.
    pub fn url(&self) -> String {
        self.url_for(DATABASE)
    }

    /// The libpq URL of another database on this server.
    pub fn url_for(&self, database: &str) -> String {
        let host = percent_encoded(self.socket_dir.as_os_str().as_bytes());
        format!("postgresql://{USER}@{host}:{PORT}/{}", percent_encoded(database.as_bytes()))
    }

    /// Where cluster, log and lock really are: `<data dir>/postgres`, or a directory in
    /// `/var/lib/mercer` when root's data directory is out of the server's reach.
    pub fn data_dir(&self) -> &Path {
        &self.home.dir
    }

    /// Whether this process has started the server and will stop it.
    pub fn is_owner(&self) -> bool {
        self.owned.is_some()
    }

    /// Stops the server if it is ours, and waits until it has ended. May be called again.
    pub fn stop(&mut self) {
        let Some(OwnedServer { mut server, _lock }) = self.owned.take() else {
            return;
        };
        if shut_down(&mut server) {
            info!("Stopped the PostgreSQL server in {}", self.home.dir.display());
        } else {
            let pid = server.pid;
            warn!(%pid, "PostgreSQL does not stop: process {pid} is left to the next start");
        }
        self.home.remove_socket_dir(&self.socket_dir);
    }
}

impl Drop for EmbeddedServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts our own server, patiently when another was killed here a moment ago.
fn start_owned(cluster: &Cluster<'_>) -> Result<(KeptChild, PathBuf), EmbeddedError> {
    let has_crashed = pid_file::clear_leftovers(cluster.home)?;
    let socket_dir = cluster.home.socket_dir()?;
    cluster.home.clear_socket(&socket_dir)?;
    cluster.home.rotate_log()?;
    cluster.configure()?;

    let deadline = Instant::now() + if has_crashed { LINGER_PATIENCE } else { Duration::ZERO };
    loop {
        match start_once(cluster, &socket_dir) {
            Err(EmbeddedError::Ended { .. }) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(100));
            }
            outcome => return outcome.map(|server| (server, socket_dir)),
        }
    }
}

fn start_once(cluster: &Cluster<'_>, socket_dir: &Path) -> Result<KeptChild, EmbeddedError> {
    let home = cluster.home;
    let log = home.open(&home.log()).map_err(EmbeddedError::file("open", &home.log()))?;
    let errors = log.try_clone().map_err(EmbeddedError::file("share", &home.log()))?;
    let postgres = cluster.programs.path("postgres");

    let mut command = cluster.launcher.command(&postgres, OnOurDeath::ShutDown);
    command.arg("-D").arg(home.data());
    command.arg("-k").arg(home::quoted(socket_dir.as_os_str()));
    command.args(["-p", PORT, "-c", "listen_addresses="]);
    command.stdout(log).stderr(errors);

    let server = KeptChild::spawn(command).map_err(|source| EmbeddedError::NotRun { program: postgres, source })?;
    wait_until_ready(server, home)
}

/// Waits until the pid file is our child's and says `ready`.
fn wait_until_ready(mut server: KeptChild, home: &Home) -> Result<KeptChild, EmbeddedError> {
    let deadline = Instant::now() + START_PATIENCE;
    loop {
        let file = PidFile::read(&home.data());
        if file.is_some_and(|file| file.pid == server.pid && file.is_ready) {
            info!("PostgreSQL is ready in {}", home.dir.display());
            return Ok(server);
        }
        if let Some(status) = server.exit_status() {
            return Err(EmbeddedError::Ended { status, log: home.log(), tail: home.log_tail() });
        }
        if Instant::now() >= deadline {
            shut_down(&mut server);
            let seconds = START_PATIENCE.as_secs();
            return Err(EmbeddedError::NotReady { seconds, log: home.log(), tail: home.log_tail() });
        }
        thread::sleep(POLL);
    }
}

/// Stops our child; false when it outlives that.
fn shut_down(server: &mut KeptChild) -> bool {
    // Once it was waited for, its number may be another process's.
    server.exit_status().is_some() || pid_file::shut_down(server.pid, || server.exit_status().is_some())
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            encoded.push(char::from(*byte));
        } else {
            // Writing to a String cannot fail.
            write!(encoded, "%{byte:02X}").ok();
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::percent_encoded;

    #[test]
    fn a_socket_directory_fits_into_a_url() {
        assert_eq!(percent_encoded(b"/srv/my shop/x_1"), "%2Fsrv%2Fmy%20shop%2Fx_1");
        assert_eq!(percent_encoded("é@:".as_bytes()), "%C3%A9%40%3A");
    }
}

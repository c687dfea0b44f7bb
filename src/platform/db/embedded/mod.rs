//! Embedded PostgreSQL server for shops without a database server.
//!
//! Without `DATABASE_URL`, Mercer creates a cluster in its data directory on the first start, runs the installed
//! server on it, and stops the server at the end. The server listens on a Unix socket only. One process owns it through
//! a file lock; other processes with the same data directory attach to it.
//!
//! After a crash of the owner, the kernel sends the server a signal to shut down (`setpriv --pdeathsig`). Where this is
//! not supported, the next start stops the old server first.

mod cluster;
mod error;
mod home;
mod launch;
mod pid_file;
mod programs;
mod settings;

use std::fmt::Write;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use cluster::Cluster;
use home::Home;
use launch::{ParentDeathSignal, ServerProcess};
use pid_file::{POLL_INTERVAL, PidFile};
use settings::{DATABASE, PORT, USER};

pub use error::EmbeddedError;
pub use settings::EmbeddedSettings;

/// Maximum duration of a start, by this or another process. Recovery reads up to 2 GB of write-ahead log.
const START_TIMEOUT: Duration = Duration::from_secs(120);
/// Maximum time in which the child processes of a killed server release its memory.
const EXIT_TIMEOUT: Duration = Duration::from_secs(15);

/// Embedded PostgreSQL server in `<data dir>/postgres`. This process has started it or attached to it.
#[derive(Debug)]
pub struct EmbeddedServer {
    home: Home,
    socket_dir: PathBuf,
    /// `None` if another process owns the server, or after it was stopped.
    owned: Option<OwnedServer>,
}

/// Server process and lock, which only the owner has.
#[derive(Debug)]
struct OwnedServer {
    server: ServerProcess,
    /// File lock, which this process holds until the server has ended. The kernel releases it if this process crashes.
    _lock: File,
}

impl EmbeddedServer {
    /// Starts the server of this data directory, or attaches to the running one.
    ///
    /// Blocks until the server accepts connections: 0.1 seconds, or two seconds on the first start. It can be called
    /// from any thread; the server continues when that thread ends.
    pub fn start(data_dir: &Path, settings: &EmbeddedSettings) -> Result<Self, EmbeddedError> {
        let (home, launcher) = Home::choose(data_dir)?;
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            // Retry the lock in each iteration: the owner can fail or end while this process waits for its server.
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
                return Err(EmbeddedError::Busy { lock: home.lock(), seconds: START_TIMEOUT.as_secs() });
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Returns the libpq URL of the database `mercer`.
    pub fn url(&self) -> String {
        self.url_for(DATABASE)
    }

    /// Returns the libpq URL of another database on this server.
    pub fn url_for(&self, database: &str) -> String {
        let host = percent_encoded(self.socket_dir.as_os_str().as_bytes());
        format!("postgresql://{USER}@{host}:{PORT}/{}", percent_encoded(database.as_bytes()))
    }

    /// Returns the directory of cluster, log and lock: `<data dir>/postgres`, or a directory in `/var/lib/mercer` if
    /// Mercer runs as root and the server's account cannot access the data directory.
    pub fn data_dir(&self) -> &Path {
        &self.home.dir
    }

    /// Returns true if this process has started the server and will stop it.
    pub fn is_owner(&self) -> bool {
        self.owned.is_some()
    }

    /// Stops the server if this process owns it, and waits for its end. A second call has no effect.
    pub fn stop(&mut self) {
        let Some(OwnedServer { mut server, _lock }) = self.owned.take() else {
            return;
        };
        if shut_down(&mut server) {
            info!("Stopped the PostgreSQL server in {}", self.home.dir.display());
        } else {
            let pid = server.pid;
            warn!(%pid, "PostgreSQL does not stop; the next start will stop process {pid}");
        }
        self.home.remove_socket_dir(&self.socket_dir);
    }
}

impl Drop for EmbeddedServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Starts the server. Retries for a while if an earlier server was killed here shortly before.
fn start_owned(cluster: &Cluster<'_>) -> Result<(ServerProcess, PathBuf), EmbeddedError> {
    let had_leftovers = pid_file::stop_leftover_server(cluster.home)?;
    let socket_dir = cluster.home.socket_dir()?;
    cluster.home.clear_socket(&socket_dir)?;
    cluster.home.rotate_log()?;
    cluster.configure()?;

    let deadline = Instant::now() + if had_leftovers { EXIT_TIMEOUT } else { Duration::ZERO };
    loop {
        match start_once(cluster, &socket_dir) {
            Err(EmbeddedError::Ended { .. }) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(100));
            }
            result => return result.map(|server| (server, socket_dir)),
        }
    }
}

fn start_once(cluster: &Cluster<'_>, socket_dir: &Path) -> Result<ServerProcess, EmbeddedError> {
    let home = cluster.home;
    let log = home.open(&home.log()).map_err(EmbeddedError::file("open", &home.log()))?;
    let errors = log.try_clone().map_err(EmbeddedError::file("share", &home.log()))?;
    let postgres = cluster.programs.path("postgres");

    let mut command = cluster.launcher.command(&postgres, ParentDeathSignal::Interrupt);
    command.arg("-D").arg(home.data());
    command.arg("-k").arg(home::quoted(socket_dir.as_os_str()));
    command.args(["-p", PORT, "-c", "listen_addresses="]);
    command.stdout(log).stderr(errors);

    let server = ServerProcess::spawn(command).map_err(|source| EmbeddedError::NotRun { program: postgres, source })?;
    wait_until_ready(server, home)
}

/// Waits until the pid file contains the child's process id and the status `ready`.
fn wait_until_ready(mut server: ServerProcess, home: &Home) -> Result<ServerProcess, EmbeddedError> {
    let deadline = Instant::now() + START_TIMEOUT;
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
            let seconds = START_TIMEOUT.as_secs();
            return Err(EmbeddedError::NotReady { seconds, log: home.log(), tail: home.log_tail() });
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Stops the child process. Returns false if it does not end.
fn shut_down(server: &mut ServerProcess) -> bool {
    // After the exit status was read, another process can have the same process id.
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
    fn socket_directory_is_percent_encoded_in_the_url() {
        assert_eq!(percent_encoded(b"/srv/my shop/x_1"), "%2Fsrv%2Fmy%20shop%2Fx_1");
        assert_eq!(percent_encoded("é@:".as_bytes()), "%C3%A9%40%3A");
    }
}

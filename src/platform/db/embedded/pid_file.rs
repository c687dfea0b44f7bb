//! `postmaster.pid`: state of the running server, and detection of servers from earlier runs.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tracing::warn;

use super::error::EmbeddedError;
use super::home::{Home, socket_in};

/// Pause between two checks of the server's state.
pub const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Shutdown signals with their time limits: a fast shutdown, then an immediate one (the next start recovers).
const SHUTDOWN_STEPS: [(Signal, Duration); 2] =
    [(Signal::SIGINT, Duration::from_secs(30)), (Signal::SIGQUIT, Duration::from_secs(10))];

/// Lines of `postmaster.pid` that Mercer uses.
#[derive(Debug, PartialEq, Eq)]
pub struct PidFile {
    /// Line 1.
    pub pid: Pid,
    /// Line 2.
    data: PathBuf,
    /// Line 5; missing at the beginning of a start.
    socket_dir: Option<PathBuf>,
    /// Line 8.
    pub is_ready: bool,
}

impl PidFile {
    /// Reads the file of the cluster in `data`. Returns `None` if it is missing or incomplete.
    pub fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read(path(data)).ok()?)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let pid = str::from_utf8(lines.next()?).ok()?.parse().ok()?;
        let data = as_path(lines.next()?);
        let socket_dir = lines.nth(2).filter(|line| !line.is_empty()).map(as_path);
        let is_ready = lines.nth(2).is_some_and(|status| status == b"ready");
        Some(Self { pid: Pid::from_raw(pid), data, socket_dir, is_ready })
    }
}

/// Returns the socket directory of the server that another process runs in `data`.
pub fn running_server(data: &Path) -> Option<PathBuf> {
    let socket_dir = PidFile::read(data)?.socket_dir?;
    UnixStream::connect(socket_in(&socket_dir)).ok()?;
    // Read again: the first read may have seen the file of a dead server. The server that listens on the socket wrote
    // its own file before.
    PidFile::read(data)?.is_ready.then_some(socket_dir)
}

/// Stops the server of an earlier run. Returns true if that run left a pid file.
///
/// The caller must hold the lock. A server that has outlived its owner is stopped instead of reused, because its
/// parent-death signal may be pending and its settings may be outdated.
pub fn stop_leftover_server(home: &Home) -> Result<bool, EmbeddedError> {
    let data = home.data();
    let path = path(&data);
    if !path.exists() {
        return Ok(false);
    }
    let Some(leftover) = PidFile::read(&data) else {
        // A crash of the machine left a truncated file.
        fs::remove_file(&path).map_err(EmbeddedError::file("remove", &path))?;
        return Ok(true);
    };

    if identify(&leftover) == PidOwner::Server {
        if leftover.data != data {
            return Err(EmbeddedError::MovedWhileRunning { data, pid: leftover.pid.as_raw(), origin: leftover.data });
        }
        stop_server(&leftover)?;
    }
    if path.exists() && identify(&leftover) == PidOwner::OtherProcess {
        take_over_pid_file(home, &path).map_err(EmbeddedError::file("rewrite", &path))?;
    }
    Ok(true)
}

fn stop_server(server: &PidFile) -> Result<(), EmbeddedError> {
    warn!(pid = %server.pid, "Stopping the PostgreSQL server of an earlier run");
    if shut_down(server.pid, || identify(server) != PidOwner::Server) {
        return Ok(());
    }
    Err(EmbeddedError::LeftoverServer { pid: server.pid.as_raw() })
}

/// Stops a server. Returns false if it does not end even after the last signal.
pub fn shut_down(server: Pid, mut is_gone: impl FnMut() -> bool) -> bool {
    for (signal, timeout) in SHUTDOWN_STEPS {
        if kill(server, signal) == Err(Errno::ESRCH) {
            return true;
        }
        let deadline = Instant::now() + timeout;
        while Instant::now() < deadline {
            if is_gone() {
                return true;
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
    false
}

/// Process that currently has the process id of a pid file.
#[derive(Debug, PartialEq, Eq)]
enum PidOwner {
    /// No process. PostgreSQL detects such a file itself.
    None,
    /// The server that wrote the file.
    Server,
    /// A process that got the same id later (after a reboot, in a new container), or a zombie of a killed server.
    OtherProcess,
}

fn identify(file: &PidFile) -> PidOwner {
    if kill(file.pid, None) == Err(Errno::ESRCH) {
        return PidOwner::None;
    }
    match fs::read(format!("/proc/{}/cmdline", file.pid)) {
        // Mercer always passes the data directory on the command line.
        Ok(arguments) => {
            let is_server = arguments.split(|byte| *byte == 0).any(|argument| as_path(argument) == file.data);
            if is_server { PidOwner::Server } else { PidOwner::OtherProcess }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && Path::new("/proc/self").exists() => PidOwner::None,
        // Systems other than Linux: only the server itself can listen on its socket. To assume another process would
        // risk a second server on the same files.
        Err(_) => {
            let socket = file.socket_dir.as_deref().map(socket_in);
            match socket.map(UnixStream::connect) {
                Some(Ok(_)) => PidOwner::Server,
                _ => PidOwner::None,
            }
        }
    }
}

/// Writes the process id of this process to a stale pid file.
///
/// PostgreSQL treats the id of its parent process as stale. Deleting the file would also work, but it contains the
/// shared memory key with which PostgreSQL detects that child processes of the dead server still run.
fn take_over_pid_file(home: &Home, path: &Path) -> io::Result<()> {
    let content = fs::read(path)?;
    let rest = content.iter().skip_while(|byte| **byte != b'\n').copied();
    let mut rewritten = std::process::id().to_string().into_bytes();
    rewritten.extend(rest);

    let mut file = home.open(path)?;
    file.set_len(0)?;
    file.write_all(&rewritten)
}

fn path(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

fn as_path(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_is_ready_only_if_line_eight_of_the_pid_file_is_ready() {
        let mut file = PidFile {
            pid: Pid::from_raw(4711),
            data: "/shop/postgres/data".into(),
            socket_dir: Some("/shop/postgres".into()),
            is_ready: true,
        };
        let head = "4711\n/shop/postgres/data\n1790000000\n5432\n/shop/postgres\n\n  1052  3\n";
        assert_eq!(PidFile::parse(format!("{head}ready   \n").as_bytes()).as_ref(), Some(&file));

        file.is_ready = false;
        assert_eq!(PidFile::parse(format!("{head}starting\n").as_bytes()).as_ref(), Some(&file));
        assert_eq!(PidFile::parse(head.as_bytes()).as_ref(), Some(&file));

        file.socket_dir = None;
        assert_eq!(PidFile::parse(b"4711\n/shop/postgres/data\n1790000000\n5432\n").as_ref(), Some(&file));
        assert_eq!(PidFile::parse(b""), None);
    }
}

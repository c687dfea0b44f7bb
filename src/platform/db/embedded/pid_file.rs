//! `postmaster.pid`: what the server says about itself, and what a dead one has left.

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

use super::EmbeddedError;
use super::home::{Home, socket_in};

/// How often a server's state is looked at while we wait for it.
pub const POLL: Duration = Duration::from_millis(10);

/// First a fast shutdown; when it takes too long, an immediate one: the next start recovers.
const SHUTDOWN_STEPS: [(Signal, Duration); 2] =
    [(Signal::SIGINT, Duration::from_secs(30)), (Signal::SIGQUIT, Duration::from_secs(10))];

/// The lines of `postmaster.pid` that matter to us.
#[derive(Debug, PartialEq, Eq)]
pub struct PidFile {
    /// Line 1.
    pub pid: Pid,
    /// Line 2.
    data: PathBuf,
    /// Line 5; absent in the first moments of a start.
    socket_dir: Option<PathBuf>,
    /// Line 8.
    pub is_ready: bool,
}

impl PidFile {
    /// Reads the file of the cluster in `data`; `None` when there is none, or no sense in it yet.
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

/// The socket directory of the server that another process keeps ready in `data`.
pub fn running_server(data: &Path) -> Option<PathBuf> {
    let socket_dir = PidFile::read(data)?.socket_dir?;
    UnixStream::connect(socket_in(&socket_dir)).ok()?;
    // Read again: the first reading may have been of a dead server's file, but whoever listens
    // on the socket now has written its own before.
    PidFile::read(data)?.is_ready.then_some(socket_dir)
}

/// Deals with what an earlier run has left, and tells whether there was anything.
///
/// Only the holder of the lock may call this. A server that has outlived its owner is stopped
/// rather than adopted: its parent-death signal may be under way, and its settings may be old.
pub fn clear_leftovers(home: &Home) -> Result<bool, EmbeddedError> {
    let data = home.data();
    let path = path(&data);
    if !path.exists() {
        return Ok(false);
    }
    let Some(leftover) = PidFile::read(&data) else {
        // Cut short by a crash of the whole machine.
        fs::remove_file(&path).map_err(EmbeddedError::file("remove", &path))?;
        return Ok(true);
    };

    if whose(&leftover) == Process::Server {
        if leftover.data != data {
            return Err(EmbeddedError::MovedWhileRunning { data, pid: leftover.pid.as_raw(), origin: leftover.data });
        }
        stop_leftover(&leftover)?;
    }
    if path.exists() && whose(&leftover) == Process::Stranger {
        disown(home, &path).map_err(EmbeddedError::file("rewrite", &path))?;
    }
    Ok(true)
}

fn stop_leftover(server: &PidFile) -> Result<(), EmbeddedError> {
    warn!(pid = %server.pid, "Stopping the PostgreSQL server that an earlier run left behind");
    if shut_down(server.pid, || whose(server) != Process::Server) {
        return Ok(());
    }
    Err(EmbeddedError::LeftoverServer { pid: server.pid.as_raw() })
}

/// Stops a server; false when it outlives even the last step.
pub fn shut_down(server: Pid, mut is_gone: impl FnMut() -> bool) -> bool {
    for (signal, patience) in SHUTDOWN_STEPS {
        if kill(server, signal) == Err(Errno::ESRCH) {
            return true;
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if is_gone() {
                return true;
            }
            thread::sleep(POLL);
        }
    }
    false
}

/// Who has the process id of a pid file by now.
#[derive(Debug, PartialEq, Eq)]
enum Process {
    /// PostgreSQL recognises such a file by itself.
    Dead,
    /// The server that wrote the file.
    Server,
    /// A process that got the same number later (after a reboot, in a new container), or the
    /// remains of a killed server that nobody has waited for.
    Stranger,
}

fn whose(file: &PidFile) -> Process {
    if kill(file.pid, None) == Err(Errno::ESRCH) {
        return Process::Dead;
    }
    match fs::read(format!("/proc/{}/cmdline", file.pid)) {
        // We always name the data directory on the command line.
        Ok(arguments) => {
            let is_server = arguments.split(|byte| *byte == 0).any(|argument| as_path(argument) == file.data);
            if is_server { Process::Server } else { Process::Stranger }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && Path::new("/proc/self").exists() => Process::Dead,
        // Not Linux: only our server can listen on its socket. Assuming a stranger instead could
        // start a second server on the same files.
        Err(_) => {
            let socket = file.socket_dir.as_deref().map(socket_in);
            match socket.map(UnixStream::connect) {
                Some(Ok(_)) => Process::Server,
                _ => Process::Dead,
            }
        }
    }
}

/// Writes our own process id into a stranger's pid file.
///
/// PostgreSQL takes its parent's id for stale. Deleting the file would work as well, but with
/// it would go the key by which PostgreSQL sees that the dead server's children still live.
fn disown(home: &Home, path: &Path) -> io::Result<()> {
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
    fn a_server_is_ready_only_when_line_eight_says_so() {
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

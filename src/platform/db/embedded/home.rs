//! Directory of the embedded server: its files and its socket.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::{Gid, Uid};
use tracing::warn;

use super::error::EmbeddedError;
use super::launch::{Account, Launcher, last_lines};

/// Directory for clusters of root whose data directory the server's account cannot access.
const ROOT_HOMES: &str = "/var/lib/mercer";

/// File name of the socket. The port determines it.
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// Longest socket path, in bytes, that every system can bind (the limit of macOS; Linux accepts four more).
const MAX_SOCKET_PATH: usize = 103;

/// Number of bytes at the end of the log that contain its last lines.
const LOG_TAIL_BYTES: u64 = 8 * 1024;

/// Directory of one embedded server: `data`, its `lock`, its log and its settings.
///
/// It belongs to the server's account and has mode 0700. The mode is the only protection of the socket, which accepts
/// every connection without a password.
#[derive(Debug, Clone)]
pub struct Home {
    pub dir: PathBuf,
    /// Account that runs the server if Mercer runs as root; `None` for the current user.
    account: Option<Account>,
}

impl Home {
    /// Chooses and prepares the directory of the server, and the account that runs it.
    ///
    /// An existing cluster takes precedence, and its owner runs it. Otherwise a changed file permission or a single
    /// start with `sudo` would create a second, empty database.
    pub fn choose(data_dir: &Path) -> Result<(Self, Launcher), EmbeddedError> {
        fs::create_dir_all(data_dir).map_err(EmbeddedError::file("create", data_dir))?;
        let data_dir = fs::canonicalize(data_dir).map_err(EmbeddedError::file("resolve", data_dir))?;
        let own = data_dir.join("postgres");
        if !Uid::effective().is_root() {
            return Ok((Self::prepare(own, None)?, Launcher::new(None)));
        }

        let fallback = Path::new(ROOT_HOMES).join(short_hash(&data_dir));
        let existing = [&own, &fallback].into_iter().find(|dir| dir.join("data").is_dir());
        let owner = existing.map(|home| owner_of(&home.join("data"))).transpose()?;
        let account = match owner {
            Some(owner) if !owner.uid.is_root() => owner,
            _ => Account::unprivileged()?,
        };
        let launcher = Launcher::new(Some(account));

        let dir = match existing {
            Some(dir) => dir.clone(),
            None if launcher.can_access(&data_dir) => own,
            None => fallback,
        };
        if !dir.starts_with(&data_dir) {
            let reason = "the user that runs PostgreSQL for root cannot access the data directory";
            warn!(home = %dir.display(), "The database is in {}, because {reason}", dir.display());
        }
        let home = Self::prepare(dir, Some(account))?;
        if !launcher.can_access(&home.dir) {
            return Err(EmbeddedError::Unreachable { home: home.dir, uid: account.uid.as_raw() });
        }
        Ok((home, launcher))
    }

    fn prepare(dir: PathBuf, account: Option<Account>) -> Result<Self, EmbeddedError> {
        if let Some(parent) = dir.parent() {
            fs::create_dir_all(parent).map_err(EmbeddedError::file("create", parent))?;
        }
        make_private(&dir, account).map_err(EmbeddedError::file("prepare", &dir))?;
        Ok(Self { dir, account })
    }

    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// Takes the lock that makes this process the owner of the server. Returns `None` if another process holds it.
    pub fn try_lock(&self) -> Result<Option<File>, EmbeddedError> {
        let path = self.lock();
        let file = self.open(&path).map_err(EmbeddedError::file("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(EmbeddedError::file("lock", &path)(source)),
        }
    }

    /// Opens or creates a file that belongs to the server's account.
    ///
    /// Mercer can be root in a directory of another user, so a symbolic link in that directory must not be followed.
    pub fn open(&self, path: &Path) -> io::Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(path)?;
        if let Some(account) = self.account {
            fchown(&file, Some(account.uid.as_raw()), Some(account.gid.as_raw()))?;
        }
        Ok(file)
    }

    /// Renames the log of the previous start, so that the new start has an empty log.
    pub fn rotate_log(&self) -> Result<(), EmbeddedError> {
        let log = self.log();
        match fs::rename(&log, self.dir.join("server.log.old")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(EmbeddedError::file("rename", &log)(error)),
            _ => Ok(()),
        }
    }

    /// Returns the last lines of the server's log.
    pub fn log_tail(&self) -> String {
        let read_end = || {
            let mut log = File::open(self.log())?;
            let length = log.metadata()?.len();
            log.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
            let mut end = Vec::new();
            log.take(LOG_TAIL_BYTES).read_to_end(&mut end)?;
            Ok::<_, io::Error>(last_lines(&String::from_utf8_lossy(&end)))
        };
        read_end().unwrap_or_else(|error| format!("(unreadable: {error})"))
    }

    /// Returns the directory of the socket: the home itself, or a private directory with a shorter path.
    pub fn socket_dir(&self) -> Result<PathBuf, EmbeddedError> {
        if can_contain_socket(&self.dir) {
            return Ok(self.dir.clone());
        }
        let user = Uid::effective();
        let runtime = if user.is_root() { PathBuf::from("/run") } else { format!("/run/user/{user}").into() };
        let name = format!("mercer-{}", short_hash(&self.dir));
        let candidates = [runtime.join(&name), Path::new("/tmp").join(&name)];
        let usable = candidates.into_iter().find(|dir| make_private(dir, self.account).is_ok());
        usable.ok_or_else(|| EmbeddedError::NoSocketDirectory { home: self.dir.clone(), name })
    }

    /// Removes the socket lock of a dead server.
    ///
    /// Another process can have its process id by now, which would block the new server. The data has a separate lock.
    pub fn clear_socket(&self, socket_dir: &Path) -> Result<(), EmbeddedError> {
        let lock = socket_dir.join(format!("{SOCKET_NAME}.lock"));
        match fs::remove_file(&lock) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(EmbeddedError::file("remove", &lock)(error)),
            _ => Ok(()),
        }
    }

    /// Removes the directory that [`Home::socket_dir`] created outside of the home, after PostgreSQL has emptied it.
    pub fn remove_socket_dir(&self, socket_dir: &Path) {
        if socket_dir != self.dir {
            fs::remove_dir(socket_dir).ok();
        }
    }
}

/// Returns true if the system can bind a socket in `dir` and libpq, which splits paths at commas, can find it.
fn can_contain_socket(dir: &Path) -> bool {
    let socket = socket_in(dir);
    let bytes = socket.as_os_str().as_bytes();
    bytes.len() <= MAX_SOCKET_PATH && !bytes.contains(&b',')
}

/// Returns the path of the socket in `dir`.
pub fn socket_in(dir: &Path) -> PathBuf {
    dir.join(SOCKET_NAME)
}

/// Creates `dir` with mode 0700 for the account, or changes an existing directory accordingly.
///
/// Rejects a directory of another user: in `/tmp`, an attacker could have created it.
fn make_private(dir: &Path, account: Option<Account>) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(dir)?;
    let owner = Uid::from_raw(found.uid());
    let is_own = owner == Uid::effective() || account.is_some_and(|account| account.uid == owner);
    if !found.is_dir() || !is_own {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it belongs to another user"));
    }
    if let Some(account) = account {
        chown(dir, Some(account.uid.as_raw()), Some(account.gid.as_raw()))?;
    }
    fs::set_permissions(dir, Permissions::from_mode(0o700))
}

fn owner_of(data: &Path) -> Result<Account, EmbeddedError> {
    let found = fs::metadata(data).map_err(EmbeddedError::file("read", data))?;
    Ok(Account { uid: Uid::from_raw(found.uid()), gid: Gid::from_raw(found.gid()) })
}

/// Returns a short name for a path that is the same in every run and every build (FNV-1a).
///
/// The standard library's hasher can change with the compiler, and Mercer would no longer find the database.
fn short_hash(path: &Path) -> String {
    let hash = path
        .as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// Quotes `path` as one element of PostgreSQL's list of socket directories.
pub fn quoted(path: &OsStr) -> OsString {
    let mut quoted = vec![b'"'];
    for byte in path.as_bytes() {
        quoted.extend(std::iter::repeat_n(*byte, if *byte == b'"' { 2 } else { 1 }));
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_of_a_path_is_stable() {
        assert_eq!(short_hash(Path::new("")), "cbf29ce484222325");
        assert_eq!(short_hash(Path::new("foobar")), "85944171f73967e8");
    }

    #[test]
    fn commas_and_quotes_in_a_socket_directory_are_quoted() {
        assert_eq!(quoted(OsStr::new(r#"/a, "b""#)), OsStr::new(r#""/a, ""b""""#));
    }
}

//! Where the private server lives: its directory, its files, its socket.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, fchown};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::{Gid, Uid};
use tracing::warn;

use super::EmbeddedError;
use super::launch::{Account, Launcher, last_lines};

/// Where root keeps clusters whose own data directory the server's account cannot reach.
const DISTANT_HOMES: &str = "/var/lib/mercer";

/// The file name of the socket, fixed by the port.
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The longest socket path that every system can bind (macOS; Linux has four more).
const MAX_SOCKET_PATH: usize = 103;

/// How much of the end of the log is read to find its last lines.
const LOG_TAIL_BYTES: u64 = 8 * 1024;

/// The directory of one private server: `data`, its `lock`, its log and its settings.
///
/// It is the server account's, mode 0700; that alone guards the socket, which trusts everybody
/// who can reach it.
#[derive(Debug, Clone)]
pub struct Home {
    pub dir: PathBuf,
    /// Who runs the server when we are root; `None`: ourselves.
    account: Option<Account>,
}

impl Home {
    /// Chooses and prepares the home of `data_dir`'s server, and who runs it.
    ///
    /// A cluster that exists wins over any preference, and is run by its owner: nobody should
    /// find an empty shop because a permission has changed or because of one start with `sudo`.
    pub fn choose(data_dir: &Path) -> Result<(Self, Launcher), EmbeddedError> {
        fs::create_dir_all(data_dir).map_err(EmbeddedError::file("create", data_dir))?;
        let data_dir = fs::canonicalize(data_dir).map_err(EmbeddedError::file("resolve", data_dir))?;
        let own = data_dir.join("postgres");
        if !Uid::effective().is_root() {
            return Ok((Self::prepare(own, None)?, Launcher::new(None)));
        }

        let distant = Path::new(DISTANT_HOMES).join(short_hash(&data_dir));
        let existing = [&own, &distant].into_iter().find(|dir| dir.join("data").is_dir());
        let owner = existing.map(|home| owner_of(&home.join("data"))).transpose()?;
        let account = match owner {
            Some(owner) if !owner.uid.is_root() => owner,
            _ => Account::unprivileged()?,
        };
        let launcher = Launcher::new(Some(account));

        let dir = match existing {
            Some(dir) => dir.clone(),
            None if launcher.reaches(&data_dir) => own,
            None => distant,
        };
        if !dir.starts_with(&data_dir) {
            let why = "the user that runs PostgreSQL for root cannot reach the data directory";
            warn!(home = %dir.display(), "The database lives in {}: {why}", dir.display());
        }
        let home = Self::prepare(dir, Some(account))?;
        if !launcher.reaches(&home.dir) {
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

    /// Takes the lock that makes us the owner of the server; `None` when another process has it.
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
    /// We may be root in a directory of somebody who is not: a symbolic link planted there must
    /// not lead us to other files.
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

    /// Makes way for the log of a new start; the one before it is kept for the curious.
    pub fn rotate_log(&self) -> Result<(), EmbeddedError> {
        let log = self.log();
        match fs::rename(&log, self.dir.join("server.log.old")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(EmbeddedError::file("rename", &log)(error)),
            _ => Ok(()),
        }
    }

    /// The last lines of the server's log.
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

    /// The directory of the socket: the home itself, or a private one with a short path.
    pub fn socket_dir(&self) -> Result<PathBuf, EmbeddedError> {
        if can_hold_socket(&self.dir) {
            return Ok(self.dir.clone());
        }
        let user = Uid::effective();
        let runtime = if user.is_root() { PathBuf::from("/run") } else { format!("/run/user/{user}").into() };
        let name = format!("mercer-{}", short_hash(&self.dir));
        let candidates = [runtime.join(&name), Path::new("/tmp").join(&name)];
        let usable = candidates.into_iter().find(|dir| make_private(dir, self.account).is_ok());
        usable.ok_or_else(|| EmbeddedError::NoSocketDirectory { home: self.dir.clone(), name })
    }

    /// Removes a dead server's claim to the socket, so that its process id, which may be
    /// somebody else's by now, does not keep the next one out. The data has a lock of its own.
    pub fn clear_socket(&self, socket_dir: &Path) -> Result<(), EmbeddedError> {
        let claim = socket_dir.join(format!("{SOCKET_NAME}.lock"));
        match fs::remove_file(&claim) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(EmbeddedError::file("remove", &claim)(error)),
            _ => Ok(()),
        }
    }

    /// Removes what [`Home::socket_dir`] made outside of the home; PostgreSQL has emptied it.
    pub fn remove_socket_dir(&self, socket_dir: &Path) {
        if socket_dir != self.dir {
            fs::remove_dir(socket_dir).ok();
        }
    }
}

/// Whether the system can bind a socket there and libpq, which takes a comma for a list, find it.
fn can_hold_socket(dir: &Path) -> bool {
    let socket = socket_in(dir);
    let bytes = socket.as_os_str().as_bytes();
    bytes.len() <= MAX_SOCKET_PATH && !bytes.contains(&b',')
}

/// The socket's path, given its directory.
pub fn socket_in(dir: &Path) -> PathBuf {
    dir.join(SOCKET_NAME)
}

/// Creates `dir` with mode 0700 for the account, or makes an existing one so.
///
/// Somebody else's directory is refused: in `/tmp` anybody could have put it there.
fn make_private(dir: &Path, account: Option<Account>) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(dir)?;
    let owner = Uid::from_raw(found.uid());
    let is_ours = owner == Uid::effective() || account.is_some_and(|account| account.uid == owner);
    if !found.is_dir() || !is_ours {
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

/// A short name for a path, the same in every run and every build (FNV-1a).
///
/// The standard library's hasher may change with the compiler, and the database would be lost.
fn short_hash(path: &Path) -> String {
    let hash = path
        .as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

/// `path` as one element of PostgreSQL's list of socket directories.
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
    fn the_name_of_a_distant_home_never_changes() {
        assert_eq!(short_hash(Path::new("")), "cbf29ce484222325");
        assert_eq!(short_hash(Path::new("foobar")), "85944171f73967e8");
    }

    #[test]
    fn commas_and_quotes_stay_inside_a_socket_directory() {
        assert_eq!(quoted(OsStr::new(r#"/a, "b""#)), OsStr::new(r#""/a, ""b""""#));
    }
}

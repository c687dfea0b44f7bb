//! What can keep the private server from running, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Why there is no private server. Each message ends with a way out.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(
        "found no PostgreSQL server (initdb and postgres) in {searched}: install it \
         (`apt-get install postgresql`), name its directory in PG_BIN_DIR, \
         or set DATABASE_URL to a server of your own"
    )]
    ProgramsMissing { searched: String },

    #[error(
        "{data} was made by PostgreSQL {cluster}, but {bin_dir} is PostgreSQL {programs}: install \
         the older one beside it (`apt-get install postgresql-{cluster}`), name its directory in \
         PG_BIN_DIR, or dump the data with it and set DATABASE_URL to a newer server"
    )]
    WrongVersion { data: PathBuf, cluster: u32, bin_dir: PathBuf, programs: u32 },

    #[error(
        "cannot tell the PostgreSQL version from {found:?} in {place}: name a directory with working programs in PG_BIN_DIR, or set DATABASE_URL"
    )]
    UnknownVersion { place: PathBuf, found: String },

    #[error(
        "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it \
         instead: add one (`useradd --system postgres`), start as an ordinary user, or set DATABASE_URL"
    )]
    NoAccount,

    #[error(
        "user {uid}, who owns the database in {home}, cannot reach it: allow passing through the \
         directories above it (`chmod a+x`), or move it and set MERCER_DATA_DIR, or set DATABASE_URL"
    )]
    Unreachable { home: PathBuf, uid: u32 },

    #[error(
        "the path of {home} is too long for a socket, or has a comma, and neither /run nor /tmp takes a private \
         directory {name}: remove what is there, set MERCER_DATA_DIR to a plain short path, or set DATABASE_URL"
    )]
    NoSocketDirectory { home: PathBuf, name: String },

    #[error(
        "cannot {action} {path}: {source}. Make it accessible to this user, or set MERCER_DATA_DIR to another place or DATABASE_URL to a server of your own"
    )]
    File { action: &'static str, path: PathBuf, source: io::Error },

    #[error(
        "cannot run {program}: {source}. Reinstall it (`apt-get install postgresql util-linux`), or set DATABASE_URL"
    )]
    NotRun { program: PathBuf, source: io::Error },

    #[error("{program} failed ({status}). Mend what it says, or set DATABASE_URL:\n{output}")]
    ProgramFailed { program: PathBuf, status: ExitStatus, output: String },

    #[error(
        "PostgreSQL ended while it was starting ({status}). Mend what its log {log} says, or set DATABASE_URL:\n{tail}"
    )]
    Ended { status: ExitStatus, log: PathBuf, tail: String },

    #[error(
        "PostgreSQL is not ready after {seconds} seconds. See its log {log}, start again, or set DATABASE_URL:\n{tail}"
    )]
    NotReady { seconds: u64, log: PathBuf, tail: String },

    #[error(
        "another process holds {lock}, but its PostgreSQL is not ready after {seconds} seconds: stop that process (`fuser {lock}` shows it) and start again"
    )]
    Busy { lock: PathBuf, seconds: u64 },

    #[error(
        "the PostgreSQL server that an earlier run left behind (process {pid}) does not stop: end it (`kill -QUIT {pid}`) and start again"
    )]
    LeftoverServer { pid: i32 },

    #[error(
        "{data} was moved or copied while PostgreSQL (process {pid}) ran on it as {origin}: stop that \
         server, or remove the copy's postmaster.pid if it is to stay, and start again"
    )]
    MovedWhileRunning { data: PathBuf, pid: i32, origin: PathBuf },
}

impl EmbeddedError {
    /// Wraps a file error with what was tried on which path: for `map_err`.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }
}

//! Errors of the embedded server, with their remedies.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Error that prevents the embedded server from running. Each message ends with a remedy.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(
        "found no PostgreSQL server (initdb and postgres) in {searched}: install it \
         (`apt-get install postgresql`), set PG_BIN_DIR to its directory, \
         or set DATABASE_URL to another server"
    )]
    ProgramsMissing { searched: String },

    #[error(
        "{data} was created by PostgreSQL {cluster}, but {bin_dir} contains PostgreSQL {programs}: install \
         version {cluster} as well (`apt-get install postgresql-{cluster}`), set PG_BIN_DIR to its directory, \
         or dump the data with it and set DATABASE_URL to a newer server"
    )]
    WrongVersion { data: PathBuf, cluster: u32, bin_dir: PathBuf, programs: u32 },

    #[error(
        "cannot read the PostgreSQL version from {found:?} in {place}: set PG_BIN_DIR to a directory with working programs, or set DATABASE_URL"
    )]
    UnknownVersion { place: PathBuf, found: String },

    #[error(
        "PostgreSQL cannot run as root, and there is no user `postgres` or `nobody` to run it: \
         add one (`useradd --system postgres`), start Mercer as another user, or set DATABASE_URL"
    )]
    NoAccount,

    #[error(
        "user {uid}, who owns the database in {home}, cannot access it: make the parent directories \
         searchable (`chmod a+x`), or move it and set MERCER_DATA_DIR, or set DATABASE_URL"
    )]
    Unreachable { home: PathBuf, uid: u32 },

    #[error(
        "the path of {home} is too long for a socket or contains a comma, and Mercer cannot use a private directory \
         {name} in /run or /tmp: remove existing files of that name, set MERCER_DATA_DIR to a shorter path, or set \
         DATABASE_URL"
    )]
    NoSocketDirectory { home: PathBuf, name: String },

    #[error(
        "cannot {action} {path}: {source}. Make it accessible to this user, set MERCER_DATA_DIR to another directory, or set DATABASE_URL to another server"
    )]
    File { action: &'static str, path: PathBuf, source: io::Error },

    #[error(
        "cannot run {program}: {source}. Reinstall it (`apt-get install postgresql util-linux`), or set DATABASE_URL"
    )]
    NotRun { program: PathBuf, source: io::Error },

    #[error("{program} failed ({status}). Fix the reported problem, or set DATABASE_URL:\n{output}")]
    ProgramFailed { program: PathBuf, status: ExitStatus, output: String },

    #[error(
        "PostgreSQL exited during start-up ({status}). Fix the problem that its log {log} reports, or set DATABASE_URL:\n{tail}"
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
        "the PostgreSQL server of an earlier run (process {pid}) does not stop: kill it (`kill -QUIT {pid}`) and start again"
    )]
    LeftoverServer { pid: i32 },

    #[error(
        "{data} was moved or copied while PostgreSQL (process {pid}) was running in {origin}: stop that server, \
         or, if both are needed, remove postmaster.pid from the copy, and start again"
    )]
    MovedWhileRunning { data: PathBuf, pid: i32, origin: PathBuf },
}

impl EmbeddedError {
    /// Returns a function for `map_err` that adds the action and the path to a file error.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }
}

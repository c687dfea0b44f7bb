//! Cluster on disk: creates it once, and writes its settings at every start.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tracing::info;

use super::error::EmbeddedError;
use super::home::Home;
use super::launch::Launcher;
use super::programs::{Programs, parse_major};
use super::settings::{DATABASE, EmbeddedSettings, USER};

/// Relative to `data`, so that a moved data directory keeps its settings.
const SETTINGS_FILE: &str = "../mercer.conf";

/// Locales to try. `C.UTF-8` sorts by code point and has the letter cases of all scripts; `C`, the fallback for
/// systems without it, has those of ASCII. Neither changes with a system upgrade, so indexes stay valid.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// Maximum time to retry the removal of a directory to which a killed initdb still writes.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(3);

/// Existing cluster, with the programs and settings to run it.
pub struct Cluster<'a> {
    pub home: &'a Home,
    pub launcher: &'a Launcher,
    pub programs: Programs,
    pub settings: &'a EmbeddedSettings,
}

impl<'a> Cluster<'a> {
    /// Opens the cluster of `home`, or creates it. The caller must hold the lock.
    pub fn open(home: &'a Home, launcher: &'a Launcher, settings: &'a EmbeddedSettings) -> Result<Self, EmbeddedError> {
        let data = home.data();
        let version = data.is_dir().then(|| version_of(&data)).transpose()?;
        let cluster = Self { home, launcher, programs: Programs::find(settings, version)?, settings };
        match version {
            Some(version) => cluster.programs.ensure_version(&data, version)?,
            None => cluster.create(&data)?,
        }
        Ok(cluster)
    }

    /// Creates the cluster in a temporary directory, so that an interruption never leaves a partial cluster.
    fn create(&self, data: &Path) -> Result<(), EmbeddedError> {
        let draft = data.with_extension("init");
        let mut result = Ok(());
        for locale in LOCALES {
            remove(&draft).map_err(EmbeddedError::file("remove", &draft))?;
            result = self.initdb(&draft, locale);
            if result.is_ok() {
                break;
            }
        }
        result?;
        self.include_settings(&draft).map_err(EmbeddedError::file("write to", &draft))?;
        self.create_database(&draft)?;

        fs::rename(&draft, data).map_err(EmbeddedError::file("rename", &draft))?;
        // If a power failure lost the new name, the next start would remove a cluster with data.
        let home = &self.home.dir;
        File::open(home).and_then(|dir| dir.sync_all()).map_err(EmbeddedError::file("sync", home))?;
        info!("Created a PostgreSQL {} database in {}", self.programs.major, home.display());
        Ok(())
    }

    fn initdb(&self, draft: &Path, locale: &str) -> Result<(), EmbeddedError> {
        let mut arguments = vec![OsString::from("-D"), draft.into()];
        arguments.extend(["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"].map(OsString::from));
        arguments.push(format!("--username={}", USER).into());
        arguments.push(format!("--locale={locale}").into());
        if !self.settings.durable {
            arguments.push("--no-sync".into());
        }
        self.launcher.run(&self.programs.path("initdb"), &arguments, "")
    }

    fn include_settings(&self, draft: &Path) -> io::Result<()> {
        let mut file = self.home.open(&draft.join("postgresql.conf"))?;
        writeln!(file, "\ninclude_if_exists = '{SETTINGS_FILE}'")?;
        file.sync_all()
    }

    /// Creates the database in single-user mode, so that it exists before the cluster gets its final name.
    fn create_database(&self, draft: &Path) -> Result<(), EmbeddedError> {
        let arguments = ["--single", "-c", "exit_on_error=on", "-D"].map(OsString::from);
        let target = [draft.into(), OsString::from("postgres")];
        let statement = format!("create database {DATABASE};\n");
        self.launcher.run(&self.programs.path("postgres"), &[&arguments[..], &target].concat(), &statement)
    }

    /// Writes the settings file.
    pub fn configure(&self) -> Result<(), EmbeddedError> {
        let path: PathBuf = self.home.dir.join("mercer.conf");
        let text = settings_text(self.settings.durable, self.has_lz4());
        let write = || {
            let mut file = self.home.open(&path)?;
            file.set_len(0)?;
            file.write_all(text.as_bytes())
        };
        write().map_err(EmbeddedError::file("write", &path))
    }

    /// Returns true if the server supports lz4. This is a build option since PostgreSQL 15, so only a test can show it.
    fn has_lz4(&self) -> bool {
        let mut arguments = ["-C", "wal_compression", "-c", "wal_compression=lz4", "-D"].map(OsString::from).to_vec();
        arguments.push(self.home.data().into());
        self.launcher.run(&self.programs.path("postgres"), &arguments, "").is_ok()
    }
}

fn settings_text(durable: bool, has_lz4: bool) -> String {
    let wal_compression = if has_lz4 { "lz4" } else { "on" };
    let durability = if durable {
        "fsync = on\nsynchronous_commit = on\nfull_page_writes = on\nmax_wal_size = 2GB\n"
    } else {
        // For tests: little memory, and no autovacuum that would keep a template database from being cloned.
        "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_wal_size = 256MB\n\
         wal_level = minimal\nmax_wal_senders = 0\nautovacuum = off\n"
    };
    // The application logs failed statements. The server's log would contain customers' data.
    format!(
        "# Mercer overwrites this file at every start. For your own settings, use postgresql.auto.conf (alter system).\n\
         max_connections = 200\n\
         shared_buffers = 256MB\n\
         jit = off\n\
         wal_compression = {wal_compression}\n\
         checkpoint_timeout = 15min\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         log_min_messages = log\n\
         log_checkpoints = off\n\
         {durability}"
    )
}

fn version_of(data: &Path) -> Result<u32, EmbeddedError> {
    let path = data.join("PG_VERSION");
    let found = fs::read_to_string(&path).map_err(EmbeddedError::file("read", &path))?;
    parse_major(&found).ok_or_else(|| EmbeddedError::UnknownVersion { place: path, found: found.trim().to_owned() })
}

/// Removes a temporary cluster, even while the last child of a killed initdb still writes to it.
fn remove(draft: &Path) -> io::Result<()> {
    let deadline = Instant::now() + REMOVAL_TIMEOUT;
    loop {
        match fs::remove_dir_all(draft) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(50)),
            Ok(()) => return Ok(()),
        }
    }
}

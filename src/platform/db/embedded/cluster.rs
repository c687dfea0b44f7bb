//! The cluster on disk: making it once, writing its settings at every start.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tracing::info;

use super::home::Home;
use super::launch::Launcher;
use super::programs::{Programs, parse_major};
use super::{DATABASE, EmbeddedError, EmbeddedSettings};

/// Relative to `data`, so that a moved data directory keeps its settings.
const SETTINGS_FILE: &str = "../mercer.conf";

/// Sorts by code point and knows upper and lower case of all scripts; `C`, where a system lacks
/// it, knows those of ASCII. Neither changes with an upgrade of the system, so indexes stay valid.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// How long the last writes of a killed initdb may disturb the removal of its directory.
const REMOVAL_PATIENCE: Duration = Duration::from_secs(3);

/// A cluster that exists, and the means to work on it.
pub struct Cluster<'a> {
    pub home: &'a Home,
    pub launcher: &'a Launcher,
    pub programs: Programs,
    pub settings: &'a EmbeddedSettings,
}

impl<'a> Cluster<'a> {
    /// Opens the cluster of `home`, or makes it. Only for the holder of the lock.
    pub fn open(home: &'a Home, launcher: &'a Launcher, settings: &'a EmbeddedSettings) -> Result<Self, EmbeddedError> {
        let data = home.data();
        let version = data.is_dir().then(|| version_of(&data)).transpose()?;
        let cluster = Self { home, launcher, programs: Programs::find(settings, version)?, settings };
        match version {
            Some(version) => cluster.programs.ensure_fit(&data, version)?,
            None => cluster.make(&data)?,
        }
        Ok(cluster)
    }

    /// Everything happens under another name, so that a kill leaves nothing that looks finished.
    fn make(&self, data: &Path) -> Result<(), EmbeddedError> {
        let draft = data.with_extension("init");
        let mut outcome = Ok(());
        for locale in LOCALES {
            remove(&draft).map_err(EmbeddedError::file("remove", &draft))?;
            outcome = self.initdb(&draft, locale);
            if outcome.is_ok() {
                break;
            }
        }
        outcome?;
        self.include_settings(&draft).map_err(EmbeddedError::file("write to", &draft))?;
        self.create_database(&draft)?;

        fs::rename(&draft, data).map_err(EmbeddedError::file("rename", &draft))?;
        // Were the new name lost in a power cut, the next start would remove a draft full of orders.
        let home = &self.home.dir;
        File::open(home).and_then(|dir| dir.sync_all()).map_err(EmbeddedError::file("sync", home))?;
        info!("Made a PostgreSQL {} database in {}", self.programs.major, home.display());
        Ok(())
    }

    fn initdb(&self, draft: &Path, locale: &str) -> Result<(), EmbeddedError> {
        let mut arguments = vec![OsString::from("-D"), draft.into()];
        arguments.extend(["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"].map(OsString::from));
        arguments.push(format!("--username={}", super::USER).into());
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

    /// In single-user mode: once the cluster has its name, its database is there for everybody.
    fn create_database(&self, draft: &Path) -> Result<(), EmbeddedError> {
        let arguments = ["--single", "-c", "exit_on_error=on", "-D"].map(OsString::from);
        let target = [draft.into(), OsString::from("postgres")];
        let statement = format!("create database {DATABASE};\n");
        self.launcher.run(&self.programs.path("postgres"), &[&arguments[..], &target].concat(), &statement)
    }

    /// Writes the settings of this start.
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

    /// PostgreSQL 15 and later may be built with lz4; asking is the only way to know.
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
        // For tests: small in memory, and no autovacuum to hold a template that is to be cloned.
        "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_wal_size = 256MB\n\
         wal_level = minimal\nmax_wal_senders = 0\nautovacuum = off\n"
    };
    // Failed statements are the application's to log: the server's text would hold customers' data.
    format!(
        "# Written by Mercer at every start: changes here are lost. Use postgresql.auto.conf (alter system).\n\
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

/// Removes a draft, also while the last child of a killed initdb still writes to it.
fn remove(draft: &Path) -> io::Result<()> {
    let deadline = Instant::now() + REMOVAL_PATIENCE;
    loop {
        match fs::remove_dir_all(draft) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(50)),
            Ok(()) => return Ok(()),
        }
    }
}

//! The programs that are not part of this one: PostgreSQL's, and those that make the load.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mercer::platform::db::embedded::EmbeddedSettings;

/// Where Debian and Ubuntu keep the programs of each PostgreSQL, outside of `PATH`.
const VERSIONED: &str = "/usr/lib/postgresql";

#[derive(Debug)]
pub struct Programs {
    pub wrk: PathBuf,
    pub pgbench: PathBuf,
    pub postgres: EmbeddedSettings,
}

impl Programs {
    pub fn find() -> Result<Self> {
        let path = std::env::var_os("PATH");
        // Where the installed ones lie hidden, as with Homebrew; an empty one is none.
        let bin_dir = std::env::var_os("PG_BIN_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let chosen = bin_dir.as_ref().map(|dir| dir.join("pgbench")).filter(|file| file.is_file());
        let pgbench = chosen.or_else(newest_pgbench).or_else(|| on_path("pgbench", path.as_ref()));
        Ok(Self {
            wrk: on_path("wrk", path.as_ref())
                .context("wrk is missing: install the package wrk, or run `scripts/setup.sh bench`")?,
            pgbench: pgbench.context(
                "pgbench is missing: install the package postgresql (on Fedora postgresql-contrib), \
                 or run `scripts/setup.sh bench`",
            )?,
            postgres: EmbeddedSettings { bin_dir, path, durable: true },
        })
    }
}

fn on_path(program: &str, path: Option<&OsString>) -> Option<PathBuf> {
    std::env::split_paths(path?).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Before the one on `PATH`: that is Debian's wrapper, which looks for clusters of the system first.
fn newest_pgbench() -> Option<PathBuf> {
    let version = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let folders = std::fs::read_dir(VERSIONED).ok()?.flatten().map(|entry| entry.path());
    let versions = folders.filter_map(|folder| Some((version(&folder)?, folder.join("bin").join("pgbench"))));
    versions.filter(|(_, file)| file.is_file()).max().map(|(_, file)| file)
}

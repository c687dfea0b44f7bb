//! External programs: PostgreSQL and the load generators.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use mercer::platform::db::embedded::EmbeddedSettings;

/// Directory in which Debian and Ubuntu install each PostgreSQL version, outside of `PATH`.
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
        // Directory of programs outside of `PATH`, for example from Homebrew. An empty value counts as absent.
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

/// Returns the newest installed pgbench. The one in `PATH` can be Debian's wrapper, which requires a system cluster.
fn newest_pgbench() -> Option<PathBuf> {
    let version = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let folders = std::fs::read_dir(VERSIONED).ok()?.flatten().map(|entry| entry.path());
    let versions = folders.filter_map(|folder| Some((version(&folder)?, folder.join("bin").join("pgbench"))));
    versions.filter(|(_, file)| file.is_file()).max().map(|(_, file)| file)
}

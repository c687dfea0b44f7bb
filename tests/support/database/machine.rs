//! Directory and programs of this machine for the PostgreSQL server of the tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

const MEMORY: &str = "/dev/shm";
/// Memory that a run requires for the cluster, its log and a few databases.
const REQUIRED_MEMORY_KB: u64 = 512 * 1024;

/// Returns a directory in memory if enough memory is free, else a temporary directory. The flag is true for memory.
pub fn place() -> (PathBuf, bool) {
    let free = free_kilobytes(Path::new(MEMORY));
    if free.is_some_and(|free| free >= REQUIRED_MEMORY_KB) {
        (PathBuf::from(MEMORY), true)
    } else {
        (std::env::temp_dir(), false)
    }
}

/// Returns the free space from `df`, whose output format is the same on all systems.
fn free_kilobytes(directory: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(directory).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

/// Returns the directory of the programs: `PG_BIN_DIR`, Debian's newest version, or the first one in `PATH`.
pub fn programs() -> Result<PathBuf> {
    for tool in ["setpriv", "flock"] {
        ensure!(on_path(tool).is_some(), "{tool} (util-linux) is missing: install it or set TEST_DATABASE_URL");
    }
    let chosen = setting("PG_BIN_DIR").map(PathBuf::from);
    let found = chosen.or_else(newest_installed).or_else(|| on_path("initdb"));
    found.context("PostgreSQL is not installed: install postgresql or set TEST_DATABASE_URL")
}

fn newest_installed() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let numbered = versions.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let programs = entry.path().join("bin");
        programs.join("initdb").is_file().then_some((version, programs))
    });
    numbered.max().map(|(_, programs)| programs)
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|directory| directory.join(program).is_file())
}

/// Returns an environment variable of the tests. An empty value counts as absent.
pub fn setting(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.into_string().ok()?;
    (!value.is_empty()).then_some(value)
}

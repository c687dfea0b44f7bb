//! What this machine has for a PostgreSQL server of the tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

const MEMORY: &str = "/dev/shm";
/// What a run needs there at most: the cluster, its log, and a few databases at a time.
const ENOUGH_MEMORY_IN_KB: u64 = 512 * 1024;

/// Memory where there is enough, else a temporary directory; and whether it is memory.
pub fn place() -> (PathBuf, bool) {
    let free = free_kilobytes(Path::new(MEMORY));
    if free.is_some_and(|free| free >= ENOUGH_MEMORY_IN_KB) {
        (PathBuf::from(MEMORY), true)
    } else {
        (std::env::temp_dir(), false)
    }
}

/// Asked of `df`, whose numbers are the same on all systems.
fn free_kilobytes(directory: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(directory).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

/// `PG_BIN_DIR`, the newest version of Debian's many, or what is on the path.
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

/// A setting of the tests' own; empty is absent.
pub fn setting(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.into_string().ok()?;
    (!value.is_empty()).then_some(value)
}

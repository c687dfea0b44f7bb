//! Search for the installed PostgreSQL programs and their version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::EmbeddedError;
use super::settings::EmbeddedSettings;

/// Directory in which Debian and Ubuntu install each version, outside of `PATH`.
const VERSIONED: &str = "/usr/lib/postgresql";

/// Directory with `initdb` and `postgres`, and their major version.
#[derive(Debug, Clone)]
pub struct Programs {
    bin_dir: PathBuf,
    pub major: u32,
}

impl Programs {
    /// Finds the programs for a cluster of version `cluster` (`None` for a new cluster).
    ///
    /// If several versions are installed, the version of the cluster is preferred, so that Mercer still starts after a
    /// newer PostgreSQL was installed.
    pub fn find(settings: &EmbeddedSettings, cluster: Option<u32>) -> Result<Self, EmbeddedError> {
        let bin_dir = match &settings.bin_dir {
            Some(chosen) => fs::canonicalize(chosen).ok().filter(|dir| has_programs(dir)),
            None => versioned(cluster).or_else(|| on_path(settings)),
        };
        let bin_dir = bin_dir.ok_or_else(|| EmbeddedError::ProgramsMissing {
            searched: match &settings.bin_dir {
                Some(chosen) => chosen.display().to_string(),
                None => format!("{VERSIONED}/*/bin and PATH"),
            },
        })?;

        let major = version_of(&bin_dir.join("postgres"))?;
        Ok(Self { bin_dir, major })
    }

    /// Checks that the programs have the major version of the cluster.
    pub fn ensure_version(&self, data: &Path, cluster: u32) -> Result<(), EmbeddedError> {
        if self.major == cluster {
            return Ok(());
        }
        Err(EmbeddedError::WrongVersion {
            data: data.to_owned(),
            cluster,
            bin_dir: self.bin_dir.clone(),
            programs: self.major,
        })
    }

    pub fn path(&self, program: &str) -> PathBuf {
        self.bin_dir.join(program)
    }
}

fn versioned(cluster: Option<u32>) -> Option<PathBuf> {
    let installed = fs::read_dir(VERSIONED).ok()?.flatten().filter_map(|entry| {
        let major: u32 = entry.file_name().to_str()?.parse().ok()?;
        let bin_dir = entry.path().join("bin");
        has_programs(&bin_dir).then_some((major, bin_dir))
    });
    installed.max_by_key(|(major, _)| (Some(*major) == cluster, *major)).map(|(_, bin_dir)| bin_dir)
}

fn on_path(settings: &EmbeddedSettings) -> Option<PathBuf> {
    let path = settings.path.as_ref()?;
    std::env::split_paths(path).find(|dir| dir.is_absolute() && has_programs(dir))
}

fn has_programs(dir: &Path) -> bool {
    dir.join("initdb").is_file() && dir.join("postgres").is_file()
}

/// Returns the version that the program prints, because the name of its directory is not reliable.
fn version_of(postgres: &Path) -> Result<u32, EmbeddedError> {
    let output = Command::new(postgres)
        .arg("--version")
        .output()
        .map_err(|source| EmbeddedError::NotRun { program: postgres.to_owned(), source })?;
    let found = String::from_utf8_lossy(&output.stdout);
    parse_major(&found)
        .ok_or_else(|| EmbeddedError::UnknownVersion { place: postgres.to_owned(), found: found.trim().to_owned() })
}

/// Returns the major version in `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` or in `15`.
pub fn parse_major(text: &str) -> Option<u32> {
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse_major;

    #[test]
    fn major_version_is_parsed_from_the_output_of_the_programs() {
        for (text, major) in [
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("17\n", Some(17)),
            ("no such option", None),
            ("", None),
        ] {
            assert_eq!(parse_major(text), major, "{text:?}");
        }
    }
}

//! Settings: each is documented and read.

use std::fs;

use mercer::platform::config::{VARIABLES, env_example};
use pretty_assertions::assert_str_eq;

use super::{assert_none, files};

/// Files that read environment variables.
const READERS: [&str; 3] =
    ["src/platform/config/identity_providers.rs", "src/platform/config/mod.rs", "src/platform/config/reader.rs"];

/// Lists the documented variables that no reader names.
fn unread(names: &[&str], readers: &[String]) -> Vec<String> {
    let is_read = |name: &str| readers.iter().any(|text| text.contains(&format!("\"{name}\"")));
    let unread = names.iter().filter(|name| !is_read(name));
    unread.map(|name| format!("{name} is documented, but never read")).collect()
}

#[test]
fn env_example_is_up_to_date() {
    let written = files::read(".env.example").unwrap_or_default();
    let expected = concat!(env!("CARGO_TARGET_TMPDIR"), "/env.example");
    if written != env_example() {
        fs::write(expected, env_example()).ok();
    }
    assert_str_eq!(written, env_example(), "out of date: copy {expected} to .env.example");
}

#[test]
fn every_documented_setting_is_read() {
    let names: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
    let readers: Vec<_> = READERS.iter().filter_map(|path| files::read(path)).collect();
    assert_none(&unread(&names, &readers));
}

#[test]
fn setting_that_no_code_reads_is_found() {
    let reader = "reader.text(\"SMTP_URL\")".to_owned();
    assert_eq!(unread(&["SMTP_URL", "SMTP"], &[reader]), ["SMTP is documented, but never read"]);
}

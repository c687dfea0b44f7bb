//! The settings: documented, and all of them read.

use std::fs;

use mercer::platform::config::{VARIABLES, example};
use pretty_assertions::assert_str_eq;

use super::{assert_none, files};

/// The files that read variables.
const READERS: [&str; 3] =
    ["src/platform/config/identity_providers.rs", "src/platform/config/mod.rs", "src/platform/config/reader.rs"];

/// Documented variables that no reader names between quotes.
fn unread(names: &[&str], readers: &[String]) -> Vec<String> {
    let is_read = |name: &str| readers.iter().any(|text| text.contains(&format!("\"{name}\"")));
    let unread = names.iter().filter(|name| !is_read(name));
    unread.map(|name| format!("{name} is documented, but never read")).collect()
}

#[test]
fn the_example_of_settings_is_up_to_date() {
    let written = files::read(".env.example").unwrap_or_default();
    let right = concat!(env!("CARGO_TARGET_TMPDIR"), "/env.example");
    if written != example() {
        fs::write(right, example()).ok();
    }
    assert_str_eq!(written, example(), "out of date: copy {right} to .env.example");
}

#[test]
fn every_documented_setting_is_read() {
    let names: Vec<_> = VARIABLES.iter().map(|variable| variable.name).collect();
    let readers: Vec<_> = READERS.iter().filter_map(|path| files::read(path)).collect();
    assert_none(&unread(&names, &readers));
}

#[test]
fn a_setting_that_is_never_read_is_told() {
    let reader = "reader.text(\"SMTP_URL\")".to_owned();
    assert_eq!(unread(&["SMTP_URL", "SMTP"], &[reader]), ["SMTP is documented, but never read"]);
}

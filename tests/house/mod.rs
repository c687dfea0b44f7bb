//! House tests: rules about the sources, the documents and the database schema.
//!
//! Each rule is a function that lists its violations, with a test on a bad example.

mod architecture;
mod catalogue;
mod configuration;
mod documentation;
pub mod endpoints;
mod error_codes;
pub mod files;
mod language;
mod migrations;
mod permissions;
mod repository;
mod rust;
mod schema;
mod security;

/// Fails with all violations, one per line.
pub fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "{}:\n  {}", violations.len(), violations.join("\n  "));
}

/// Lists the lines for which `check` returns a violation, each with its file and number.
pub fn lines_with(files: &[files::RepositoryFile], check: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files {
        let numbered = file.text.lines().enumerate();
        let found = numbered.filter_map(|(at, line)| Some((at + 1, check(line)?)));
        violations.extend(found.map(|(line, violation)| format!("{}:{line}: {violation}", file.path)));
    }
    violations
}

//! The rules of the house, tested. Each is a function that lists what breaks it, and has a test
//! that shows it at work on a made-up bad example.

mod architecture;
mod catalogue;
mod configuration;
mod documentation;
pub mod endpoints;
pub mod files;
mod migrations;
mod permissions;
mod repository;
mod rust;
mod schema;
mod security;

/// Fails with every violation, one a line.
pub fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "{}:\n  {}", violations.len(), violations.join("\n  "));
}

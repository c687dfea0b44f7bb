//! `mercer schema`: prints the tables with Diesel's command.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::output;
use super::setup::Database;

pub(super) fn print(database: &Database) -> Result<()> {
    let printed = Command::new("diesel").args(["print-schema", "--database-url", database.url()]).output().context(
        "cannot run diesel: install it with `cargo install diesel_cli --no-default-features --features postgres`",
    )?;
    if !printed.status.success() {
        bail!("diesel print-schema failed: {}", String::from_utf8_lossy(&printed.stderr));
    }
    output::print(&String::from_utf8_lossy(&printed.stdout))
}

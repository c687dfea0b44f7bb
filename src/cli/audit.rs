//! `mercer audit`: verification of the audit log.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use super::output;
use super::setup::Database;
use crate::platform::audit::{ChainHead, VerifiedLog, verify};
use crate::platform::auth::MasterKey;
use crate::platform::config::Config;
use crate::platform::db::DatabaseTimeouts;

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Verify that no entry was changed, removed, inserted or reordered, and print the head of the chain
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// Head that an earlier run printed, to detect that later entries were removed
    #[arg(long, value_name = "POSITION:HASH")]
    head: Option<ChainHead>,
}

pub(super) fn run(config: &Config, command: AuditCommand) -> Result<()> {
    let AuditCommand::Verify(arguments) = command;
    let key = MasterKey::from_config(config)?;
    let (database, _) = Database::open_and_migrate(config)?;
    let db = database.connect(config, DatabaseTimeouts::BATCH)?;
    let verified = db.write_blocking(|conn| verify(conn, &key, arguments.head.as_ref()));
    drop(db);
    database.close();
    match verified? {
        Ok(VerifiedLog { head, waiting }) => output::print(&format!(
            "The audit log is intact: {} entries, {waiting} more not in the chain yet.\nHead {head}\n",
            head.position
        )),
        Err(fault) => bail!("the audit log was tampered with: {fault}"),
    }
}

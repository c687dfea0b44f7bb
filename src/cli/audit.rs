//! `mercer audit`: whether the audit log is as it was written.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use super::output;
use super::setup::Database;
use crate::platform::audit::{Head, Verified, verify};
use crate::platform::auth::MasterKey;
use crate::platform::config::Config;
use crate::platform::db::TimeOuts;

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Find entries that were changed, removed, inserted or reordered; prints the head of the chain
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    /// A head that was printed before: finds also that the end was cut off since
    #[arg(long, value_name = "POSITION:HASH")]
    head: Option<Head>,
}

pub(super) fn run(config: &Config, command: AuditCommand) -> Result<()> {
    let AuditCommand::Verify(arguments) = command;
    let key = MasterKey::of(config)?;
    let (database, _) = Database::open_and_migrate(config)?;
    let db = database.connect(config, TimeOuts::BATCH)?;
    let verified = db.write_blocking(|conn| verify(conn, &key, arguments.head.as_ref()));
    drop(db);
    database.close();
    match verified? {
        Ok(Verified { head, waiting }) => output::print(&format!(
            "The audit log is as it was written: {} entries, {waiting} more not sealed yet.\nHead {head}\n",
            head.position
        )),
        Err(fault) => bail!("the audit log is not as it was written: {fault}"),
    }
}

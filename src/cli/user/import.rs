//! `mercer user import`: accounts of another shop, with the hashes of their passwords.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;

use crate::cli::output;
use crate::cli::setup::Database;
use crate::customers::accounts::{self, AccountError, NewAccount, PasswordHash};
use crate::platform::audit::Origin;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::{Db, TimeOuts};
use crate::platform::types::Language;

/// A line of the file.
#[derive(Debug, Deserialize)]
struct Row {
    email: String,
    /// Empty for somebody who never chose a password.
    password_hash: String,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    #[serde(default)]
    phone: String,
}

/// Each line by itself: what is made stays, whatever the next one brings. Accounts that are there already stay as they
/// are, so the same file may come again.
pub(super) fn run(config: &Config, file: &Path) -> Result<()> {
    let mut reader = csv::Reader::from_path(file).with_context(|| format!("cannot read {}", file.display()))?;
    let (database, _) = Database::open_and_migrate(config)?;
    let db = database.connect(config, TimeOuts::BATCH)?;
    let (mut made, mut known, mut refused) = (0_u64, 0_u64, Vec::new());
    for row in reader.deserialize::<Row>() {
        let line = made + known + u64::try_from(refused.len())? + 2;
        match row.map_err(Into::into).and_then(|row| take(&db, &row)) {
            Ok(true) => made += 1,
            Ok(false) => known += 1,
            Err(error) => refused.push(format!("line {line}: {error:#}")),
        }
    }
    drop(db);
    database.close();
    output::print(&format!("Made {made} accounts; {known} were there already.\n"))?;
    if !refused.is_empty() {
        bail!("{} lines were refused:\n  {}", refused.len(), refused.join("\n  "));
    }
    Ok(())
}

/// False where there is such an account.
fn take(db: &Db, row: &Row) -> Result<bool> {
    let email = row.email.parse().map_err(|_| anyhow!("{:?} is no e-mail address", row.email))?;
    let hash = (!row.password_hash.is_empty()).then(|| PasswordHash::import(&row.password_hash)).transpose()?;
    let phone = (!row.phone.is_empty()).then(|| row.phone.parse()).transpose();
    let account = NewAccount {
        email,
        password_hash: hash,
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        phone: phone.map_err(|_| anyhow!("{:?} is no telephone number", row.phone))?,
        language: Language::default(),
        is_staff: false,
        is_superuser: false,
    };
    let origin = Origin::system(Clock::system().now());
    let make = |conn: &mut diesel::PgConnection| -> Result<_, AccountError> {
        if accounts::find_by_email(conn, &account.email)?.is_some() {
            return Ok(false);
        }
        accounts::create(conn, &account, &origin).map(|_| true)
    };
    Ok(db.write_blocking(make)?)
}

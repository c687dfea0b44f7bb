//! `mercer user import`: accounts of another system, with their password hashes.

use crate::cli::setup::system_context;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;

use crate::cli::output;
use crate::cli::setup::Database;
use crate::customers::accounts::{self, AccountError, NewAccount};
use crate::customers::passwords::PasswordHash;
use crate::platform::config::Config;
use crate::platform::db::{DatabaseTimeouts, Db};
use crate::platform::types::Language;
use crate::platform::write_context::WriteContext;

/// Row of the file.
#[derive(Debug, Deserialize)]
struct AccountRow {
    email: String,
    /// Empty for an account without a password.
    password_hash: String,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    #[serde(default)]
    phone: String,
}

/// Imports each row in a separate transaction, so an invalid row does not affect the others.
///
/// Existing accounts stay unchanged, so the same file can be imported again.
pub(super) fn run(config: &Config, file: &Path) -> Result<()> {
    let mut reader = csv::Reader::from_path(file).with_context(|| format!("cannot read {}", file.display()))?;
    let (database, _) = Database::open_and_migrate(config)?;
    let db = database.connect(config, DatabaseTimeouts::BATCH)?;
    let context = system_context(config)?;
    let (mut created, mut existing, mut rejected) = (0_u64, 0_u64, Vec::new());
    for row in reader.deserialize::<AccountRow>() {
        let line = created + existing + u64::try_from(rejected.len())? + 2;
        match row.map_err(Into::into).and_then(|row| import_account(&db, &row, &context)) {
            Ok(true) => created += 1,
            Ok(false) => existing += 1,
            Err(error) => rejected.push(format!("line {line}: {error:#}")),
        }
    }
    drop(db);
    database.close();
    output::print(&format!("Created {created} accounts; {existing} already existed.\n"))?;
    if !rejected.is_empty() {
        bail!("{} rows were rejected:\n  {}", rejected.len(), rejected.join("\n  "));
    }
    Ok(())
}

/// Creates an account. Returns false if it already exists.
fn import_account(db: &Db, row: &AccountRow, context: &WriteContext) -> Result<bool> {
    let email = row.email.parse().map_err(|_| anyhow!("{:?} is not an e-mail address", row.email))?;
    let hash = (!row.password_hash.is_empty()).then(|| PasswordHash::import(&row.password_hash)).transpose()?;
    let phone = (!row.phone.is_empty()).then(|| row.phone.parse()).transpose();
    let account = NewAccount {
        email,
        password_hash: hash,
        first_name: row.first_name.clone(),
        last_name: row.last_name.clone(),
        phone: phone.map_err(|_| anyhow!("{:?} is not a phone number", row.phone))?,
        language: Language::default(),
        is_staff: false,
        is_superuser: false,
    };
    let create = |conn: &mut diesel::PgConnection| -> Result<_, AccountError> {
        if accounts::find_by_email(conn, &account.email)?.is_some() {
            return Ok(false);
        }
        accounts::create(conn, &account, context).map(|_| true)
    };
    Ok(db.write_blocking(create)?)
}

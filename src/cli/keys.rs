//! `mercer keys`: the signing keys of tokens.

use crate::cli::setup::system_context;
use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::output;
use super::setup::{Database, token_keys};
use crate::customers::auth;
use crate::platform::auth::{KeyState, MasterKey, SigningKey, TokenKeys};
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::DatabaseTimeouts;
use crate::platform::error::Problem;

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum KeysCommand {
    /// Announce a new signing key; all running processes use it after ten minutes
    Rotate,
    /// Print all keys, newest first
    List,
}

pub(super) fn run(config: &Config, command: KeysCommand) -> Result<()> {
    let (database, _) = Database::open_and_migrate(config)?;
    let db = database.connect(config, DatabaseTimeouts::INTERACTIVE)?;
    let now = Clock::system().now();
    let text = match command {
        KeysCommand::Rotate => {
            let keys = token_keys(config, db.clone(), Arc::new(MasterKey::from_config(config)?), now)?;
            let context = system_context(config)?;
            let rotate = |conn: &mut diesel::PgConnection| auth::rotate_keys(conn, &keys, &context);
            let announced = db.write_blocking(|conn| rotate(conn).map_err(Problem::from_anyhow))?;
            announced.map_or_else(|| "A new key has already been announced.\n".to_owned(), |key| format_key(&key, now))
        }
        KeysCommand::List => {
            let keys = db.read_blocking(|conn| TokenKeys::list(conn).map_err(Problem::from_anyhow))?;
            keys.iter().map(|key| format_key(key, now)).collect()
        }
    };
    drop(db);
    database.close();
    output::print(&text)
}

fn format_key(key: &SigningKey, now: DateTime<Utc>) -> String {
    let format_time = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M UTC");
    let state = match key.state(now) {
        KeyState::Announced => format!("announced, signs tokens from {}", format_time(key.signs_from)),
        KeyState::Signing => format!("signs tokens since {}", format_time(key.signs_from)),
        KeyState::Retired | KeyState::Expired => match key.expires_at() {
            Some(expires_at) => format!("verifies tokens until {}", format_time(expires_at)),
            None => "verifies tokens".to_owned(),
        },
    };
    format!("{}  {state}\n", key.id)
}

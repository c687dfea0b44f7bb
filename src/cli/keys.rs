//! `mercer keys`: the keys that tokens are signed with.

use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::output;
use super::setup::{Database, token_keys};
use crate::customers::auth;
use crate::platform::audit::Origin;
use crate::platform::auth::{KeyState, MasterKey, SigningKey, TokenKeys};
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::TimeOuts;
use crate::platform::error::Problem;

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum KeysCommand {
    /// Announce a new key, which signs ten minutes later, in all running programs
    Rotate,
    /// Print all keys, the newest first
    List,
}

pub(super) fn run(config: &Config, command: KeysCommand) -> Result<()> {
    let (database, _) = Database::open_and_migrate(config)?;
    let db = database.connect(config, TimeOuts::INTERACTIVE)?;
    let now = Clock::system().now();
    let told = match command {
        KeysCommand::Rotate => {
            let keys = token_keys(config, db.clone(), Arc::new(MasterKey::of(config)?), now)?;
            let origin = Origin::system(now);
            let rotate = |conn: &mut diesel::PgConnection| auth::rotate_keys(conn, &keys, &origin);
            let announced = db.write_blocking(|conn| rotate(conn).map_err(Problem::from_anyhow))?;
            announced.map_or_else(|| "A new key is announced already.\n".to_owned(), |key| line(&key, now))
        }
        KeysCommand::List => {
            let keys = db.read_blocking(|conn| TokenKeys::list(conn).map_err(Problem::from_anyhow))?;
            keys.iter().map(|key| line(key, now)).collect()
        }
    };
    drop(db);
    database.close();
    output::print(&told)
}

fn line(key: &SigningKey, now: DateTime<Utc>) -> String {
    let shown = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M UTC");
    let what = match key.state(now) {
        KeyState::Announced => format!("announced, signs from {}", shown(key.signs_from)),
        KeyState::Signing => format!("signing since {}", shown(key.signs_from)),
        KeyState::Checking | KeyState::Over => match key.ends_at() {
            Some(ends_at) => format!("checking until {}", shown(ends_at)),
            None => "checking".to_owned(),
        },
    };
    format!("{}  {what}\n", key.id)
}

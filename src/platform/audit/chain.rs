//! The chain of entries: each link is hashed with the one before it, under a key that is not in the database.
//!
//! Writers only leave their entry in `audit_unsealed`, in their own transaction, and never wait for each other. One
//! sealer at a time takes entries from there and appends their links.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Uuid as SqlUuid};
use tokio::sync::watch;
use tracing::{error, warn};
use uuid::Uuid;

use super::Entry;
use crate::platform::app::App;
use crate::platform::auth::MasterKey;
use crate::platform::db::fixed_statement;
use crate::platform::error::Problem;
use crate::schema::{audit_chain, audit_entries, audit_unsealed};

/// Binds a hash to what it is for.
const PURPOSE: &str = "audit chain";

/// Held by the one sealer at work, for as long as its transaction lasts.
const SEALER_LOCK: i64 = 0x5345_414c;

const BATCH: i64 = 500;

/// How long an entry waits at most when nobody tapped us.
const POLL: Duration = Duration::from_millis(500);

/// After a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// The end of the chain, or any link of it: written `12:9f86…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub position: i64,
    pub hash: Vec<u8>,
}

impl Head {
    /// Before the first link.
    pub(super) const fn none() -> Self {
        Self { position: 0, hash: Vec::new() }
    }

    /// The link of `entry` behind this one.
    pub(super) fn next(&self, entry: &Entry, key: &MasterKey) -> Self {
        let position = self.position + 1;
        let bytes = [self.hash.as_slice(), &position.to_be_bytes(), &entry.mac, &entry.bytes()].concat();
        Self { position, hash: key.sign(PURPOSE, &bytes) }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, hex::encode(&self.hash))
    }
}

impl FromStr for Head {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let told = "a head is written POSITION:HASH, as `mercer audit verify` prints it";
        let (position, hash) = text.split_once(':').context(told)?;
        Ok(Self { position: position.parse().context(told)?, hash: hex::decode(hash).context(told)? })
    }
}

/// A row of `audit_chain`.
#[derive(Debug, HasQuery)]
#[diesel(table_name = audit_chain)]
pub(super) struct Link {
    pub position: i64,
    pub entry_id: Uuid,
    pub hash: Vec<u8>,
}

fixed_statement! {
    struct AppendLinks {
        positions: Vec<i64> => Array<BigInt>,
        entries: Vec<Uuid> => Array<SqlUuid>,
        hashes: Vec<Vec<u8>> => Array<Binary>,
    } -> ();
    "insert into audit_chain (position, entry_id, hash) \
     select link.* from input, unnest(positions, entries, hashes) as link"
}

/// Appends the links of entries that have none until `stop` says so.
pub async fn seal(app: App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let tapped = app.db.wake().tapped();
        let key = app.master_key.clone();
        let mut pause = POLL;
        match app.db.write(move |conn| seal_batch(conn, &key, BATCH)).await {
            Ok(count) if count > 0 => continue,
            Ok(_) => {}
            Err(problem) => {
                if problem.status().as_u16() == 503 {
                    warn!("Audit entries wait for the database: {problem}");
                } else {
                    error!("Audit entries cannot be sealed: {problem}");
                }
                pause = PAUSE;
            }
        }
        tokio::select! {
            () = tapped, if pause == POLL => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Appends the links of one batch and tells how many entries it looked at; none where another sealer is at it.
pub fn seal_batch(conn: &mut PgConnection, key: &MasterKey, limit: i64) -> Result<usize, Problem> {
    if !become_sealer(conn)? {
        return Ok(0);
    }
    let waiting: Vec<Uuid> = audit_unsealed::table
        .order(audit_unsealed::entry_id)
        .limit(limit)
        .select(audit_unsealed::entry_id)
        .load(conn)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let entries = Entry::query().filter(audit_entries::id.eq_any(&waiting)).order(audit_entries::id).load(conn)?;
    let (mut head, mut takes_unsigned) = end_of_chain(conn)?;
    let mut links = AppendLinks { positions: Vec::new(), entries: Vec::new(), hashes: Vec::new() };
    for entry in &entries {
        takes_unsigned &= entry.is_unsigned();
        if !takes_unsigned && !entry.is_genuine(key) {
            // It stays outside of the chain, where `mercer audit verify` finds it.
            error!(audit.entry = %entry.id, "Audit entry {} was not written by this shop, or changed", entry.id);
            continue;
        }
        head = head.next(entry, key);
        links.positions.push(head.position);
        links.entries.push(entry.id);
        links.hashes.push(head.hash.clone());
    }
    links.execute(conn)?;
    diesel::delete(audit_unsealed::table.filter(audit_unsealed::entry_id.eq_any(&waiting))).execute(conn)?;
    Ok(waiting.len())
}

/// False where another sealer is at work.
fn become_sealer(conn: &mut PgConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Elected {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        is_elected: bool,
    }
    let query = format!("select pg_try_advisory_xact_lock({SEALER_LOCK}) as is_elected");
    diesel::sql_query(query).get_result::<Elected>(conn).map(|elected| elected.is_elected)
}

/// The last link, and whether entries from before there were signatures may still follow: they are the first.
fn end_of_chain(conn: &mut PgConnection) -> QueryResult<(Head, bool)> {
    let last = audit_chain::table
        .inner_join(audit_entries::table)
        .order(audit_chain::position.desc())
        .select((Link::as_select(), Entry::as_select()))
        .first::<(Link, Entry)>(conn)
        .optional()?;
    Ok(last.map_or((Head::none(), true), |(link, entry)| {
        (Head { position: link.position, hash: link.hash }, entry.is_unsigned())
    }))
}

//! The hash chain of audit entries. The hash of each link covers the previous link and uses a key that is not in the
//! database.
//!
//! A write only inserts its entry into the queue `audit_unsealed`, in its own transaction, so that writes never wait
//! for each other. One worker at a time takes entries from the queue and appends their links.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Uuid as SqlUuid};
use tokio::sync::watch;
use tracing::{error, warn};
use uuid::Uuid;

use super::AuditEntryRow;
use crate::platform::app::App;
use crate::platform::auth::MasterKey;
use crate::platform::db::fixed_statement;
use crate::platform::error::Problem;
use crate::schema::{audit_chain, audit_entries, audit_unsealed};

/// Purpose of the key that hashes links.
const PURPOSE: &str = "audit chain";

/// Advisory lock of the active chain worker, for the duration of its transaction.
const WORKER_LOCK: i64 = 0x5345_414c;

/// Maximum number of links in one transaction.
const BATCH_SIZE: i64 = 500;

/// Maximum time until the worker looks for entries without a commit signal.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Pause after a failure.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);

/// The last link of the chain, or any other link. Its text format is `12:9f86…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    pub position: i64,
    pub hash: Vec<u8>,
}

impl ChainHead {
    /// Returns the head of an empty chain.
    pub(super) const fn empty() -> Self {
        Self { position: 0, hash: Vec::new() }
    }

    /// Returns the link that appends `entry` to this link.
    pub(super) fn next(&self, entry: &AuditEntryRow, key: &MasterKey) -> Self {
        let position = self.position + 1;
        let bytes = [self.hash.as_slice(), &position.to_be_bytes(), &entry.mac, &entry.bytes()].concat();
        Self { position, hash: key.sign(PURPOSE, &bytes) }
    }
}

impl fmt::Display for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, hex::encode(&self.hash))
    }
}

impl FromStr for ChainHead {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let format = "a chain head has the format POSITION:HASH, as `mercer audit verify` prints it";
        let (position, hash) = text.split_once(':').context(format)?;
        Ok(Self { position: position.parse().context(format)?, hash: hex::decode(hash).context(format)? })
    }
}

/// Row of `audit_chain`.
#[derive(Debug, HasQuery)]
#[diesel(table_name = audit_chain)]
pub(super) struct ChainLink {
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

/// Appends the links of new entries until `stop` becomes true.
pub async fn run_chain_worker(app: App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let notified = app.db.commit_signal().notified();
        let key = app.master_key.clone();
        let mut pause = POLL_INTERVAL;
        match app.db.write(move |conn| append_chain_links(conn, &key, BATCH_SIZE)).await {
            Ok(count) if count > 0 => continue,
            Ok(_) => {}
            Err(problem) => {
                if problem.status().as_u16() == 503 {
                    warn!("Cannot append audit entries to the chain, the database is unavailable: {problem}");
                } else {
                    error!("Cannot append audit entries to the chain: {problem}");
                }
                pause = FAILURE_PAUSE;
            }
        }
        tokio::select! {
            () = notified, if pause == POLL_INTERVAL => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Appends the links of one batch and returns the number of entries it processed, or 0 if another worker is active.
pub fn append_chain_links(conn: &mut PgConnection, key: &MasterKey, limit: i64) -> Result<usize, Problem> {
    if !lock_chain(conn)? {
        return Ok(0);
    }
    let queued: Vec<Uuid> = audit_unsealed::table
        .order(audit_unsealed::entry_id)
        .limit(limit)
        .select(audit_unsealed::entry_id)
        .load(conn)?;
    if queued.is_empty() {
        return Ok(0);
    }
    let entries =
        AuditEntryRow::query().filter(audit_entries::id.eq_any(&queued)).order(audit_entries::id).load(conn)?;
    let (mut head, mut accepts_unsigned) = end_of_chain(conn)?;
    let mut links = AppendLinks { positions: Vec::new(), entries: Vec::new(), hashes: Vec::new() };
    for entry in &entries {
        accepts_unsigned &= entry.is_unsigned();
        if !accepts_unsigned && !entry.has_valid_signature(key) {
            // The entry stays outside the chain, so that `mercer audit verify` reports it.
            error!(audit.entry = %entry.id, "Audit entry {} has an invalid signature: inserted or changed", entry.id);
            continue;
        }
        head = head.next(entry, key);
        links.positions.push(head.position);
        links.entries.push(entry.id);
        links.hashes.push(head.hash.clone());
    }
    links.execute(conn)?;
    diesel::delete(audit_unsealed::table.filter(audit_unsealed::entry_id.eq_any(&queued))).execute(conn)?;
    Ok(queued.len())
}

/// Locks the chain for this transaction. Returns false if another worker holds the lock.
fn lock_chain(conn: &mut PgConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Lock {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        is_locked: bool,
    }
    let query = format!("select pg_try_advisory_xact_lock({WORKER_LOCK}) as is_locked");
    diesel::sql_query(query).get_result::<Lock>(conn).map(|lock| lock.is_locked)
}

/// Returns the last link, and true if the chain has no signed entry yet. Unsigned entries, which are older than
/// signatures, can only be at the start of the chain.
fn end_of_chain(conn: &mut PgConnection) -> QueryResult<(ChainHead, bool)> {
    let last = audit_chain::table
        .inner_join(audit_entries::table)
        .order(audit_chain::position.desc())
        .select((ChainLink::as_select(), AuditEntryRow::as_select()))
        .first::<(ChainLink, AuditEntryRow)>(conn)
        .optional()?;
    Ok(last.map_or((ChainHead::empty(), true), |(link, entry)| {
        (ChainHead { position: link.position, hash: link.hash }, entry.is_unsigned())
    }))
}

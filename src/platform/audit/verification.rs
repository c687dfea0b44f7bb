//! Verification of the audit log: checks every entry and link, and reports the first fault.

use std::collections::HashSet;

use diesel::connection::SimpleConnection;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use uuid::Uuid;

use super::AuditEntryRow;
use super::chain::{ChainHead, ChainLink};
use super::personal::{PersonalValues, erased_people, person_of};
use crate::platform::auth::MasterKey;
use crate::schema::{audit_chain, audit_entries, audit_personal_values, audit_unsealed};

/// Number of rows that are loaded at once.
const BATCH_SIZE: i64 = 1000;

/// Result for an audit log without faults.
#[derive(Debug, PartialEq, Eq)]
pub struct VerifiedLog {
    /// Last link of the chain. A copy that is stored elsewhere can later reveal a truncated chain.
    pub head: ChainHead,
    /// Number of entries that have no link yet.
    pub waiting: i64,
}

/// The first fault in the audit log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    #[error("position {0}: the link is missing")]
    LinkMissing(i64),
    #[error("position {0}: the entry {1} was removed")]
    EntryRemoved(i64, Uuid),
    #[error("position {0}: the entry {1} was changed")]
    EntryChanged(i64, Uuid),
    #[error("position {0}: the personal data of the entry {1} was changed")]
    PersonalChanged(i64, Uuid),
    #[error("personal data of {0} was removed, but no entry records the erasure")]
    PersonalRemoved(Uuid),
    #[error("position {0}: the link was changed or moved")]
    LinkChanged(i64),
    #[error("position {0}: the chain does not contain the recorded head")]
    OtherChain(i64),
    #[error("position {0}: the chain ends at {1}, before the recorded head")]
    Truncated(i64, i64),
    #[error("the entry {0} is not in the chain: it was inserted, or its link was removed")]
    NotInChain(Uuid),
    #[error("the entry {0}, which has no link yet, was removed")]
    WaitingRemoved(Uuid),
    #[error("the entry {0}, which has no link yet, was changed or inserted")]
    WaitingChanged(Uuid),
}

/// Checks all entries in one snapshot. Must be the first statement of its transaction.
pub fn verify(
    conn: &mut PgConnection,
    key: &MasterKey,
    recorded: Option<&ChainHead>,
) -> QueryResult<Result<VerifiedLog, AuditFault>> {
    conn.batch_execute("set transaction isolation level repeatable read, read only")?;
    let mut walk = ChainWalk {
        key,
        recorded,
        head: ChainHead::empty(),
        accepts_unsigned: true,
        people: PersonalDataCheck::default(),
    };
    loop {
        let links = links_after(conn, walk.head.position)?;
        if links.is_empty() {
            break;
        }
        for (link, entry, personal) in links {
            if let Err(fault) = walk.step(&link, entry, personal.as_ref()) {
                return Ok(Err(fault));
            }
        }
    }
    if let Err(fault) = walk.finish() {
        return Ok(Err(fault));
    }
    if let Some(id) = first_not_in_chain(conn)? {
        return Ok(Err(AuditFault::NotInChain(id)));
    }
    let waiting = match verify_waiting(conn, &mut walk)? {
        Ok(waiting) => waiting,
        Err(fault) => return Ok(Err(fault)),
    };
    Ok(match walk.people.unexplained_removal() {
        Some(person) => Err(AuditFault::PersonalRemoved(person)),
        None => Ok(VerifiedLog { head: walk.head, waiting }),
    })
}

struct ChainWalk<'a> {
    key: &'a MasterKey,
    recorded: Option<&'a ChainHead>,
    head: ChainHead,
    /// True until the first signed entry: unsigned entries are older than signatures.
    accepts_unsigned: bool,
    people: PersonalDataCheck,
}

/// People whose personal data is missing from entries, and people whose erasure is recorded.
#[derive(Default)]
struct PersonalDataCheck {
    missing: HashSet<Uuid>,
    erased: HashSet<Uuid>,
}

impl PersonalDataCheck {
    /// Returns true if the personal values of an entry are unchanged. Missing values are checked at the end.
    fn check(&mut self, entry: &AuditEntryRow, personal: Option<&PersonalValues>) -> bool {
        let changes = entry.changes.value();
        self.erased.extend(erased_people(&changes));
        match (person_of(&changes), personal) {
            (_, Some(personal)) => personal.match_commitments(&changes),
            (Some(person), None) => {
                self.missing.insert(person);
                true
            }
            (None, None) => true,
        }
    }

    /// Returns a person whose personal data is missing although no entry records the erasure.
    fn unexplained_removal(&self) -> Option<Uuid> {
        self.missing.difference(&self.erased).min().copied()
    }
}

impl ChainWalk<'_> {
    fn step(
        &mut self,
        link: &ChainLink,
        entry: Option<AuditEntryRow>,
        personal: Option<&PersonalValues>,
    ) -> Result<(), AuditFault> {
        let position = self.head.position + 1;
        if link.position != position {
            return Err(AuditFault::LinkMissing(position));
        }
        let Some(entry) = entry else { return Err(AuditFault::EntryRemoved(position, link.entry_id)) };
        if !self.is_authentic(&entry) {
            return Err(AuditFault::EntryChanged(position, entry.id));
        }
        if !self.people.check(&entry, personal) {
            return Err(AuditFault::PersonalChanged(position, entry.id));
        }
        self.head = self.head.next(&entry, self.key);
        if self.head.hash != link.hash {
            return Err(AuditFault::LinkChanged(position));
        }
        match self.recorded {
            Some(recorded) if recorded.position == position && recorded.hash != self.head.hash => {
                Err(AuditFault::OtherChain(position))
            }
            _ => Ok(()),
        }
    }

    fn is_authentic(&mut self, entry: &AuditEntryRow) -> bool {
        self.accepts_unsigned &= entry.is_unsigned();
        self.accepts_unsigned || entry.has_valid_signature(self.key)
    }

    fn finish(&self) -> Result<(), AuditFault> {
        match self.recorded {
            Some(recorded) if recorded.position > self.head.position => {
                Err(AuditFault::Truncated(self.head.position + 1, self.head.position))
            }
            _ => Ok(()),
        }
    }
}

/// A link with its entry and the entry's personal data.
type LinkedRow = (ChainLink, Option<AuditEntryRow>, Option<PersonalValues>);

fn links_after(conn: &mut PgConnection, position: i64) -> QueryResult<Vec<LinkedRow>> {
    audit_chain::table
        .left_join(audit_entries::table.left_join(audit_personal_values::table))
        .filter(audit_chain::position.gt(position))
        .order(audit_chain::position)
        .limit(BATCH_SIZE)
        .select((ChainLink::as_select(), Option::<AuditEntryRow>::as_select(), Option::<PersonalValues>::as_select()))
        .load(conn)
}

/// Returns the first entry that is neither in the chain nor in its queue.
fn first_not_in_chain(conn: &mut PgConnection) -> QueryResult<Option<Uuid>> {
    let linked = audit_chain::table.filter(audit_chain::entry_id.eq(audit_entries::id));
    let waiting = audit_unsealed::table.filter(audit_unsealed::entry_id.eq(audit_entries::id));
    audit_entries::table
        .filter(not(exists(linked)))
        .filter(not(exists(waiting)))
        .select(audit_entries::id)
        .first(conn)
        .optional()
}

/// Verifies the signatures of the entries that have no link yet, and returns their number.
fn verify_waiting(conn: &mut PgConnection, walk: &mut ChainWalk<'_>) -> QueryResult<Result<i64, AuditFault>> {
    let mut count = 0;
    let mut last = Uuid::nil();
    loop {
        let batch: Vec<(Uuid, Option<AuditEntryRow>, Option<PersonalValues>)> = audit_unsealed::table
            .left_join(audit_entries::table.left_join(audit_personal_values::table))
            .filter(audit_unsealed::entry_id.gt(last))
            .order(audit_unsealed::entry_id)
            .limit(BATCH_SIZE)
            .select((
                audit_unsealed::entry_id,
                Option::<AuditEntryRow>::as_select(),
                Option::<PersonalValues>::as_select(),
            ))
            .load(conn)?;
        for (id, entry, personal) in &batch {
            let Some(entry) = entry else { return Ok(Err(AuditFault::WaitingRemoved(*id))) };
            if !walk.is_authentic(entry) || !walk.people.check(entry, personal.as_ref()) {
                return Ok(Err(AuditFault::WaitingChanged(*id)));
            }
            count += 1;
            last = *id;
        }
        if batch.is_empty() {
            return Ok(Ok(count));
        }
    }
}

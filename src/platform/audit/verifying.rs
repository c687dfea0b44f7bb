//! Walks the chain and tells the first thing that is not as it was written.

use std::collections::HashSet;

use diesel::connection::SimpleConnection;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use uuid::Uuid;

use super::Entry;
use super::chain::{Head, Link};
use super::personal::{PersonalValues, forgotten_by, person_of};
use crate::platform::auth::MasterKey;
use crate::schema::{audit_chain, audit_entries, audit_personal_values, audit_unsealed};

/// Rows that are in memory at once.
const BATCH: i64 = 1000;

/// A log that is as it was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified {
    /// The end of the chain: noted elsewhere, it tells later whether the end was cut off.
    pub head: Head,
    /// Entries that have no link yet.
    pub waiting: i64,
}

/// What is wrong, at the first place where something is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("position {0}: the link is missing")]
    LinkMissing(i64),
    #[error("position {0}: the entry {1} was removed")]
    EntryRemoved(i64, Uuid),
    #[error("position {0}: the entry {1} was changed")]
    EntryChanged(i64, Uuid),
    #[error("position {0}: what the entry {1} tells of a person was changed")]
    PersonalChanged(i64, Uuid),
    #[error("what entries tell of {0} was removed, and nobody forgot them")]
    PersonalRemoved(Uuid),
    #[error("position {0}: the link was changed, or stands in another place")]
    LinkChanged(i64),
    #[error("position {0}: the chain is not the one whose head was noted")]
    OtherChain(i64),
    #[error("position {0}: the chain ends before the noted head, at {1}")]
    CutOff(i64, i64),
    #[error("the entry {0} stands outside of the chain: it was inserted, or its link was removed")]
    Outside(Uuid),
    #[error("the entry {0}, which has no link yet, was removed")]
    WaitingRemoved(Uuid),
    #[error("the entry {0}, which has no link yet, was changed or inserted")]
    WaitingChanged(Uuid),
}

/// Looks at every entry, as of one moment. Runs first in a transaction of its own.
pub fn verify(conn: &mut PgConnection, key: &MasterKey, noted: Option<&Head>) -> QueryResult<Result<Verified, Fault>> {
    conn.batch_execute("set transaction isolation level repeatable read, read only")?;
    let mut walk = Walk { key, noted, head: Head::none(), takes_unsigned: true, people: People::default() };
    loop {
        let links = links_behind(conn, walk.head.position)?;
        if links.is_empty() {
            break;
        }
        for (link, entry, personal) in links {
            if let Err(fault) = walk.step(&link, entry, personal.as_ref()) {
                return Ok(Err(fault));
            }
        }
    }
    if let Err(fault) = walk.end() {
        return Ok(Err(fault));
    }
    if let Some(outside) = first_outside(conn)? {
        return Ok(Err(Fault::Outside(outside)));
    }
    let waiting = match verify_waiting(conn, &mut walk)? {
        Ok(waiting) => waiting,
        Err(fault) => return Ok(Err(fault)),
    };
    Ok(match walk.people.removed() {
        Some(person) => Err(Fault::PersonalRemoved(person)),
        None => Ok(Verified { head: walk.head, waiting }),
    })
}

struct Walk<'a> {
    key: &'a MasterKey,
    noted: Option<&'a Head>,
    head: Head,
    /// Entries from before there were signatures are the first.
    takes_unsigned: bool,
    people: People,
}

/// What entries tell of people, and no longer tell.
#[derive(Default)]
struct People {
    missed: HashSet<Uuid>,
    forgotten: HashSet<Uuid>,
}

impl People {
    /// Whether what an entry tells of a person is what it was written with; that it is gone is looked at in the end.
    fn are_as_told(&mut self, entry: &Entry, personal: Option<&PersonalValues>) -> bool {
        let told = entry.changes.value();
        self.forgotten.extend(forgotten_by(&told));
        match (person_of(&told), personal) {
            (_, Some(personal)) => personal.belong_to(&told),
            (Some(person), None) => {
                self.missed.insert(person);
                true
            }
            (None, None) => true,
        }
    }

    /// Somebody whom nobody has forgotten, and of whom something is missing.
    fn removed(&self) -> Option<Uuid> {
        self.missed.difference(&self.forgotten).min().copied()
    }
}

impl Walk<'_> {
    fn step(&mut self, link: &Link, entry: Option<Entry>, personal: Option<&PersonalValues>) -> Result<(), Fault> {
        let position = self.head.position + 1;
        if link.position != position {
            return Err(Fault::LinkMissing(position));
        }
        let Some(entry) = entry else { return Err(Fault::EntryRemoved(position, link.entry_id)) };
        if !self.is_as_written(&entry) {
            return Err(Fault::EntryChanged(position, entry.id));
        }
        if !self.people.are_as_told(&entry, personal) {
            return Err(Fault::PersonalChanged(position, entry.id));
        }
        self.head = self.head.next(&entry, self.key);
        if self.head.hash != link.hash {
            return Err(Fault::LinkChanged(position));
        }
        match self.noted {
            Some(noted) if noted.position == position && noted.hash != self.head.hash => {
                Err(Fault::OtherChain(position))
            }
            _ => Ok(()),
        }
    }

    fn is_as_written(&mut self, entry: &Entry) -> bool {
        self.takes_unsigned &= entry.is_unsigned();
        self.takes_unsigned || entry.is_genuine(self.key)
    }

    fn end(&self) -> Result<(), Fault> {
        match self.noted {
            Some(noted) if noted.position > self.head.position => {
                Err(Fault::CutOff(self.head.position + 1, self.head.position))
            }
            _ => Ok(()),
        }
    }
}

/// A link, its entry, and what that tells of a person.
type Row = (Link, Option<Entry>, Option<PersonalValues>);

fn links_behind(conn: &mut PgConnection, position: i64) -> QueryResult<Vec<Row>> {
    audit_chain::table
        .left_join(audit_entries::table.left_join(audit_personal_values::table))
        .filter(audit_chain::position.gt(position))
        .order(audit_chain::position)
        .limit(BATCH)
        .select((Link::as_select(), Option::<Entry>::as_select(), Option::<PersonalValues>::as_select()))
        .load(conn)
}

/// An entry that is neither in the chain nor on its way there.
fn first_outside(conn: &mut PgConnection) -> QueryResult<Option<Uuid>> {
    let linked = audit_chain::table.filter(audit_chain::entry_id.eq(audit_entries::id));
    let waiting = audit_unsealed::table.filter(audit_unsealed::entry_id.eq(audit_entries::id));
    audit_entries::table
        .filter(not(exists(linked)))
        .filter(not(exists(waiting)))
        .select(audit_entries::id)
        .first(conn)
        .optional()
}

/// Entries that have no link yet are signed all the same. Tells how many there are.
fn verify_waiting(conn: &mut PgConnection, walk: &mut Walk<'_>) -> QueryResult<Result<i64, Fault>> {
    let mut count = 0;
    let mut last = Uuid::nil();
    loop {
        let batch: Vec<(Uuid, Option<Entry>, Option<PersonalValues>)> = audit_unsealed::table
            .left_join(audit_entries::table.left_join(audit_personal_values::table))
            .filter(audit_unsealed::entry_id.gt(last))
            .order(audit_unsealed::entry_id)
            .limit(BATCH)
            .select((audit_unsealed::entry_id, Option::<Entry>::as_select(), Option::<PersonalValues>::as_select()))
            .load(conn)?;
        for (id, entry, personal) in &batch {
            let Some(entry) = entry else { return Ok(Err(Fault::WaitingRemoved(*id))) };
            if !walk.is_as_written(entry) || !walk.people.are_as_told(entry, personal.as_ref()) {
                return Ok(Err(Fault::WaitingChanged(*id)));
            }
            count += 1;
            last = *id;
        }
        if batch.is_empty() {
            return Ok(Ok(count));
        }
    }
}

//! What entries tell of people: kept beside them, so that it can be forgotten while the entries stay.
//!
//! The entry itself, which is signed and chained, holds a commitment in the place of each such member: the person, and
//! the SHA-256 of a salt with what is told. While the values are there, nobody can put others in their place; once they
//! and the salt are gone, nobody can guess them from what is left.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::changes::{Changes, Personal};
use super::entry::{Entry, JsonText};
use crate::platform::auth::{random_bytes, sha256};
use crate::platform::db::master_key;
use crate::schema::audit_personal_values;

/// Values that are kept beside an entry: by their names, each as the text of its JSON.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = audit_personal_values)]
pub(super) struct PersonalValues {
    pub person: Uuid,
    pub salt: Vec<u8>,
    pub changes: JsonText,
}

impl PersonalValues {
    /// Commits to what is told of a person in what is told of the rest.
    pub fn keep(personal: Personal, told: &mut Map<String, Value>) -> QueryResult<Self> {
        let salt = random_bytes::<16>().map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        let mut texts = Map::new();
        for (name, value) in personal.told {
            let text = value.to_string();
            let commitment = json!({"person": personal.person, "sha256": digest(&salt, &name, &text)});
            told.insert(name.clone(), commitment);
            texts.insert(name, Value::String(text));
        }
        let changes = JsonText::of(&Value::Object(texts));
        Ok(Self { person: personal.person, salt: salt.to_vec(), changes })
    }

    /// Whether these are the values that the entry whose changes are `told` was written with.
    pub fn belong_to(&self, told: &Value) -> bool {
        let values = self.changes.value();
        let (Some(told), Some(values)) = (told.as_object(), values.as_object()) else { return false };
        let committed: Vec<(&String, Commitment<'_>)> =
            told.iter().filter_map(|(name, value)| Some((name, Commitment::read(value)?))).collect();
        committed.len() == values.len()
            && committed.into_iter().all(|(name, commitment)| {
                let text = values.get(name).and_then(Value::as_str);
                commitment.person == self.person
                    && text.is_some_and(|text| digest(&self.salt, name, text) == commitment.digest)
            })
    }
}

/// Stands where something is told of a person.
struct Commitment<'a> {
    person: Uuid,
    digest: &'a str,
}

impl<'a> Commitment<'a> {
    fn read(value: &'a Value) -> Option<Self> {
        let members = value.as_object().filter(|members| members.len() == 2)?;
        let person = members.get("person")?.as_str()?.parse().ok()?;
        Some(Self { person, digest: members.get("sha256")?.as_str()? })
    }
}

/// Whom the entry whose changes are `told` tells something of, if anybody.
pub(super) fn person_of(told: &Value) -> Option<Uuid> {
    told.as_object()?.values().find_map(|value| Some(Commitment::read(value)?.person))
}

/// Of the text as it was written: a number that is read and written again may be other digits.
fn digest(salt: &[u8], name: &str, text: &str) -> String {
    let said = json!([name, text]).to_string();
    hex::encode(sha256([salt, said.as_bytes()].concat()))
}

/// What these entries tell, with what is still known of people; what was forgotten is `{"forgotten": true}`.
pub(super) fn reveal(conn: &mut PgConnection, entries: &[Entry]) -> QueryResult<Vec<Value>> {
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
    let kept = audit_personal_values::table.filter(audit_personal_values::entry_id.eq_any(ids));
    let kept: Vec<(Uuid, JsonText)> =
        kept.select((audit_personal_values::entry_id, audit_personal_values::changes)).load(conn)?;
    let kept: HashMap<Uuid, Value> = kept.into_iter().map(|(id, changes)| (id, changes.value())).collect();
    Ok(entries.iter().map(|entry| fill(entry.changes.value(), kept.get(&entry.id))).collect())
}

fn fill(mut told: Value, kept: Option<&Value>) -> Value {
    for (name, value) in told.as_object_mut().into_iter().flatten() {
        if Commitment::read(value).is_some() {
            let known = kept.and_then(|kept| serde_json::from_str(kept.get(name)?.as_str()?).ok());
            *value = known.unwrap_or_else(|| json!({"forgotten": true}));
        }
    }
    told
}

/// Forgets what all entries tell of these people. The caller records what it returns, so that [`verify`](super::verify)
/// knows why something is missing.
pub fn forget(conn: &mut PgConnection, people: &[Uuid]) -> QueryResult<Changes> {
    let theirs = audit_personal_values::table.filter(audit_personal_values::person.eq_any(people));
    diesel::delete(theirs).execute(conn)?;
    Ok(Changes::created(&json!({"forgotten": people})))
}

/// The addresses that entries tell of a person under `email`: those that are or were theirs.
pub fn emails_told_of(conn: &mut PgConnection, person: Uuid) -> QueryResult<Vec<String>> {
    let theirs = audit_personal_values::table.filter(audit_personal_values::person.eq(person));
    let kept: Vec<JsonText> = theirs.select(audit_personal_values::changes).load(conn)?;
    let emails = kept.iter().filter_map(|changes| {
        let change: Value = serde_json::from_str(changes.value().get("email")?.as_str()?).ok()?;
        let sides = ["before", "after"].into_iter().filter_map(|side| change.get(side)?.as_str().map(str::to_owned));
        Some(sides.collect::<Vec<_>>())
    });
    let emails: BTreeSet<String> = emails.flatten().collect();
    Ok(emails.into_iter().collect())
}

/// Whom the entry whose changes are `told` says to have been forgotten.
pub(super) fn forgotten_by(told: &Value) -> Vec<Uuid> {
    let people = told.pointer("/forgotten/after").and_then(Value::as_array);
    people.into_iter().flatten().filter_map(|person| person.as_str()?.parse().ok()).collect()
}

/// Whoever is known by nothing but an address: an id that tells nobody which address it is.
pub fn person_by_email(email: &str) -> Uuid {
    let mac = master_key().map(|key| key.sign("audit person", email.as_bytes())).unwrap_or_default();
    Uuid::from_slice(mac.get(..16).unwrap_or(&[0; 16])).unwrap_or_default()
}

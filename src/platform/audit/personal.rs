//! Personal data of audit entries, stored beside them so that it can be erased while the entries remain.
//!
//! The signed entry contains a commitment in place of each personal value: the person, and the SHA-256 of a salt with
//! the value. The commitment reveals a modified value. After the value and the salt are erased, the commitment does not
//! reveal the value.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::result::Error::DeserializationError;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::changes::{Changes, PersonalFields};
use super::json_text::JsonText;
use crate::platform::auth::{random_bytes, sha256};
use crate::platform::crypto::MasterKey;
use crate::schema::audit_personal_values;

/// Row of `audit_personal_values`: the personal values of an entry by name, each as JSON text.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = audit_personal_values)]
pub(super) struct PersonalValues {
    pub person: Uuid,
    pub salt: Vec<u8>,
    pub changes: JsonText,
}

impl PersonalValues {
    /// Separates the personal values from the entry and adds their commitments to the entry's `fields`.
    pub fn commit(personal: PersonalFields, fields: &mut Map<String, Value>) -> QueryResult<Self> {
        let salt = random_bytes::<16>().map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        let mut texts = Map::new();
        for (name, value) in personal.fields {
            let text = value.to_string();
            let commitment = json!({"person": personal.person, "sha256": digest(&salt, &name, &text)});
            fields.insert(name.clone(), commitment);
            texts.insert(name, Value::String(text));
        }
        let changes = JsonText::from_value(&Value::Object(texts));
        Ok(Self { person: personal.person, salt: salt.to_vec(), changes })
    }

    /// Returns true if these values match the commitments in the `changes` of an entry.
    pub fn match_commitments(&self, changes: &Value) -> bool {
        let values = self.changes.value();
        let (Some(fields), Some(values)) = (changes.as_object(), values.as_object()) else { return false };
        let committed: Vec<(&String, Commitment<'_>)> =
            fields.iter().filter_map(|(name, value)| Some((name, Commitment::read(value)?))).collect();
        committed.len() == values.len()
            && committed.into_iter().all(|(name, commitment)| {
                let text = values.get(name).and_then(Value::as_str);
                commitment.person == self.person
                    && text.is_some_and(|text| digest(&self.salt, name, text) == commitment.digest)
            })
    }
}

/// Commitment in place of a personal value.
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

/// Returns the person whose personal data the `changes` of an entry refer to.
pub(super) fn person_of(changes: &Value) -> Option<Uuid> {
    changes.as_object()?.values().find_map(|value| Some(Commitment::read(value)?.person))
}

/// Hashes the JSON text, because a parsed number can have other digits when it is serialized again.
fn digest(salt: &[u8], name: &str, text: &str) -> String {
    let value = json!([name, text]).to_string();
    hex::encode(sha256([salt, value.as_bytes()].concat()))
}

/// Inserts the personal values of an entry into its changes. An erased value is `{"forgotten": true}`.
pub(super) fn insert_values(mut changes: Value, values: Option<&Value>) -> Value {
    for (name, value) in changes.as_object_mut().into_iter().flatten() {
        if Commitment::read(value).is_some() {
            let stored = values.and_then(|values| serde_json::from_str(values.get(name)?.as_str()?).ok());
            *value = stored.unwrap_or_else(|| json!({"forgotten": true}));
        }
    }
    changes
}

/// Erases the personal data of these people from all entries. The caller records the returned changes, so that
/// [`verify`](super::verify) can explain the missing values.
pub fn erase_personal_values(conn: &mut PgConnection, people: &[Uuid]) -> QueryResult<Changes> {
    let values = audit_personal_values::table.filter(audit_personal_values::person.eq_any(people));
    diesel::delete(values).execute(conn)?;
    Ok(Changes::created(&json!({"forgotten": people})))
}

/// Returns the current and former e-mail addresses of a person that entries contain under `email`.
pub fn recorded_emails(conn: &mut PgConnection, person: Uuid) -> QueryResult<Vec<String>> {
    let rows = audit_personal_values::table.filter(audit_personal_values::person.eq(person));
    let rows: Vec<JsonText> = rows.select(audit_personal_values::changes).load(conn)?;
    let mut emails = BTreeSet::new();
    for changes in rows {
        let changes = changes.value();
        let Some(email) = changes.get("email").and_then(Value::as_str) else { continue };
        let email: Value = serde_json::from_str(email).map_err(|error| DeserializationError(error.into()))?;
        emails.extend(["before", "after"].iter().filter_map(|side| email.get(side)?.as_str().map(str::to_owned)));
    }
    Ok(emails.into_iter().collect())
}

/// Returns the people whose erasure an entry with these `changes` records.
pub(super) fn erased_people(changes: &Value) -> Vec<Uuid> {
    let people = changes.pointer("/forgotten/after").and_then(Value::as_array);
    people.into_iter().flatten().filter_map(|person| person.as_str()?.parse().ok()).collect()
}

/// Returns the id of a person who has only an e-mail address. The id does not reveal the address.
pub fn person_id_for_email(key: &MasterKey, email: &str) -> Uuid {
    let mac = key.sign("audit person", email.as_bytes());
    Uuid::from_slice(mac.get(..16).unwrap_or(&[0; 16])).unwrap_or_default()
}

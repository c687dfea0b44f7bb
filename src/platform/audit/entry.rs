//! Rows of `audit_entries`, each signed under the shop's key.

use chrono::{DateTime, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use super::personal::PersonalValues;
use super::{Changes, Origin};
use crate::platform::auth::MasterKey;
use crate::platform::db::{fixed_statement, master_key, wake_on_commit};
use crate::platform::types::new_uuid;
use crate::schema::audit_entries;

/// Binds a signature to what it is for.
const PURPOSE: &str = "audit entry";

/// JSON as it was written: parsed and written again it might be other bytes.
#[derive(Debug, Clone, AsExpression, FromSqlRow)]
#[diesel(sql_type = Json)]
pub struct JsonText(String);

impl JsonText {
    pub(super) fn of(value: &Value) -> Self {
        Self(value.to_string())
    }

    /// What it says; null where somebody made it unreadable.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl diesel::serialize::ToSql<Json, Pg> for JsonText {
    fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, Pg>) -> diesel::serialize::Result {
        <str as diesel::serialize::ToSql<Text, Pg>>::to_sql(&self.0, out)
    }
}

impl diesel::deserialize::FromSql<Json, Pg> for JsonText {
    fn from_sql(value: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(Self(std::str::from_utf8(value.as_bytes())?.to_owned()))
    }
}

/// Something that somebody did.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = audit_entries)]
pub struct Entry {
    pub id: Uuid,
    pub action: String,
    pub actor: JsonText,
    pub object_type: String,
    pub object_id: String,
    pub changes: JsonText,
    pub address: Option<String>,
    pub user_agent: String,
    pub request_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub(super) mac: Vec<u8>,
}

fixed_statement! {
    /// The entry, what it tells of a person, and its place in the queue of those that have no link yet.
    struct InsertEntry {
        id: Uuid => SqlUuid,
        action: String => Text,
        actor: JsonText => Json,
        object_type: String => Text,
        object_id: String => Text,
        changes: JsonText => Json,
        address: Option<String> => Nullable<Text>,
        user_agent: String => Text,
        request_id: Option<String> => Nullable<Text>,
        created_at: DateTime<Utc> => Timestamptz,
        mac: Vec<u8> => Binary,
        person: Option<Uuid> => Nullable<SqlUuid>,
        salt: Vec<u8> => Binary,
        personal: JsonText => Json,
    } -> ();
    ", entry as ( \
         insert into audit_entries (id, action, actor, object_type, object_id, changes, address, user_agent, request_id, \
                                    created_at, mac) \
         select id, action, actor, object_type, object_id, changes, address, user_agent, request_id, created_at, mac \
         from input), \
     personal as ( \
         insert into audit_personal_values (entry_id, person, salt, changes) \
         select id, person, salt, personal from input where person is not null) \
     insert into audit_unsealed (entry_id) select id from input"
}

/// Appends what was done to which thing, in the transaction that does it.
///
/// `action` is `thing.verb_in_the_past`; `object` is a type and an id, a literal and `id.to_string()`.
pub fn record(
    conn: &mut PgConnection,
    origin: &Origin,
    action: &str,
    object: (&str, String),
    changes: Changes,
) -> QueryResult<()> {
    let (object_type, object_id) = object;
    let (mut told, personal) = changes.into_parts()?;
    let personal = personal.map(|personal| PersonalValues::keep(personal, &mut told)).transpose()?;
    let mut entry = Entry {
        id: new_uuid(),
        action: action.to_owned(),
        actor: JsonText::of(&origin.actor.to_json()),
        object_type: object_type.to_owned(),
        object_id,
        changes: JsonText::of(&Value::Object(told)),
        address: origin.address.clone(),
        user_agent: origin.user_agent.clone(),
        request_id: origin.request_id.clone(),
        created_at: origin.at,
        mac: Vec::new(),
    };
    let key = master_key().ok_or_else(|| {
        let text = "audit entries are signed in Db::write, by the key that the Db holds";
        diesel::result::Error::SerializationError(text.into())
    })?;
    entry.mac = entry.sign(&key);
    entry.insert(conn, personal)?;
    wake_on_commit();
    Ok(())
}

impl Entry {
    fn insert(self, conn: &mut PgConnection, personal: Option<PersonalValues>) -> QueryResult<()> {
        let (person, salt, personal) = match personal {
            Some(PersonalValues { person, salt, changes }) => (Some(person), salt, changes),
            None => (None, Vec::new(), JsonText::of(&Value::Null)),
        };
        let statement = InsertEntry {
            id: self.id,
            action: self.action,
            actor: self.actor,
            object_type: self.object_type,
            object_id: self.object_id,
            changes: self.changes,
            address: self.address,
            user_agent: self.user_agent,
            request_id: self.request_id,
            created_at: self.created_at,
            mac: self.mac,
            person,
            salt,
            personal,
        };
        statement.execute(conn).map(|_| ())
    }

    /// Whether it is as it was written.
    pub(super) fn is_genuine(&self, key: &MasterKey) -> bool {
        self.sign(key) == self.mac
    }

    /// Written before entries were signed.
    pub(super) const fn is_unsigned(&self) -> bool {
        self.mac.is_empty()
    }

    fn sign(&self, key: &MasterKey) -> Vec<u8> {
        key.sign(PURPOSE, &self.bytes())
    }

    /// Everything it says, each part behind its length, so that no two entries have the same bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let created_at = self.created_at.timestamp_micros().to_string();
        let id = self.id.to_string();
        let parts = [
            Some(id.as_str()),
            Some(&self.action),
            Some(&self.actor.0),
            Some(&self.object_type),
            Some(&self.object_id),
            Some(&self.changes.0),
            self.address.as_deref(),
            Some(&self.user_agent),
            self.request_id.as_deref(),
            Some(&created_at),
        ];
        let mut bytes = Vec::new();
        for part in parts {
            let length = part.map_or_else(|| "-".to_owned(), |part| part.len().to_string());
            bytes.extend_from_slice(length.as_bytes());
            bytes.push(b':');
            bytes.extend_from_slice(part.unwrap_or_default().as_bytes());
        }
        bytes
    }
}

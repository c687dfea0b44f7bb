//! Rows of `audit_entries`, each signed with the shop's key.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Json, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use super::json_text::JsonText;
use super::personal::PersonalValues;
use super::{AuditObject, Changes};
use crate::platform::auth::MasterKey;
use crate::platform::db::{fixed_statement, signal_on_commit};
use crate::platform::types::new_uuid;
use crate::platform::write_context::WriteContext;
use crate::schema::audit_entries;

/// Purpose of the key that signs entries.
const PURPOSE: &str = "audit entry";

/// Row of `audit_entries`.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = audit_entries)]
pub struct AuditEntryRow {
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
    /// Inserts the entry, its personal data, and its place in the queue of the chain worker.
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

/// Records an action in the audit log. Runs in the transaction of the action.
///
/// `action` has the form `object_type.past_participle`.
pub fn record(
    conn: &mut PgConnection,
    context: &WriteContext,
    action: &str,
    object: AuditObject,
    changes: Changes,
) -> QueryResult<()> {
    let (mut fields, personal) = changes.into_parts()?;
    let personal = personal.map(|personal| PersonalValues::commit(personal, &mut fields)).transpose()?;
    let mut entry = AuditEntryRow {
        id: new_uuid(),
        action: action.to_owned(),
        actor: JsonText::from_value(&context.actor.to_json()),
        object_type: object.object_type.to_owned(),
        object_id: object.id,
        changes: JsonText::from_value(&Value::Object(fields)),
        address: context.address.clone(),
        user_agent: context.user_agent.clone(),
        request_id: context.request_id.clone(),
        created_at: context.at,
        mac: Vec::new(),
    };
    entry.mac = entry.sign(&context.key);
    entry.insert(conn, personal)?;
    signal_on_commit();
    Ok(())
}

impl AuditEntryRow {
    fn insert(self, conn: &mut PgConnection, personal: Option<PersonalValues>) -> QueryResult<()> {
        let (person, salt, personal) = match personal {
            Some(PersonalValues { person, salt, changes }) => (Some(person), salt, changes),
            None => (None, Vec::new(), JsonText::from_value(&Value::Null)),
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

    /// Returns true if the signature is valid.
    pub(super) fn has_valid_signature(&self, key: &MasterKey) -> bool {
        self.sign(key) == self.mac
    }

    /// Returns true for an entry from the time before entries were signed.
    pub(super) const fn is_unsigned(&self) -> bool {
        self.mac.is_empty()
    }

    fn sign(&self, key: &MasterKey) -> Vec<u8> {
        key.sign(PURPOSE, &self.bytes())
    }

    /// Returns all fields as bytes, each prefixed with its length, so that different entries never have equal bytes.
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

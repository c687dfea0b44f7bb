//! Notes about customers, visible only to staff. A note cannot be changed after its creation.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::errors::DirectoryError;
use crate::customers::accounts;
use crate::platform::api::{DateTimeLookups, ListFilter, ListRequest, Search, View};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::http::request_body;
use crate::platform::types::{ActorView, CustomerId, NonEmptyText, typed_id};
use crate::platform::write_context::WriteContext;
use crate::schema::customer_notes;

typed_id!(
    /// Id of a note about a customer.
    NoteId
);

/// Row of `customer_notes`.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = customer_notes)]
pub struct CustomerNote {
    pub id: NoteId,
    pub text: String,
    pub author: Value,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = customer_notes, row = CustomerNote)]
#[list(order_by(created_at), default = "-created_at")]
pub struct NoteFilter {
    pub created_at: DateTimeLookups,
    /// Words that must each occur in the text. A "quoted phrase" counts as one word.
    #[list(search(text))]
    pub search: Search,
}

pub(super) type NoteList = ListRequest<NoteFilter>;

impl CustomerNote {
    /// Selects the notes about a customer.
    pub(super) fn of_customer(customer: CustomerId) -> customer_notes::BoxedQuery<'static, Pg> {
        customer_notes::table.filter(customer_notes::customer_id.eq(customer)).into_boxed()
    }
}

pub(super) fn find(conn: &mut PgConnection, customer: CustomerId, id: NoteId) -> Result<CustomerNote, DirectoryError> {
    let note = CustomerNote::query().filter(customer_notes::id.eq(id)).filter(customer_notes::customer_id.eq(customer));
    note.first(conn).optional()?.ok_or(DirectoryError::NotFound)
}

/// Creates a note. The actor of the request is its author.
pub(super) fn create(
    conn: &mut PgConnection,
    customer: CustomerId,
    text: &str,
    context: &WriteContext,
) -> Result<CustomerNote, DirectoryError> {
    accounts::lock_customer(conn, customer)?.ok_or(DirectoryError::NotFound)?;
    let note: CustomerNote = diesel::insert_into(customer_notes::table)
        .values((
            customer_notes::id.eq(NoteId::generate()),
            customer_notes::customer_id.eq(customer),
            customer_notes::text.eq(text),
            customer_notes::author.eq(context.actor.to_json()),
            customer_notes::created_at.eq(context.at),
        ))
        .returning(CustomerNote::as_returning())
        .get_result(conn)?;
    audit_note(conn, customer, note.id, "customer_note.created", context)?;
    Ok(note)
}

/// Deletes a note.
pub(super) fn delete(
    conn: &mut PgConnection,
    customer: CustomerId,
    id: NoteId,
    context: &WriteContext,
) -> Result<(), DirectoryError> {
    let note = customer_notes::table.find(id).filter(customer_notes::customer_id.eq(customer));
    if diesel::delete(note).execute(conn)? == 0 {
        return Err(DirectoryError::NotFound);
    }
    audit_note(conn, customer, id, "customer_note.deleted", context)?;
    Ok(())
}

/// Deletes all notes about a customer whose personal data is erased.
pub fn delete_notes(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<()> {
    let notes = customer_notes::table.filter(customer_notes::customer_id.eq(customer));
    diesel::delete(notes).execute(conn).map(|_| ())
}

/// Records an action in the audit log, without the text of the note, because audit entries are permanent.
fn audit_note(
    conn: &mut PgConnection,
    customer: CustomerId,
    id: NoteId,
    action: &str,
    context: &WriteContext,
) -> QueryResult<()> {
    audit::record(conn, context, action, AuditObject::new("customer", customer), Changes::created(&json!({"note": id})))
}

/// Note about a customer.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = CustomerNote, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d43", "text": "Prefers to be called in the evening.",
    "author": {"type": "user", "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d31"}, "created_at": "2026-11-21T08:00:00Z",
}))]
#[view(row = CustomerNote)]
pub struct CustomerNoteView {
    pub id: NoteId,
    pub text: String,
    /// Principal that wrote the note.
    #[schema(value_type = ActorView)]
    pub author: Value,
    pub created_at: DateTime<Utc>,
}

#[request_body(CustomerNoteRequest)]
#[derive(Debug, Clone)]
pub struct NoteBody {
    #[schema(example = "Prefers to be called in the evening.")]
    pub text: NonEmptyText<5000>,
}

//! Notes about customers, for staff alone: written once, never changed.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::errors::DirectoryError;
use crate::customers::accounts;
use crate::platform::api::{
    ListRequest, Moments, Ordering, Resource, Search, Slice, SortColumn, filter, narrow, paginate,
};
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::error::Problem;
use crate::platform::http::body;
use crate::platform::types::{CustomerId, Line, typed_id};
use crate::schema::customer_notes;

typed_id!(
    /// A note about a customer.
    NoteId
);

/// What somebody of the staff wrote about a customer.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = customer_notes)]
pub struct Note {
    pub id: NoteId,
    pub text: String,
    pub author: Value,
    pub created_at: DateTime<Utc>,
}

filter! {
    pub struct NoteFilter {
        "created_at" => pub created_at: Moments,
        /// Every word must be in the text; a "quoted phrase" counts as one.
        "search" => pub search: Search,
    }
}

/// The newest first.
pub struct NoteOrdering;

impl Ordering for NoteOrdering {
    const COLUMNS: &'static [SortColumn] = &[SortColumn::new("created_at", "customer_notes.created_at", "timestamptz")];
    const DEFAULT: &'static str = "-created_at";
    const ID: SortColumn = SortColumn::new("id", "customer_notes.id", "uuid");
}

pub(super) type NoteList = ListRequest<NoteFilter, NoteOrdering>;

impl NoteFilter {
    pub(super) fn page(conn: &mut PgConnection, list: &NoteList, customer: CustomerId) -> Result<Slice<Note>, Problem> {
        Ok(paginate!(conn, || list.filter.query(customer), Note, list))
    }

    fn query(&self, customer: CustomerId) -> customer_notes::BoxedQuery<'static, Pg> {
        let mut query = customer_notes::table.filter(customer_notes::customer_id.eq(customer)).into_boxed();
        narrow!(query, moments, customer_notes::created_at, &self.created_at);
        for pattern in self.search.patterns() {
            query = query.filter(customer_notes::text.ilike(pattern));
        }
        query
    }
}

pub(super) fn find(conn: &mut PgConnection, customer: CustomerId, id: NoteId) -> Result<Note, DirectoryError> {
    let note = Note::query().filter(customer_notes::id.eq(id)).filter(customer_notes::customer_id.eq(customer));
    note.first(conn).optional()?.ok_or(DirectoryError::NotFound)
}

/// Whoever writes it is who sends the request.
pub(super) fn write(
    conn: &mut PgConnection,
    customer: CustomerId,
    text: &str,
    origin: &Origin,
) -> Result<Note, DirectoryError> {
    accounts::lock_customer(conn, customer)?.ok_or(DirectoryError::NotFound)?;
    let note: Note = diesel::insert_into(customer_notes::table)
        .values((
            customer_notes::id.eq(NoteId::generate()),
            customer_notes::customer_id.eq(customer),
            customer_notes::text.eq(text),
            customer_notes::author.eq(origin.actor.to_json()),
            customer_notes::created_at.eq(origin.at),
        ))
        .returning(Note::as_returning())
        .get_result(conn)?;
    tell(conn, origin, "customer_note.created", (customer, note.id))?;
    Ok(note)
}

pub(super) fn remove(
    conn: &mut PgConnection,
    customer: CustomerId,
    id: NoteId,
    origin: &Origin,
) -> Result<(), DirectoryError> {
    let note = customer_notes::table.find(id).filter(customer_notes::customer_id.eq(customer));
    if diesel::delete(note).execute(conn)? == 0 {
        return Err(DirectoryError::NotFound);
    }
    tell(conn, origin, "customer_note.deleted", (customer, id))?;
    Ok(())
}

/// Takes all notes about a customer away, for whoever erases the person.
pub fn forget(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<()> {
    let notes = customer_notes::table.filter(customer_notes::customer_id.eq(customer));
    diesel::delete(notes).execute(conn).map(|_| ())
}

/// What was written stays out of what is kept for ever.
fn tell(conn: &mut PgConnection, origin: &Origin, action: &str, note: (CustomerId, NoteId)) -> QueryResult<()> {
    let (customer, id) = note;
    audit::record(conn, origin, action, ("customer", customer.to_string()), Changes::created(&json!({"note": id})))
}

/// A note about a customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerNote)]
pub struct NoteView {
    pub id: NoteId,
    pub text: String,
    /// Who wrote it.
    #[schema(value_type = Object)]
    pub author: Value,
    pub created_at: DateTime<Utc>,
}

impl Resource for NoteView {}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        let Note { id, text, author, created_at } = note;
        Self { id, text, author, created_at }
    }
}

body! {
    #[schema(as = CustomerNoteRequest)]
    pub struct NoteBody {
        #[schema(value_type = String, min_length = 1, max_length = 5000, example = "Prefers to be called in the evening.")]
        pub text: Line<5000>,
    }
}

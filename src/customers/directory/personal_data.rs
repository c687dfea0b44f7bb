//! What staff have written about a person.

use diesel::prelude::*;
use serde_json::{Value, json};

use super::notes::{Note, forget};
use crate::platform::audit::Origin;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;
use crate::schema::customer_notes;

/// Notes about a customer; not who wrote them.
#[derive(Debug, Clone, Copy)]
pub struct NoteData;

impl PersonalData for NoteData {
    fn section(&self) -> &'static str {
        "notes"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let notes = Note::query().filter(customer_notes::customer_id.eq(customer)).order(customer_notes::id);
        let shown = notes.load(conn)?.into_iter();
        Ok(shown.map(|note| json!({"text": note.text, "created_at": note.created_at})).collect())
    }

    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, _: &Origin) -> QueryResult<()> {
        forget(conn, customer)
    }
}

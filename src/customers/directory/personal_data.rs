//! Export and erasure of the notes about a customer.

use diesel::prelude::*;
use serde_json::{Value, json};

use super::notes::{CustomerNote, delete_notes};
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;
use crate::schema::customer_notes;

/// Notes about a customer, as personal data. The export omits their authors.
#[derive(Debug, Clone, Copy)]
pub struct CustomerNoteData;

impl PersonalData for CustomerNoteData {
    fn section(&self) -> &'static str {
        "notes"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let notes = CustomerNote::query().filter(customer_notes::customer_id.eq(customer)).order(customer_notes::id);
        let notes = notes.load(conn)?.into_iter();
        Ok(notes.map(|note| json!({"text": note.text, "created_at": note.created_at})).collect())
    }

    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, _: &WriteContext) -> QueryResult<()> {
        delete_notes(conn, customer)
    }
}

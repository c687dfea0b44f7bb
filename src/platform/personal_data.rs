//! What the shop knows of people: every room that keeps some says how it is shown to them and how it is forgotten.
//!
//! Rooms below cannot ask those above them; they ask this list, which the composition root fills.

use std::sync::Arc;

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Map, Value};

use super::audit::Origin;
use super::types::CustomerId;

/// A room that keeps something about people.
pub trait PersonalData: Send + Sync {
    /// The name of its part of an export.
    fn section(&self) -> &'static str;

    /// All that it knows of a customer.
    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value>;

    /// What must end before a customer can be forgotten, in words for them.
    fn hindrance(&self, _conn: &mut PgConnection, _customer: CustomerId) -> QueryResult<Option<String>> {
        Ok(None)
    }

    /// Takes away what opens the account beside its password. Whoever proves an address for the first time may find an
    /// account that a stranger made with it, and what the stranger left there must not open it any more.
    fn disown(&self, _conn: &mut PgConnection, _customer: CustomerId, _origin: &Origin) -> QueryResult<()> {
        Ok(())
    }

    /// Forgets the person and keeps the books. Runs in the caller's transaction, before the account goes, and maybe
    /// twice.
    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, origin: &Origin) -> QueryResult<()>;
}

/// All of them.
#[derive(Clone, Default)]
pub struct PersonalDataRegistry(Vec<Arc<dyn PersonalData>>);

impl PersonalDataRegistry {
    #[must_use]
    pub fn with(mut self, room: impl PersonalData + 'static) -> Self {
        self.0.push(Arc::new(room));
        self
    }

    /// Each room's part under its name.
    pub fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Map<String, Value>> {
        self.0.iter().map(|room| Ok((room.section().to_owned(), room.export(conn, customer)?))).collect()
    }

    /// The first that keeps a customer from being forgotten.
    pub fn hindrance(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Option<String>> {
        for room in &self.0 {
            if let Some(hindrance) = room.hindrance(conn, customer)? {
                return Ok(Some(hindrance));
            }
        }
        Ok(None)
    }

    pub fn disown(&self, conn: &mut PgConnection, customer: CustomerId, origin: &Origin) -> QueryResult<()> {
        self.0.iter().try_for_each(|room| room.disown(conn, customer, origin))
    }

    pub fn erase(&self, conn: &mut PgConnection, customer: CustomerId, origin: &Origin) -> QueryResult<()> {
        self.0.iter().try_for_each(|room| room.erase(conn, customer, origin))
    }
}

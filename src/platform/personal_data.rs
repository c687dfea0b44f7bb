//! Export and erasure of personal data: each room that stores personal data implements [`PersonalData`].
//!
//! A lower room cannot call a higher one, so it calls this registry, which the composition root fills.

use std::sync::Arc;

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Map, Value};

use super::types::CustomerId;
use super::write_context::WriteContext;

/// Room that stores personal data.
pub trait PersonalData: Send + Sync {
    /// Returns the name of the room's section in an export.
    fn section(&self) -> &'static str;

    /// Returns all data that the room stores about a customer.
    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value>;

    /// Returns the reason why the customer cannot be erased yet, as a message for the customer.
    fn erasure_blocker(&self, _conn: &mut PgConnection, _customer: CustomerId) -> QueryResult<Option<String>> {
        Ok(None)
    }

    /// Removes every credential of the account except the password.
    ///
    /// Another person can register an address before its owner does. When the owner verifies the address for the first
    /// time, the credentials that the other person added must stop working.
    fn remove_secondary_credentials(
        &self,
        _conn: &mut PgConnection,
        _customer: CustomerId,
        _context: &WriteContext,
    ) -> QueryResult<()> {
        Ok(())
    }

    /// Erases the personal data and keeps the records that accounting needs.
    ///
    /// Runs in the caller's transaction, before the account is erased. It can run twice.
    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, context: &WriteContext) -> QueryResult<()>;
}

/// All rooms that store personal data.
#[derive(Clone, Default)]
pub struct PersonalDataRegistry(Vec<Arc<dyn PersonalData>>);

impl PersonalDataRegistry {
    #[must_use]
    pub fn with(mut self, room: impl PersonalData + 'static) -> Self {
        self.0.push(Arc::new(room));
        self
    }

    /// Returns the section of each room, by its name.
    pub fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Map<String, Value>> {
        self.0.iter().map(|room| Ok((room.section().to_owned(), room.export(conn, customer)?))).collect()
    }

    /// Returns the first reason why the customer cannot be erased yet.
    pub fn erasure_blocker(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Option<String>> {
        for room in &self.0 {
            if let Some(reason) = room.erasure_blocker(conn, customer)? {
                return Ok(Some(reason));
            }
        }
        Ok(None)
    }

    pub fn remove_secondary_credentials(
        &self,
        conn: &mut PgConnection,
        customer: CustomerId,
        context: &WriteContext,
    ) -> QueryResult<()> {
        self.0.iter().try_for_each(|room| room.remove_secondary_credentials(conn, customer, context))
    }

    pub fn erase(&self, conn: &mut PgConnection, customer: CustomerId, context: &WriteContext) -> QueryResult<()> {
        self.0.iter().try_for_each(|room| room.erase(conn, customer, context))
    }
}

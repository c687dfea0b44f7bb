//! Personal data in sessions.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::models::SessionHistory;
use crate::customers::accounts;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;

/// Devices, addresses and times of a customer's sessions.
#[derive(Debug, Clone, Copy)]
pub struct SessionData;

impl PersonalData for SessionData {
    fn section(&self) -> &'static str {
        "sessions"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let user = accounts::find_user_id(conn, customer)?;
        let sessions = user.map(|user| SessionHistory::list(conn, user)).transpose()?.unwrap_or_default();
        let sessions = sessions.into_iter().map(|session| {
            json!({
                "device": session.user_agent,
                "address": session.address,
                "created_at": session.created_at,
                "last_used_at": session.last_used_at,
                "ended_at": session.revoked_at,
            })
        });
        Ok(sessions.collect())
    }

    /// Does nothing: sessions are deleted with their user.
    fn erase(&self, _: &mut PgConnection, _: CustomerId, _: &WriteContext) -> QueryResult<()> {
        Ok(())
    }
}

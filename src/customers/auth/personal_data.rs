//! What sessions know of a person.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::models::SessionTrace;
use crate::customers::accounts;
use crate::platform::audit::Origin;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;

/// Where and when somebody was signed in.
#[derive(Debug, Clone, Copy)]
pub struct SessionData;

impl PersonalData for SessionData {
    fn section(&self) -> &'static str {
        "sessions"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let user = accounts::user_of(conn, customer)?;
        let traces = user.map(|user| SessionTrace::of_user(conn, user)).transpose()?.unwrap_or_default();
        let shown = traces.into_iter().map(|trace| {
            json!({
                "device": trace.user_agent,
                "address": trace.address,
                "created_at": trace.created_at,
                "last_used_at": trace.last_used_at,
                "ended_at": trace.revoked_at,
            })
        });
        Ok(shown.collect())
    }

    /// They go with the user.
    fn erase(&self, _: &mut PgConnection, _: CustomerId, _: &Origin) -> QueryResult<()> {
        Ok(())
    }
}

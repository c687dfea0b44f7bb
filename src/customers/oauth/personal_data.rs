//! What is known of people at other providers.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::models::Identity;
use crate::customers::accounts;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;

/// The accounts elsewhere that open somebody's account here.
#[derive(Debug, Clone, Copy)]
pub struct IdentityData;

impl PersonalData for IdentityData {
    fn section(&self) -> &'static str {
        "social_accounts"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let user = accounts::find_customer(conn, customer)?.and_then(|customer| customer.user_id);
        let identities = user.map(|user| Identity::list(conn, user)).transpose()?.unwrap_or_default();
        let shown = identities.into_iter().map(|identity| {
            json!({
                "provider": identity.provider, "uid": identity.subject, "email": identity.email,
                "created_at": identity.created_at, "last_used_at": identity.last_used_at,
            })
        });
        Ok(shown.collect())
    }

    fn disown(&self, conn: &mut PgConnection, customer: CustomerId, origin: &Origin) -> QueryResult<()> {
        let user = accounts::find_customer(conn, customer)?.and_then(|customer| customer.user_id);
        let Some(user) = user else { return Ok(()) };
        for identity in Identity::lock_all(conn, user)? {
            identity.delete(conn)?;
            let told = Changes::deleted(&json!({"provider": identity.provider, "identity": identity.id}));
            audit::record(conn, origin, "user.identity_unlinked", ("user", user.to_string()), told)?;
        }
        Ok(())
    }

    /// They go with the user.
    fn erase(&self, _: &mut PgConnection, _: CustomerId, _: &Origin) -> QueryResult<()> {
        Ok(())
    }
}

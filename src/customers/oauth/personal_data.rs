//! What is known of people at other providers.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::models::Identity;
use super::services;
use crate::customers::accounts;
use crate::platform::audit::Origin;
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
        let user = accounts::user_of(conn, customer)?;
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
        let Some(user) = accounts::user_of(conn, customer)? else { return Ok(()) };
        Identity::lock_all(conn, user)?.iter().try_for_each(|identity| services::remove(conn, identity, origin))
    }

    /// They go with the user.
    fn erase(&self, _: &mut PgConnection, _: CustomerId, _: &Origin) -> QueryResult<()> {
        Ok(())
    }
}

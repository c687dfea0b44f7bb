//! Personal data of linked identities.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::models::Identity;
use super::services;
use crate::customers::accounts;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;

/// Identities at providers that are linked to a customer's account.
#[derive(Debug, Clone, Copy)]
pub struct IdentityData;

impl PersonalData for IdentityData {
    fn section(&self) -> &'static str {
        "social_accounts"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let user = accounts::find_user_id(conn, customer)?;
        let identities = user.map(|user| Identity::list(conn, user)).transpose()?.unwrap_or_default();
        let exported = identities.into_iter().map(|identity| {
            json!({
                "provider": identity.provider, "uid": identity.subject, "email": identity.email,
                "created_at": identity.created_at, "last_used_at": identity.last_used_at,
            })
        });
        Ok(exported.collect())
    }

    fn remove_secondary_credentials(
        &self,
        conn: &mut PgConnection,
        customer: CustomerId,
        context: &WriteContext,
    ) -> QueryResult<()> {
        let Some(user) = accounts::find_user_id(conn, customer)? else { return Ok(()) };
        Identity::lock_all(conn, user)?
            .iter()
            .try_for_each(|identity| services::delete_identity(conn, identity, context))
    }

    /// Does nothing: the database deletes identities with the user.
    fn erase(&self, _: &mut PgConnection, _: CustomerId, _: &WriteContext) -> QueryResult<()> {
        Ok(())
    }
}

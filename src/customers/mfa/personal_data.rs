//! Personal data in second factors.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use crate::customers::accounts;
use crate::customers::passkeys;
use crate::customers::totp;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;

/// Kinds and names of a customer's second factors, without their secrets.
#[derive(Debug, Clone, Copy)]
pub struct FactorData;

impl PersonalData for FactorData {
    fn section(&self) -> &'static str {
        "second_factors"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let Some(user) = accounts::find_user_id(conn, customer)? else { return Ok(Value::Null) };
        let passkeys = passkeys::list_passkeys(conn, user)?.into_iter().map(|passkey| {
            json!({
                "name": passkey.name, "created_at": passkey.created_at, "last_used_at": passkey.last_used_at,
            })
        });
        Ok(json!({
            "passkeys": passkeys.collect::<Value>(),
            "totp": totp::has_totp(conn, user)?,
            "recovery_codes_left": totp::recovery_codes_left(conn, user)?,
        }))
    }

    /// Deletes all second factors. A person who does not own the e-mail address could have set them up.
    fn remove_secondary_credentials(
        &self,
        conn: &mut PgConnection,
        customer: CustomerId,
        context: &WriteContext,
    ) -> QueryResult<()> {
        let Some(user) = accounts::find_user_id(conn, customer)? else { return Ok(()) };
        let deleted = totp::delete_factors(conn, user)? + passkeys::delete_passkeys(conn, user)?;
        if deleted == 0 {
            return Ok(());
        }
        audit::record(conn, context, "user.factors_disowned", AuditObject::new("user", user), Changes::none())
    }

    /// Does nothing: second factors are deleted with their user.
    fn erase(&self, _: &mut PgConnection, _: CustomerId, _: &WriteContext) -> QueryResult<()> {
        Ok(())
    }
}

//! What second factors know of a person.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::models::{Passkey, RecoveryCodes, TotpDevice};
use crate::customers::accounts;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;

/// Which factors somebody has; never what they are made of.
#[derive(Debug, Clone, Copy)]
pub struct FactorData;

impl PersonalData for FactorData {
    fn section(&self) -> &'static str {
        "second_factors"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let Some(user) = accounts::user_of(conn, customer)? else { return Ok(Value::Null) };
        let passkeys = Passkey::of_user(conn, user)?.into_iter().map(|passkey| {
            json!({
                "name": passkey.name, "created_at": passkey.created_at, "last_used_at": passkey.last_used_at,
            })
        });
        Ok(json!({
            "passkeys": passkeys.collect::<Value>(),
            "totp": TotpDevice::is_active(conn, user)?,
            "recovery_codes_left": RecoveryCodes::left(conn, user)?,
        }))
    }

    fn disown(&self, conn: &mut PgConnection, customer: CustomerId, origin: &Origin) -> QueryResult<()> {
        let Some(user) = accounts::user_of(conn, customer)? else { return Ok(()) };
        let gone =
            TotpDevice::delete(conn, user)? + Passkey::delete_of(conn, user)? + RecoveryCodes::delete(conn, user)?;
        if gone == 0 {
            return Ok(());
        }
        audit::record(conn, origin, "user.factors_disowned", ("user", user.to_string()), Changes::none())
    }

    /// They go with the user.
    fn erase(&self, _: &mut PgConnection, _: CustomerId, _: &Origin) -> QueryResult<()> {
        Ok(())
    }
}

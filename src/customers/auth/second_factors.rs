//! Second factors that a user can sign in with.

use diesel::dsl::exists;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::types::UserId;
use crate::schema::{passkeys, recovery_codes, totp_devices};

/// Method of submitting a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Method)]
pub enum SecondFactorMethod {
    /// Code of an authenticator app.
    Totp,
    /// Recovery code, in place of a code of the authenticator app.
    RecoveryCode,
    /// Passkey.
    Passkey,
}

impl SecondFactorMethod {
    /// Returns the name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::Passkey => "passkey",
        }
    }

    /// Returns the methods that a user has set up. Recovery codes count only together with another factor.
    pub(super) fn list(conn: &mut PgConnection, user: UserId) -> QueryResult<Vec<Self>> {
        let totp = totp_devices::table.find(user).filter(totp_devices::confirmed_at.is_not_null());
        let codes = recovery_codes::table.filter(recovery_codes::user_id.eq(user));
        let unused_codes = codes.filter(recovery_codes::used_at.is_null());
        let keys = passkeys::table.filter(passkeys::user_id.eq(user));
        let (has_totp, has_codes, has_passkey): (bool, bool, bool) =
            diesel::select((exists(totp), exists(unused_codes), exists(keys))).first(conn)?;
        let methods = [
            (has_totp, Self::Totp),
            (has_codes && (has_totp || has_passkey), Self::RecoveryCode),
            (has_passkey, Self::Passkey),
        ];
        Ok(methods.into_iter().filter_map(|(is_available, method)| is_available.then_some(method)).collect())
    }
}

/// Returns true if the user can sign in with a passkey.
pub fn has_passkey(conn: &mut PgConnection, user: UserId) -> QueryResult<bool> {
    diesel::select(exists(passkeys::table.filter(passkeys::user_id.eq(user)))).first(conn)
}

/// Token and methods with which the client completes a sign-in.
#[derive(Debug, Clone)]
pub struct PendingSecondFactor {
    /// Single-use token. The database stores only its hash.
    pub token: String,
    pub methods: Vec<SecondFactorMethod>,
}

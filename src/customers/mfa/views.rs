//! Response body of the status of second factors.

use serde::Serialize;
use utoipa::ToSchema;

use super::services::Factors;
use crate::platform::api::Resource;

/// Second factors of the signed-in user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MfaStatus)]
pub struct MfaStatusView {
    /// True if the user has an authenticator app.
    pub totp: bool,
    /// Number of passkeys.
    pub passkeys: usize,
    /// Number of unused recovery codes.
    pub recovery_codes_left: i64,
    /// True if the shop requires a second factor from this user.
    pub required: bool,
}

impl MfaStatusView {
    pub(super) const fn new(factors: Factors, required: bool) -> Self {
        let Factors { has_totp, passkeys, recovery_codes_left } = factors;
        Self { totp: has_totp, passkeys, recovery_codes_left, required }
    }
}

impl Resource for MfaStatusView {}

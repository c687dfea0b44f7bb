//! Request and response bodies of passkeys.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::models::{Passkey, PasskeyId};
use crate::platform::api::Resource;
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, request_body};
use crate::platform::types::{JsonObject, NonEmptyText, Text};

/// Result of `credential.toJSON()` in a browser.
#[derive(Debug, Clone)]
pub struct PasskeyCredential(pub Value);

impl FromJson for PasskeyCredential {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        if value.is_object() {
            return Ok(Self(value));
        }
        Err(ErrorTree::message("invalid", "Send the object that credential.toJSON() returns."))
    }
}

/// Name of a passkey that the user has not named.
const DEFAULT_NAME: &str = "Passkey";

/// New passkey.
#[request_body(PasskeyRegistrationRequest)]
#[derive(Debug, Clone)]
pub struct PasskeyRegistrationBody {
    /// Result of `credential.toJSON()`.
    #[schema(value_type = JsonObject)]
    pub credential: PasskeyCredential,
    /// Name that the user gives the passkey. Defaults to `Passkey`.
    #[schema(example = "Laptop")]
    pub name: Option<Text<60>>,
}

impl PasskeyRegistrationBody {
    /// Returns the name, or the default name.
    pub(super) fn name(&self) -> String {
        let name = self.name.clone().map(Text::into_inner).filter(|name| !name.is_empty());
        name.unwrap_or_else(|| DEFAULT_NAME.to_owned())
    }
}

/// Credential of a passkey, for a sign-in.
#[request_body(PasskeySignInRequest)]
#[derive(Debug, Clone)]
pub struct PasskeySignInBody {
    /// Result of `credential.toJSON()`.
    #[schema(value_type = JsonObject)]
    pub credential: PasskeyCredential,
    /// For browsers: stores the session in cookies and leaves the tokens in the response empty.
    pub cookie: Option<bool>,
}

/// Token of a sign-in that requires a second factor.
#[request_body(MfaTokenRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"mfa_token": "mfa_3Hn8Zc5Vq1"}))]
pub struct MfaTokenBody {
    pub mfa_token: NonEmptyText<100>,
}

/// Token of the sign-in, and the credential of a passkey.
#[request_body(PasskeyVerificationRequest)]
#[derive(Debug, Clone)]
pub struct PasskeyVerificationBody {
    pub mfa_token: NonEmptyText<100>,
    /// Result of `credential.toJSON()`.
    #[schema(value_type = JsonObject)]
    pub credential: PasskeyCredential,
    /// For browsers: stores the session in cookies and leaves the tokens in the response empty.
    pub cookie: Option<bool>,
}

#[request_body(PatchedPasskeyRequest, partial)]
pub struct PatchedPasskeyBody {
    #[schema(example = "Laptop")]
    pub name: Option<NonEmptyText<60>>,
}

/// Passkey of the signed-in user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Passkey, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d57", "name": "Laptop", "created_at": "2026-11-02T09:00:00Z",
    "last_used_at": "2026-11-21T08:00:00Z",
}))]
pub struct PasskeyView {
    pub id: PasskeyId,
    #[schema(example = "Laptop")]
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    pub version: i32,
}

impl Resource for PasskeyView {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        let Passkey { id, name, created_at, last_used_at, version, .. } = passkey;
        Self { id, name, created_at, last_used_at, version }
    }
}

/// New passkey, with recovery codes if it is the user's first second factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewPasskey)]
pub struct NewPasskeyView {
    #[serde(flatten)]
    pub passkey: PasskeyView,
    /// Recovery codes, which the server cannot return again. Null if the user already has recovery codes.
    pub recovery_codes: Option<Vec<String>>,
}

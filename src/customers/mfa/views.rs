//! Second factors as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::models::{Passkey, PasskeyId};
use super::services::{Factors, Shown, TotpSetup};
use crate::customers::accounts::Password;
use crate::platform::api::Resource;
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, body, patch_body};
use crate::platform::types::{Line, Paragraph};

/// Which second factors somebody has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MfaStatus)]
pub struct StatusView {
    /// An authenticator app.
    pub totp: bool,
    pub passkeys: usize,
    pub recovery_codes_left: i64,
    /// Whether the shop asks a second factor of this user.
    pub required: bool,
    #[serde(skip)]
    pub(super) version: Option<i32>,
}

impl StatusView {
    pub(super) const fn new(factors: Factors, required: bool) -> Self {
        let Factors { has_totp, passkeys, recovery_codes_left } = factors;
        Self { totp: has_totp, passkeys, recovery_codes_left, required, version: None }
    }
}

impl Resource for StatusView {
    fn version(&self) -> Option<i32> {
        self.version
    }
}

body! {
    /// That it is the owner who asks.
    #[schema(as = PasswordConfirmationRequest)]
    pub struct PasswordBody {
        /// Needed of everybody who has one; others must have signed in within ten minutes.
        #[schema(value_type = Option<String>, format = Password)]
        pub password: Option<Password>,
    }
}

/// What an authenticator app is set up with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TotpSetup)]
pub struct TotpSetupView {
    /// In base 32, for typing.
    pub secret: String,
    /// For a QR code.
    pub otpauth_url: String,
}

impl From<TotpSetup> for TotpSetupView {
    fn from(TotpSetup { secret, otpauth_url }: TotpSetup) -> Self {
        Self { secret, otpauth_url }
    }
}

body! {
    #[schema(as = TotpConfirmationRequest, example = json!({"code": "123456"}))]
    pub struct CodeBody {
        /// What the app shows.
        pub code: Line<16>,
    }
}

/// Codes that are each good once, shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub struct RecoveryCodesView {
    pub recovery_codes: Vec<String>,
}

body! {
    /// The password, and one of the two codes. Who has no app may leave the codes away within ten minutes of signing
    /// in.
    #[schema(as = FactorConfirmationRequest, example = json!({"password": "correct horse", "code": "123456"}))]
    pub struct ProofBody {
        /// Needed of everybody who has one; others must have signed in within ten minutes.
        #[schema(value_type = Option<String>, format = Password)]
        pub password: Option<Password>,
        /// What the app shows.
        pub code: Option<Paragraph<16>>,
        pub recovery_code: Option<Paragraph<40>>,
    }
}

body! {
    /// One of the two codes, and the token that signing in gave.
    #[schema(as = MfaVerificationRequest, example = json!({"mfa_token": "3q2-7wAB", "code": "123456"}))]
    pub struct VerificationBody {
        pub mfa_token: Line<100>,
        /// What the app shows.
        pub code: Option<Paragraph<16>>,
        pub recovery_code: Option<Paragraph<40>>,
        /// True in a browser: the session goes into a cookie, and no tokens are answered.
        pub cookie: Option<bool>,
    }
}

/// The code counts where both are sent; nothing where both are empty.
pub(super) fn shown(code: Option<Paragraph<16>>, recovery_code: Option<Paragraph<40>>) -> Shown {
    let code = code.map(Paragraph::into_inner).filter(|code| !code.is_empty());
    let recovery_code = recovery_code.map(Paragraph::into_inner).filter(|code| !code.is_empty());
    match (code, recovery_code) {
        (Some(code), _) => Shown::Code(code),
        (None, Some(code)) => Shown::RecoveryCode(code),
        (None, None) => Shown::Nothing,
    }
}

/// What a browser's `credential.toJSON()` gives.
#[derive(Debug, Clone)]
pub struct Credential(pub Value);

impl FromJson for Credential {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        if value.is_object() {
            return Ok(Self(value));
        }
        Err(ErrorTree::message("invalid", "Not a credential."))
    }
}

body! {
    /// A new passkey.
    #[schema(as = PasskeyRegistrationRequest)]
    pub struct RegistrationBody {
        /// What `credential.toJSON()` gives.
        #[schema(value_type = Object)]
        pub credential: Credential,
        /// What the owner calls it.
        pub name: Option<Paragraph<60>>,
    }
}

body! {
    /// The answer of a passkey.
    #[schema(as = PasskeySignInRequest)]
    pub struct AssertionBody {
        /// What `credential.toJSON()` gives.
        #[schema(value_type = Object)]
        pub credential: Credential,
        /// True in a browser: the session goes into a cookie, and no tokens are answered.
        pub cookie: Option<bool>,
    }
}

body! {
    /// The token that signing in gave.
    #[schema(as = MfaTokenRequest)]
    pub struct TokenBody {
        pub mfa_token: Line<100>,
    }
}

body! {
    /// The answer of a passkey, and the token that signing in gave.
    #[schema(as = PasskeyVerificationRequest)]
    pub struct SecondFactorBody {
        pub mfa_token: Line<100>,
        /// What `credential.toJSON()` gives.
        #[schema(value_type = Object)]
        pub credential: Credential,
        /// True in a browser: the session goes into a cookie, and no tokens are answered.
        pub cookie: Option<bool>,
    }
}

patch_body! {
    #[schema(as = PatchedPasskeyRequest)]
    pub struct PatchedPasskeyBody {
        pub name: Option<Line<60>>,
    }
}

/// A passkey.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Passkey)]
pub struct PasskeyView {
    pub id: PasskeyId,
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

/// A passkey that was just made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NewPasskey)]
pub struct NewPasskeyView {
    #[serde(flatten)]
    pub passkey: PasskeyView,
    /// Shown this once; null where the user has codes already.
    pub recovery_codes: Option<Vec<String>>,
}

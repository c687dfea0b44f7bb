//! Request and response bodies of authenticator apps and recovery codes.

use serde::Serialize;
use utoipa::ToSchema;

use super::checks::SubmittedFactor;
use super::services::TotpSetup;
use crate::customers::passwords::Password;
use crate::platform::http::request_body;
use crate::platform::types::{NonEmptyText, Text};

/// Password of the signed-in user.
#[request_body(PasswordConfirmationRequest)]
#[derive(Debug, Clone)]
pub struct PasswordConfirmationBody {
    /// Required for an account with a password. Other accounts need a sign-in within the last ten minutes.
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Password>,
}

/// Values with which a user sets up an authenticator app.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TotpSetup, example = json!({
    "secret": "JBSWY3DPEHPK3PXP",
    "otpauth_url": "otpauth://totp/Mercer:ana@example.com?secret=JBSWY3DPEHPK3PXP&issuer=Mercer",
}))]
pub struct TotpSetupView {
    /// Secret in base 32, for typing into the app.
    pub secret: String,
    /// URL for a QR code.
    pub otpauth_url: String,
}

impl From<TotpSetup> for TotpSetupView {
    fn from(TotpSetup { secret, otpauth_url }: TotpSetup) -> Self {
        Self { secret, otpauth_url }
    }
}

#[request_body(TotpConfirmationRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"code": "123456"}))]
pub struct TotpConfirmationBody {
    /// Current code of the authenticator app.
    pub code: NonEmptyText<16>,
}

/// New recovery codes. Each works once, and the server cannot return them again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RecoveryCodes, example = json!({"recovery_codes": ["abcd-efgh-ijkl-mnop", "qrst-uvwx-yz23-4567"]}))]
pub struct RecoveryCodesView {
    pub recovery_codes: Vec<String>,
}

/// Password, and a code or a recovery code. A user without an authenticator app can omit both codes within ten
/// minutes after signing in.
#[request_body(FactorConfirmationRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"password": "correct horse", "code": "123456"}))]
pub struct FactorConfirmationBody {
    /// Required for an account with a password. Other accounts need a sign-in within the last ten minutes.
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Password>,
    /// Current code of the authenticator app.
    pub code: Option<Text<16>>,
    pub recovery_code: Option<Text<40>>,
}

impl FactorConfirmationBody {
    /// Returns the password and the submitted second factor.
    pub fn into_parts(self) -> (Option<Password>, SubmittedFactor) {
        (self.password, submitted_factor(self.code, self.recovery_code))
    }
}

/// Token of the sign-in, and a code or a recovery code.
#[request_body(MfaVerificationRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"mfa_token": "3q2-7wAB", "code": "123456"}))]
pub struct MfaVerificationBody {
    pub mfa_token: NonEmptyText<100>,
    /// Current code of the authenticator app.
    pub code: Option<Text<16>>,
    pub recovery_code: Option<Text<40>>,
    /// For browsers: stores the session in cookies and leaves the tokens in the response empty.
    pub cookie: Option<bool>,
}

impl MfaVerificationBody {
    /// Returns the `mfa_token` and the submitted second factor.
    pub(super) fn into_parts(self) -> (String, SubmittedFactor) {
        (self.mfa_token.into_inner(), submitted_factor(self.code, self.recovery_code))
    }
}

/// Prefers the code if both are submitted. Empty values count as missing.
fn submitted_factor(code: Option<Text<16>>, recovery_code: Option<Text<40>>) -> SubmittedFactor {
    let code = code.map(Text::into_inner).filter(|code| !code.is_empty());
    let recovery_code = recovery_code.map(Text::into_inner).filter(|code| !code.is_empty());
    match (code, recovery_code) {
        (Some(code), _) => SubmittedFactor::Code(code),
        (None, Some(code)) => SubmittedFactor::RecoveryCode(code),
        (None, None) => SubmittedFactor::None,
    }
}

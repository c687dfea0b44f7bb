//! Request and response bodies of registration, sign-in and tokens.

use serde::Serialize;
use utoipa::ToSchema;

use super::second_factors::{PendingSecondFactor, SecondFactorMethod};
use crate::customers::accounts::{NewAccount, User, UserView};
use crate::customers::passwords::{NewPassword, Password, PasswordHash};
use crate::platform::auth::IssuedTokens;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::request_body;
use crate::platform::types::{Email, Language, Phone, Text};

/// A new customer.
#[request_body(RegistrationRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({
    "email": "ana@example.com", "password1": "correct horse", "password2": "correct horse", "first_name": "Ana",
    "last_name": "Wanjiru",
}))]
pub struct RegistrationBody {
    pub email: Email,
    /// At least 8 characters.
    #[schema(value_type = String, format = Password, min_length = 8, example = "correct horse")]
    pub password1: NewPassword,
    /// The same password again.
    #[schema(value_type = String, format = Password, min_length = 8, example = "correct horse")]
    pub password2: Password,
    pub first_name: Option<Text<150>>,
    pub last_name: Option<Text<150>>,
    pub phone: Option<Phone>,
    /// Language of the messages to the customer. Defaults to `en`.
    pub language: Option<Language>,
    /// For browsers: stores the session in cookies and leaves the tokens in the response empty.
    pub cookie: Option<bool>,
}

impl RegistrationBody {
    /// Checks the rules that involve several fields.
    pub fn check(&self, shop_name: &str) -> Result<(), Problem> {
        if !self.password1.equals(&self.password2) {
            let text = "The two password fields didn't match.";
            return Err(Problem::invalid(ErrorTree::non_field("password_mismatch", text)));
        }
        let name = |name: &Option<Text<150>>| name.clone().map(Text::into_inner).unwrap_or_default();
        let (first, last) = (name(&self.first_name), name(&self.last_name));
        let similarity = self.password1.check_similarity(shop_name, &[self.email.as_str(), &first, &last]);
        similarity.map_err(|error| Problem::invalid(ErrorTree::member("password1", error)))
    }

    /// Returns the account with this password hash, which the caller has computed from `password1`.
    pub fn into_account(self, hash: PasswordHash) -> NewAccount {
        NewAccount {
            email: self.email,
            password_hash: Some(hash),
            first_name: self.first_name.map(Text::into_inner).unwrap_or_default(),
            last_name: self.last_name.map(Text::into_inner).unwrap_or_default(),
            phone: self.phone,
            language: self.language.unwrap_or_default(),
            is_staff: false,
            is_superuser: false,
        }
    }
}

/// E-mail address, as `email` or `username`, and password.
#[request_body(LoginRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"email": "ana@example.com", "password": "mercer-demo"}))]
pub struct LoginBody {
    pub email: Option<Text<254>>,
    /// The e-mail address, for clients that use this name.
    pub username: Option<Text<254>>,
    pub password: Password,
    /// For browsers, only at `login/`: stores the session in cookies and leaves the tokens in the response empty.
    pub cookie: Option<bool>,
}

impl LoginBody {
    /// Returns the account name for counting attempts: the normalized e-mail address, or the submitted text in lower
    /// case.
    pub fn account(&self) -> String {
        let submitted = self.submitted_email().unwrap_or_default();
        submitted.parse::<Email>().map_or_else(|_| submitted.to_lowercase(), |email| email.as_str().to_owned())
    }

    /// Returns the e-mail address, or None if the text is not a valid address. The server treats an invalid address
    /// like an unknown one.
    pub fn email(&self) -> Result<Option<Email>, Problem> {
        match self.submitted_email().filter(|text| !text.is_empty()) {
            Some(text) => Ok(text.parse().ok()),
            None => Err(Problem::invalid(ErrorTree::member("email", ErrorTree::required()))),
        }
    }

    fn submitted_email(&self) -> Option<String> {
        self.email.clone().or_else(|| self.username.clone()).map(Text::into_inner)
    }
}

#[request_body(RefreshRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"refresh": "eyJhbGciOiJFUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"}))]
pub struct RefreshBody {
    pub refresh: String,
}

/// Refresh token of the session to revoke. Without it, the server revokes the session of the request.
#[request_body(LogoutRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"refresh": "eyJhbGciOiJFUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl"}))]
pub struct LogoutBody {
    pub refresh: Option<String>,
}

#[request_body(VerifyRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTkwIn0.c2lnbmF0dXJl"}))]
pub struct VerifyBody {
    /// Access or refresh token.
    pub token: String,
}

/// Access and refresh token of a session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenPair, example = json!({
    "access": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTkwIn0.c2lnbmF0dXJl",
    "refresh": "eyJhbGciOiJFUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl",
}))]
pub struct TokenPairView {
    pub access: String,
    pub refresh: String,
}

impl From<IssuedTokens> for TokenPairView {
    fn from(tokens: IssuedTokens) -> Self {
        Self { access: tokens.access, refresh: tokens.refresh }
    }
}

/// Tokens and user of a session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Login, example = json!({
    "access": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTkwIn0.c2lnbmF0dXJl",
    "refresh": "eyJhbGciOiJFUzI1NiJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCJ9.c2lnbmF0dXJl",
    "user": {
        "pk": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d02", "email": "ana@example.com", "first_name": "Ana",
        "last_name": "Wanjiru",
    },
}))]
pub struct LoginView {
    pub access: String,
    pub refresh: String,
    pub user: UserView,
    /// Value of the header `X-CSRFToken`, if the session is in a cookie. `access` and `refresh` are then empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csrf_token: Option<String>,
}

impl LoginView {
    pub fn with_tokens(tokens: IssuedTokens, user: User) -> Self {
        Self { access: tokens.access, refresh: tokens.refresh, user: user.into(), csrf_token: None }
    }

    pub fn with_cookies(csrf_token: String, user: User) -> Self {
        let (access, refresh) = (String::new(), String::new());
        Self { access, refresh, user: user.into(), csrf_token: Some(csrf_token) }
    }
}

/// Response to a sign-in that requires a second factor. It contains no access or refresh token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactor, example = json!({
    "mfa_required": true, "mfa_token": "mfa_3Hn8Zc5Vq1", "methods": ["totp", "recovery_code"],
}))]
pub struct SecondFactorView {
    /// Always true.
    pub mfa_required: bool,
    /// Token that completes the sign-in once, within five minutes and five attempts.
    pub mfa_token: String,
    /// Methods that the user has set up: `totp`, `recovery_code`, `passkey`.
    pub methods: Vec<SecondFactorMethod>,
}

impl From<PendingSecondFactor> for SecondFactorView {
    fn from(PendingSecondFactor { token, methods }: PendingSecondFactor) -> Self {
        Self { mfa_required: true, mfa_token: token, methods }
    }
}

/// Tokens of a session, or the required second factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginAnswer)]
#[serde(untagged)]
pub enum LoginResponse {
    SignedIn(LoginView),
    SecondFactorRequired(SecondFactorView),
}

/// Empty object.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Empty)]
#[serde(deny_unknown_fields)]
pub struct EmptyView {}

/// Message about the result of a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Detail, example = json!({"detail": "Successfully logged out."}))]
pub struct DetailView {
    pub detail: &'static str,
}

//! Sign-in as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::challenges::Method;
use super::signing_in::Challenged;
use crate::customers::accounts::{NewPassword, Password, User, UserView};
use crate::platform::auth::IssuedTokens;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::body;
use crate::platform::types::{Email, Language, Paragraph, Phone};

body! {
    /// A new customer.
    #[schema(as = RegistrationRequest, example = json!({
        "email": "nia@example.com", "password1": "correct horse", "password2": "correct horse", "first_name": "Nia",
    }))]
    pub struct RegistrationBody {
        pub email: Email,
        /// At least 8 characters.
        #[schema(value_type = String, format = Password, min_length = 8, example = "correct horse")]
        pub password1: NewPassword,
        /// The same again.
        #[schema(value_type = String, format = Password, min_length = 8, example = "correct horse")]
        pub password2: Password,
        pub first_name: Option<Paragraph<150>>,
        pub last_name: Option<Paragraph<150>>,
        pub phone: Option<Phone>,
        /// Of the mails to them; English where it is left out.
        pub language: Option<Language>,
        /// For browsers: the session goes into a cookie, and the answer has no tokens.
        pub cookie: Option<bool>,
    }
}

impl RegistrationBody {
    /// What no single field's type can tell.
    pub fn check(&self, shop_name: &str) -> Result<(), Problem> {
        if !self.password1.is_same_as(&self.password2) {
            let text = "The two password fields didn't match.";
            return Err(Problem::invalid(ErrorTree::of_object("password_mismatch", text)));
        }
        let name = |name: &Option<Paragraph<150>>| name.clone().map(Paragraph::into_inner).unwrap_or_default();
        let (first, last) = (name(&self.first_name), name(&self.last_name));
        let alike = self.password1.check_likeness(shop_name, &[self.email.as_str(), &first, &last]);
        alike.map_err(|error| Problem::invalid(ErrorTree::member("password1", error)))
    }
}

body! {
    /// An e-mail address, under either name, and its password.
    #[schema(as = LoginRequest, example = json!({"email": "ana@example.com", "password": "mercer-demo"}))]
    pub struct LoginBody {
        pub email: Option<Paragraph<254>>,
        /// The e-mail address, for clients that call it so.
        pub username: Option<Paragraph<254>>,
        pub password: Password,
        /// For browsers, at `login/`: the session goes into a cookie, and the answer has no tokens.
        pub cookie: Option<bool>,
    }
}

impl LoginBody {
    /// Whose password is tried: the address as accounts are kept by it, or what was typed in its place.
    pub fn account(&self) -> String {
        let typed = self.email.clone().or_else(|| self.username.clone()).map(Paragraph::into_inner).unwrap_or_default();
        typed.parse::<Email>().map_or_else(|_| typed.to_lowercase(), |email| email.as_str().to_owned())
    }

    /// What was typed as e-mail; none where it can be nobody's, which is not told apart from an unknown one.
    pub fn email(&self) -> Result<Option<Email>, Problem> {
        let typed = self.email.clone().or_else(|| self.username.clone()).map(Paragraph::into_inner);
        match typed.filter(|typed| !typed.is_empty()) {
            Some(typed) => Ok(typed.parse().ok()),
            None => Err(Problem::invalid(ErrorTree::member("email", ErrorTree::required()))),
        }
    }
}

body! {
    #[schema(as = RefreshRequest)]
    pub struct RefreshBody {
        pub refresh: String,
    }
}

body! {
    /// The refresh token of the session to end; without it, the session of the access token ends.
    #[schema(as = LogoutRequest)]
    pub struct LogoutBody {
        pub refresh: Option<String>,
    }
}

body! {
    #[schema(as = VerifyRequest)]
    pub struct VerifyBody {
        /// An access or a refresh token.
        pub token: String,
    }
}

/// A session's tokens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenPair)]
pub struct TokenPairView {
    pub access: String,
    pub refresh: String,
}

impl From<IssuedTokens> for TokenPairView {
    fn from(tokens: IssuedTokens) -> Self {
        Self { access: tokens.access, refresh: tokens.refresh }
    }
}

/// A session's tokens and whose they are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Login)]
pub struct LoginView {
    pub access: String,
    pub refresh: String,
    pub user: UserView,
    /// Where the session is in a cookie: for the header `X-CSRFToken`. Access and refresh are empty then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csrf_token: Option<String>,
}

impl LoginView {
    pub fn new(tokens: IssuedTokens, user: User) -> Self {
        Self { access: tokens.access, refresh: tokens.refresh, user: user.into(), csrf_token: None }
    }

    pub fn in_cookie(csrf_token: String, user: User) -> Self {
        let (access, refresh) = (String::new(), String::new());
        Self { access, refresh, user: user.into(), csrf_token: Some(csrf_token) }
    }
}

/// What finishes a sign-in that waits for a second factor. There are no tokens yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactor)]
pub struct SecondFactorView {
    /// Always true.
    pub mfa_required: bool,
    /// Good once, for five minutes and five tries, and for nothing but this.
    pub mfa_token: String,
    /// What the user has: `totp`, `recovery_code`, `passkey`.
    pub methods: Vec<Method>,
}

impl From<Challenged> for SecondFactorView {
    fn from(Challenged { token, methods }: Challenged) -> Self {
        Self { mfa_required: true, mfa_token: token, methods }
    }
}

/// A session's tokens, or what is still missing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginAnswer)]
#[serde(untagged)]
pub enum LoginAnswer {
    SignedIn(LoginView),
    Waiting(SecondFactorView),
}

/// Nothing to add.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Empty)]
pub struct EmptyView {}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Detail)]
pub struct DetailView {
    pub detail: &'static str,
}

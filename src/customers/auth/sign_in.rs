//! The last step of every sign-in method: open a session, or require a second factor first.

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::pg::PgConnection;

use super::errors::AuthError;
use super::second_factors::{PendingSecondFactor, SecondFactorMethod};
use crate::customers::accounts::{self, User};
use crate::customers::sessions::{self, OpenSession, SessionSettings, SignInChallenge};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::auth::{random_token, sha256};
use crate::platform::write_context::WriteContext;

/// Factors that the client has proved so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationLevel {
    /// A password, or an identity at an OpenID Connect provider.
    OneFactor,
    /// Both factors, or a passkey, which counts as both.
    TwoFactors,
}

/// Result of a sign-in with correct credentials.
#[derive(Debug, Clone)]
pub enum SignInResult {
    Completed(OpenSession),
    SecondFactorRequired(PendingSecondFactor),
}

/// Opens a session for an active user, or requires the second factor if the user has one.
pub fn sign_in(
    conn: &mut PgConnection,
    user: &User,
    level: AuthenticationLevel,
    settings: SessionSettings<'_>,
    context: &WriteContext,
) -> Result<SignInResult, AuthError> {
    let methods = match level {
        AuthenticationLevel::OneFactor => SecondFactorMethod::list(conn, user.id)?,
        AuthenticationLevel::TwoFactors => Vec::new(),
    };
    if methods.is_empty() {
        return Ok(SignInResult::Completed(sessions::open(conn, user, settings, context)?));
    }
    let token = create_challenge(conn, user, context)?;
    Ok(SignInResult::SecondFactorRequired(PendingSecondFactor { token, methods }))
}

/// Creates a challenge for the second factor and returns its token.
///
/// A password change deletes all challenges. The lock and the comparison keep a concurrent sign-in with the old
/// password from creating one after that.
fn create_challenge(conn: &mut PgConnection, user: &User, context: &WriteContext) -> Result<String, AuthError> {
    let is_unchanged = |current: &User| current.is_active && current.credentials_digest() == user.credentials_digest();
    accounts::lock_user(conn, user.id)?.filter(is_unchanged).ok_or(AuthError::CannotLogIn)?;
    let token = random_token().map_err(AuthError::TokenGeneration)?;
    SignInChallenge::insert(conn, user.id, &sha256(&token), context.at)?;
    let context = context.as_user(user.id);
    audit::record(conn, &context, "user.second_factor_asked", AuditObject::new("user", user.id), Changes::none())?;
    Ok(token)
}

/// Locks the open challenge of a token.
pub fn lock_challenge(
    conn: &mut PgConnection,
    token: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<SignInChallenge>> {
    SignInChallenge::lock(conn, &sha256(token), now)
}

/// Completes a challenge and opens its session.
pub fn complete_challenge(
    conn: &mut PgConnection,
    challenge: &SignInChallenge,
    user: &User,
    settings: SessionSettings<'_>,
    context: &WriteContext,
) -> Result<SignInResult, AuthError> {
    challenge.complete(conn, context.at)?;
    sign_in(conn, user, AuthenticationLevel::TwoFactors, settings, context)
}

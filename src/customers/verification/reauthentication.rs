//! Reauthentication before changes that a stolen session must not be able to make.

use diesel::pg::PgConnection;

use super::errors::VerificationError;
use crate::customers::accounts::{self, User};
use crate::customers::passwords::{Password, verify_password};
use crate::platform::app::App;
use crate::platform::attempts;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::auth::{ReauthenticationRequired, SignedIn};
use crate::platform::error::Problem;
use crate::platform::write_context::WriteContext;

/// User who has just proved their identity again.
#[derive(Debug, Clone)]
pub struct Reauthenticated {
    pub user: User,
    /// An error if the session was not opened recently.
    pub recent_sign_in: Result<(), ReauthenticationRequired>,
}

impl Reauthenticated {
    /// Returns true if the credentials are still the same and the account is active. The caller compares the locked
    /// user, because the password can change after it was checked.
    pub fn is_current(&self, user: &User) -> bool {
        self.user.credentials_digest() == user.credentials_digest() && user.is_active
    }
}

/// Requires the password, or, for an account without a password, a sign-in within the last ten minutes.
///
/// Wrong passwords count as attempts, so that the holder of a stolen session cannot try more passwords than at sign-in.
pub async fn reauthenticate(
    app: &App,
    signed_in: &SignedIn,
    password: Option<Password>,
    context: &WriteContext,
) -> Result<Reauthenticated, Problem> {
    let id = signed_in.user_id;
    let user = app.db.read(move |conn| accounts::find_user(conn, id)).await?.ok_or_else(Problem::not_found)?;
    let recent_sign_in = signed_in.ensure_recent_sign_in(app.clock.now());
    if user.password_hash.is_none() {
        recent_sign_in?;
        return Ok(Reauthenticated { user, recent_sign_in });
    }
    let password = password.ok_or(VerificationError::PasswordRequired)?;
    if check_current_password(app, &user, password, context).await? {
        Ok(Reauthenticated { user, recent_sign_in })
    } else {
        Err(VerificationError::WrongPassword.into())
    }
}

/// Returns true if this is the password of a signed-in user. Returns 429 after too many wrong passwords.
pub(super) async fn check_current_password(
    app: &App,
    user: &User,
    password: Password,
    context: &WriteContext,
) -> Result<bool, Problem> {
    let attempt = attempts::start(app, "password", user.email.as_str(), context).await?;
    let check = verify_password(password, user.password_hash.clone(), app.config.bcrypt_cost);
    let (attempt, is_correct) = attempt.run_check(app, check).await?;
    if is_correct {
        attempt.succeeded(app).await?;
    } else {
        let (id, context) = (user.id, context.clone());
        let record = move |conn: &mut PgConnection| {
            audit::record(conn, &context, "user.password_refused", AuditObject::new("user", id), Changes::none())
        };
        app.db.write(record).await?;
    }
    Ok(is_correct)
}

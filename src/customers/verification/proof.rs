//! Asking once more who somebody is, before something that a stolen session must not do.

use crate::customers::accounts::{self, Password, User, verify_password};
use crate::platform::app::App;
use crate::platform::auth::SignedIn;
use crate::platform::error::Problem;

use super::errors::VerificationError;

/// Somebody who has shown a moment ago that they are who they are.
#[derive(Debug, Clone)]
pub struct Proof {
    pub user: User,
}

impl Proof {
    /// Whether the password that was right still is: it may have been changed meanwhile.
    pub fn still_holds(&self, user: &User) -> bool {
        self.user.credentials() == user.credentials() && user.is_active
    }
}

/// Asks for the password, or, of an account that has none, for a session of the last ten minutes.
pub async fn prove(app: &App, who: &SignedIn, password: Option<Password>) -> Result<Proof, Problem> {
    let id = who.user_id;
    let user = app.db.read(move |conn| accounts::find_user(conn, id)).await?.ok_or_else(Problem::not_found)?;
    if user.password_hash.is_none() {
        let is_fresh = who.has_signed_in_lately(app.clock.now());
        return if is_fresh { Ok(Proof { user }) } else { Err(VerificationError::SignInAgain.into()) };
    }
    let password = password.ok_or(VerificationError::PasswordNeeded)?;
    if !verify_password(password, user.password_hash.clone(), app.config.bcrypt_cost).await? {
        return Err(VerificationError::WrongPassword.into());
    }
    Ok(Proof { user })
}

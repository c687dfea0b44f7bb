//! Asking once more who somebody is, before something that a stolen session must not do.

use diesel::pg::PgConnection;

use super::errors::VerificationError;
use crate::customers::accounts::{self, Password, User, verify_password};
use crate::platform::app::App;
use crate::platform::attempts;
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::auth::SignedIn;
use crate::platform::error::Problem;

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

/// Asks for the password, or, of an account that has none, for a session of the last ten minutes. Wrong passwords are
/// counted: whoever holds a stolen session has no more tries than at the door.
pub async fn prove(app: &App, who: &SignedIn, password: Option<Password>, origin: &Origin) -> Result<Proof, Problem> {
    let id = who.user_id;
    let user = app.db.read(move |conn| accounts::find_user(conn, id)).await?.ok_or_else(Problem::not_found)?;
    if user.password_hash.is_none() {
        who.ensure_signed_in_lately(app.clock.now())?;
        return Ok(Proof { user });
    }
    let password = password.ok_or(VerificationError::PasswordNeeded)?;
    if is_password_of(app, &user, password, origin).await? {
        Ok(Proof { user })
    } else {
        Err(VerificationError::WrongPassword.into())
    }
}

/// Whether this is the password of somebody who is signed in; answers 429 after too many that were not.
pub(super) async fn is_password_of(
    app: &App,
    user: &User,
    password: Password,
    origin: &Origin,
) -> Result<bool, Problem> {
    let attempt = attempts::begin(app, "password", user.email.as_str(), origin).await?;
    let check = verify_password(password, user.password_hash.clone(), app.config.bcrypt_cost);
    let (attempt, is_right) = attempt.check_with(app, check).await?;
    if is_right {
        attempt.succeeded(app).await?;
    } else {
        let (id, origin) = (user.id, origin.clone());
        let note = move |conn: &mut PgConnection| {
            audit::record(conn, &origin, "user.password_refused", ("user", id.to_string()), Changes::none())
        };
        app.db.write(note).await?;
    }
    Ok(is_right)
}

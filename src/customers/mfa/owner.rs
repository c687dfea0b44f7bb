//! Whether it is really they who change their sign-in, and not somebody at their screen.

use super::errors::MfaError;
use super::services::{self, is_fresh};
use crate::customers::accounts::{self, Password, User, verify_password};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::CurrentUser;
use crate::platform::error::{ErrorTree, Problem};

/// The user, once they have typed their password; who has none must have signed in just now.
pub(super) async fn confirm_owner(
    app: &App,
    user: &CurrentUser,
    password: Option<Password>,
    origin: &Origin,
) -> Result<User, Problem> {
    let (id, session, now) = (user.0.user_id, user.0.session_id, origin.at);
    let (user, has_just_signed_in) = app
        .db
        .read(move |conn| {
            services::ensure_patience(conn, id, now)?;
            let user = accounts::find_user(conn, id)?.ok_or(MfaError::NotFound)?;
            Ok::<_, MfaError>((user, is_fresh(conn, session, now)?))
        })
        .await?;
    if user.password_hash.is_none() {
        return if has_just_signed_in { Ok(user) } else { Err(MfaError::FreshSignInRequired.into()) };
    }
    let Some(password) = password else {
        return Err(Problem::invalid(ErrorTree::member("password", ErrorTree::required())));
    };
    if verify_password(password, user.password_hash.clone(), app.config.bcrypt_cost).await? {
        return Ok(user);
    }
    let origin = origin.clone();
    app.db.write(move |conn| services::note_failure(conn, id, &origin)).await?;
    Err(MfaError::WrongPassword.into())
}

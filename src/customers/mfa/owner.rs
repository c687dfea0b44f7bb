//! Whether it is really they who change their sign-in, and not somebody at their screen.

use crate::customers::accounts::{Password, User};
use crate::customers::verification::prove;
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{CurrentUser, SignInAgain};
use crate::platform::error::Problem;

/// Somebody who has shown again who they are.
#[derive(Debug)]
pub(super) struct Owner {
    pub user: User,
    /// Refuses where they did not sign in a moment ago, too.
    pub recent_sign_in: Result<(), SignInAgain>,
}

/// Asks for the password; who has none must have signed in a moment ago.
pub(super) async fn confirm_owner(
    app: &App,
    user: &CurrentUser,
    password: Option<Password>,
    origin: &Origin,
) -> Result<Owner, Problem> {
    let proof = prove(app, &user.0, password, origin).await?;
    Ok(Owner { user: proof.user, recent_sign_in: user.0.ensure_signed_in_lately(origin.at) })
}

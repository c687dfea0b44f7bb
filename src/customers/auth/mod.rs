//! Auth: registration, sign-in and tokens.
//!
//! Owns no table. The room `accounts` owns the users, `sessions` the sessions and the sign-ins that wait for a second
//! factor. Every sign-in method calls [`sign_in`], which opens a session or requires a second factor.

mod errors;
mod handlers;
mod jobs;
mod responses;
mod second_factors;
mod services;
mod sign_in;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::AuthError;
pub use handlers::jwks;
pub use jobs::RotateSigningKeys;
pub use responses::{SessionDelivery, login_response, session_cookies};
pub use second_factors::{PendingSecondFactor, SecondFactorMethod, has_passkey};
pub use services::{record_rejected_sign_in, rotate_keys};
pub use sign_in::{AuthenticationLevel, SignInResult, complete_challenge, lock_challenge, sign_in};
pub use views::{DetailView, LoginResponse, LoginView};

/// Routes below `/api/auth`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::register)
        .service(handlers::log_in)
        .service(handlers::log_out)
        .service(handlers::blacklist_token)
        .service(handlers::obtain_token)
        .service(handlers::refresh_token)
        .service(handlers::verify_token);
}

/// Routes below `/api/token`: the same endpoints at the usual URLs of simplejwt.
pub fn token_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::obtain_token_alias)
        .service(handlers::refresh_token_alias)
        .service(handlers::verify_token_alias);
}

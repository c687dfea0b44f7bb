//! Auth: registration, sign-in and sessions.
//!
//! Owns `sessions` and `sign_in_challenges`. A session is a family of refresh tokens: each refresh replaces the one
//! before it, and an old one shown again ends the whole family.

mod browser;
mod challenges;
mod errors;
mod handlers;
mod jobs;
mod listing;
mod models;
mod personal_data;
mod services;
mod session_handlers;
mod session_views;
mod signing_in;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use browser::cookies_of;
pub use challenges::{Challenge, Method, has_passkey};
pub use errors::AuthError;
pub use handlers::jwks;
pub use jobs::{PurgeSessions, TendKeys};
pub use models::SessionOwner;
pub use personal_data::SessionData;
pub use services::{OpenSession, end_all, find_owner, note_refusal, note_use, rotate_keys};
pub use signing_in::{Challenged, Keeping, Proof, SignIn, Terms, answer, lock_challenge, meet, sign_in};
pub use views::{DetailView, LoginAnswer, LoginView};

/// Below `/api/auth`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::register)
        .service(handlers::log_in)
        .service(handlers::log_out)
        .service(handlers::blacklist_token)
        .service(handlers::obtain_token)
        .service(handlers::refresh_token)
        .service(handlers::verify_token)
        .service(session_handlers::list_own_sessions)
        .service(session_handlers::end_own_session)
        .service(session_handlers::end_own_sessions);
}

/// Below `/api/sessions`.
pub fn session_routes(config: &mut ServiceConfig<'_>) {
    config.service(session_handlers::list_sessions).service(session_handlers::end_session);
}

/// The same three under the names that simplejwt's clients call, below `/api/token`.
pub fn token_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::obtain_token_alias)
        .service(handlers::refresh_token_alias)
        .service(handlers::verify_token_alias);
}

//! Auth: registration, sign-in and sessions.
//!
//! Owns `sessions`. A session is a family of refresh tokens: each refresh replaces the one before it, and an old one
//! shown again ends the whole family.

mod errors;
mod handlers;
mod jobs;
mod models;
mod principals;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use handlers::jwks;
pub use jobs::PurgeSessions;
pub use principals::SessionPrincipals;

/// Below `/api/auth`.
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

/// The same three under the names that simplejwt's clients call, below `/api/token`.
pub fn token_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::obtain_token_alias)
        .service(handlers::refresh_token_alias)
        .service(handlers::verify_token_alias);
}

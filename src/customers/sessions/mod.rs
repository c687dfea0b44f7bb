//! Sessions: families of refresh tokens, and sign-ins that wait for a second factor.
//!
//! Owns `sessions` and `sign_in_challenges`. Each refresh replaces the refresh token of its session. A replaced token
//! that is used again revokes the session, because either the user or a thief has a copy of it.

mod errors;
mod handlers;
mod jobs;
mod listing;
mod models;
mod personal_data;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::SessionError;
pub use jobs::PurgeSessions;
pub use models::{SessionOwner, SignInChallenge};
pub use personal_data::SessionData;
pub use services::{OpenSession, SessionSettings, find_owner, is_live, open, record_use, refresh, revoke, revoke_all};

/// Routes below `/api/auth`.
pub fn own_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_own_sessions)
        .service(handlers::revoke_own_session)
        .service(handlers::revoke_own_sessions);
}

/// Routes below `/api/sessions`.
pub fn staff_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_sessions).service(handlers::revoke_session);
}

//! Oauth: signing in with what another provider says of somebody, Google or any that speaks OpenID Connect.
//!
//! Owns `identities`, `oauth_attempts` and `spent_id_tokens`. A person is known by issuer and subject, never by e-mail:
//! whoever has an account already signs in to it and links the identity there. Browsers are sent to the provider and
//! come back; pages and apps that have asked it themselves bring a code or a token.

mod browser;
mod errors;
mod handlers;
mod jobs;
mod models;
mod personal_data;
mod services;
mod views;
mod vouching;

use utoipa_actix_web::service_config::ServiceConfig;

pub use jobs::PurgeSignIns;
pub use personal_data::IdentityData;

/// Below `/api/auth`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::sign_in_with_google)
        .service(handlers::begin_with_google)
        .service(handlers::return_from_google)
        .service(handlers::connect_google)
        .service(handlers::sign_in)
        .service(handlers::begin)
        .service(handlers::come_back)
        .service(handlers::connect)
        .service(handlers::list_identities)
        .service(handlers::disconnect);
}

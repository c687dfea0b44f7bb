//! OAuth: sign-in with Google or another OpenID Connect provider.
//!
//! Owns `identities`, `oauth_attempts` and `spent_id_tokens`. An identity is the pair of issuer and subject, never an
//! e-mail address: a user with an existing account signs in to it and links the identity there. Browsers are redirected
//! to the provider and back. Clients that run the OAuth flow themselves send an authorization code or an id_token.

mod errors;
mod flow;
mod handlers;
mod jobs;
mod models;
mod personal_data;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use jobs::PurgeSignIns;
pub use personal_data::IdentityData;

/// Routes below `/api/auth`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::sign_in_with_google)
        .service(handlers::redirect_to_google)
        .service(handlers::return_from_google)
        .service(handlers::connect_google)
        .service(handlers::sign_in)
        .service(handlers::redirect_to_provider)
        .service(handlers::return_from_provider)
        .service(handlers::connect)
        .service(handlers::list_identities)
        .service(handlers::disconnect);
}

//! Apps: external applications that call the API, each with its own permissions and tokens.
//!
//! Owns `apps` and `app_tokens`. A token is returned once and stored as a hash. An app acts on its own behalf, from its
//! allowed networks, and never has permissions of staff, groups or apps.

mod errors;
mod handlers;
mod listing;
mod models;
mod services;
mod token_handlers;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use models::{AppCredential, AppTokenId, find_credential, record_use};

/// Routes below `/api/apps`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_apps)
        .service(handlers::create_app)
        .service(handlers::get_app)
        .service(handlers::replace_app)
        .service(handlers::change_app)
        .service(handlers::delete_app)
        .service(handlers::activate_app)
        .service(handlers::deactivate_app)
        .service(token_handlers::list_tokens)
        .service(token_handlers::get_token)
        .service(token_handlers::create_token)
        .service(token_handlers::revoke_token);
}

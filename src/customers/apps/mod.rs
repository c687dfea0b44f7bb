//! Apps: programs of others that call the shop, each with its own permissions and tokens.
//!
//! Owns `apps` and `app_tokens`. A token is shown once and kept as its hash. A program acts for itself, from the
//! addresses it is allowed, and never manages people, groups or programs.

mod errors;
mod handlers;
mod listing;
mod models;
mod services;
mod token_handlers;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use models::{AppCredential, AppTokenId, find_credential, note_use};

/// Below `/api/apps`.
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

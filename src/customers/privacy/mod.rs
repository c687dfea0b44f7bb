//! Privacy: accounts switched off, what the shop knows of a person told to them, and people forgotten.
//!
//! Owns `personal_data_exports`. Which rooms know something of people is told by the registry in
//! [`App`](crate::platform::app::App); of somebody who is forgotten only the books still know, under an id.

mod errors;
mod handlers;
mod jobs;
mod models;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::PrivacyError;
pub use jobs::{MakeExport, PurgeExports};
pub use services::erase;

/// Below `/api/customers`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::delete_me)
        .service(handlers::ask_for_export)
        .service(handlers::get_export)
        .service(handlers::download_export)
        .service(handlers::deactivate_customer)
        .service(handlers::activate_customer)
        .service(handlers::erase_customer);
}

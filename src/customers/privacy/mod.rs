//! Privacy: deactivation of accounts, exports of personal data, and erasure of customers.
//!
//! Owns `personal_data_exports`. The registry in [`App`](crate::platform::app::App) lists the rooms that store personal
//! data. After an erasure, orders and the audit log refer to the customer only by id.

mod errors;
mod exports;
mod handlers;
mod jobs;
mod models;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::PrivacyError;
pub use jobs::{MakeExport, PurgeExports};
pub use services::erase;

/// Routes below `/api/customers`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::delete_me)
        .service(handlers::request_export)
        .service(handlers::get_export)
        .service(handlers::download_export)
        .service(handlers::deactivate_customer)
        .service(handlers::activate_customer)
        .service(handlers::erase_customer);
}

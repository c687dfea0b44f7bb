//! Second factors as a whole: their status, their reset by staff, and their personal data.
//!
//! Owns no table. The room `totp` owns authenticator apps and recovery codes, `passkeys` owns passkeys.

mod errors;
mod handlers;
mod jobs;
mod personal_data;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::MfaError;
pub use jobs::PurgeFactors;
pub use personal_data::FactorData;

/// Routes below `/api/auth`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::get_status);
}

/// Routes below `/api/staff`.
pub fn staff_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::reset_factors);
}

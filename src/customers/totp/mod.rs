//! Authenticator apps (TOTP, RFC 6238) and recovery codes.
//!
//! Owns `totp_devices`, `recovery_codes` and `factor_failures`. A new app counts as a second factor after the user has
//! confirmed it with a code. Recovery codes replace a second factor that the user has lost. Wrong codes are counted and
//! limited per user. `passkeys` uses the same limit, recovery codes and notifications.

mod checks;
mod errors;
mod handlers;
mod models;
mod notifications;
mod secrets;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use checks::{SubmittedFactor, confirm_factor, ensure_failures_below_limit, record_failure};
pub use errors::FactorError;
pub use notifications::{FactorChange, record_and_notify};
pub use services::{
    active_user, delete_factors, delete_unusable_recovery_codes, has_totp, purge_failures, recovery_codes_left,
    replace_recovery_codes,
};
pub use views::{FactorConfirmationBody, PasswordConfirmationBody};

/// Routes below `/api/auth`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::activate_totp)
        .service(handlers::confirm_totp)
        .service(handlers::deactivate_totp)
        .service(handlers::renew_recovery_codes)
        .service(handlers::verify);
}

//! Second factors: an app that shows codes (TOTP, RFC 6238), passkeys (WebAuthn), and recovery codes for when they are
//! lost.
//!
//! Owns `totp_devices`, `recovery_codes`, `passkeys`, `passkey_ceremonies` and `factor_failures`. Signing in asks for
//! what somebody has here; this room finishes a sign-in that waits for it. A passkey that has verified its user is both
//! factors at once, and signs in without a password.

mod announcing;
mod errors;
mod handlers;
mod jobs;
mod models;
mod owner;
mod passkey_handlers;
mod passkey_services;
mod personal_data;
mod services;
mod totp;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use jobs::PurgeFactors;
pub use personal_data::FactorData;

/// Below `/api/auth`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::get_status)
        .service(handlers::activate_totp)
        .service(handlers::confirm_totp)
        .service(handlers::deactivate_totp)
        .service(handlers::renew_recovery_codes)
        .service(handlers::verify)
        .service(passkey_handlers::list_passkeys)
        .service(passkey_handlers::get_passkey)
        .service(passkey_handlers::begin_registration)
        .service(passkey_handlers::finish_registration)
        .service(passkey_handlers::begin_second_factor)
        .service(passkey_handlers::finish_second_factor)
        .service(passkey_handlers::begin_sign_in)
        .service(passkey_handlers::finish_sign_in)
        .service(passkey_handlers::rename_passkey)
        .service(passkey_handlers::delete_passkey);
}

/// Below `/api/staff`.
pub fn staff_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::reset_factors);
}

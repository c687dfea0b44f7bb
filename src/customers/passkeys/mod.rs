//! Passkeys (Web Authentication, level 3): registration, sign-in without a password, and use as a second factor.
//!
//! Owns `passkeys` and `passkey_ceremonies`. Every passkey verifies its user by PIN or biometrics and is discoverable,
//! so that it counts as two factors. Mercer requests no attestation.

mod errors;
mod handlers;
mod models;
mod services;
mod views;
mod webauthn;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::PasskeyError;
pub use models::{Passkey, PasskeyId};
pub use services::{delete_passkeys, list_passkeys, purge_ceremonies};

/// Routes below `/api/auth`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_passkeys)
        .service(handlers::get_passkey)
        .service(handlers::begin_registration)
        .service(handlers::finish_registration)
        .service(handlers::begin_second_factor)
        .service(handlers::finish_second_factor)
        .service(handlers::begin_sign_in)
        .service(handlers::finish_sign_in)
        .service(handlers::rename_passkey)
        .service(handlers::delete_passkey);
}

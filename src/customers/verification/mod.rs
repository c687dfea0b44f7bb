//! Verification: what is mailed to prove an address, and what can be done with it.
//!
//! Owns `account_tokens`. A token is good once, for a few hours, for one purpose, and only while the e-mail address and
//! the password are those it was made for; of each purpose only the newest counts. Links lead to the shop's own pages,
//! whatever address a request was sent to, and carry the token behind `#`, which browsers send to nobody.

mod errors;
mod handlers;
mod jobs;
mod letters;
mod models;
mod proof;
mod services;
mod tokens;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::VerificationError;
pub use jobs::{MailToken, PurgeTokens, TokenLetter, queue_letter};
pub use letters::{Letter, Stationery, post};
pub use models::Purpose;
pub use proof::{Proof, prove};
pub use services::shut_out;
pub use tokens::{Link, forget_all, issue, redeem};

/// Below `/api/auth`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::verify_email)
        .service(handlers::resend_email)
        .service(handlers::change_password)
        .service(handlers::reset_password)
        .service(handlers::confirm_reset)
        .service(handlers::change_email)
        .service(handlers::confirm_email);
}

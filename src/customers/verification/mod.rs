//! Verification: single-use tokens that are sent by e-mail, and what users can do with them.
//!
//! Owns `account_tokens`. A token has one purpose and expires after a few hours. It becomes invalid when the e-mail
//! address or the password changes, and when a newer token of the same purpose is issued. Links lead to the configured
//! storefront and not to the host of the request. They contain the token in the fragment, which browsers do not send.

mod errors;
mod handlers;
mod jobs;
mod mail;
mod models;
mod reauthentication;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::VerificationError;
pub use jobs::{PurgeTokens, SendTokenMail, queue_token_mail};
pub use mail::{AccountMail, MailLink, MailSettings, queue_mail};
pub use models::{TokenMail, TokenPurpose};
pub use reauthentication::{Reauthenticated, reauthenticate};
pub use services::{RedeemedToken, TokenRequest, issue_token, redeem_token, revoke_access, revoke_tokens};

/// Routes below `/api/auth`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::verify_email)
        .service(handlers::resend_email)
        .service(handlers::change_password)
        .service(handlers::reset_password)
        .service(handlers::confirm_password_reset)
        .service(handlers::change_email)
        .service(handlers::confirm_email_change);
}

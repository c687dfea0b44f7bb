//! Accounts: who a person is, as a user who signs in and as a customer who buys.
//!
//! Owns `users` and `customers`. Passwords are hashed and checked here, off the request threads and a few at a time.

mod credentials;
mod ending;
mod errors;
mod events;
mod handlers;
mod hashes;
pub mod import;
mod models;
mod passwords;
mod personal_data;
mod records;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use credentials::{change_email, forget_password, set_password, verify_email};
pub use ending::{strip, switch};
pub use errors::AccountError;
pub use events::{CustomerEvent, CustomerTopic, tell};
pub use hashes::{ForeignHash, PasswordHash};
pub use models::{Customer, NewAccount, User, UserChanges};
pub use passwords::{Checked, NewPassword, Password, check_password, hash_password, hashes_asked_for, verify_password};
pub use personal_data::AccountData;
pub use records::{RecordChanges, change_record};
pub use services::{
    Profile, change_user, create, exist, find_by_email, find_customer, find_user, language_of, lock_customer,
    lock_person, lock_user, note_login, register_unseen, set_active, set_staff, upgrade_password, user_of, version_of,
};
pub use views::{CustomerView, UserView, customers_in_full};

/// Below `/api/auth`.
pub fn auth_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::get_user).service(handlers::replace_user).service(handlers::change_user);
}

/// Below `/api/customers`.
pub fn customer_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::get_me).service(handlers::change_me);
}

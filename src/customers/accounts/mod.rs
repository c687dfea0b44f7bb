//! Accounts: users, who sign in, and customers, who buy.
//!
//! Owns `users` and `customers`. A user always has a customer profile. A customer without a user has been imported or
//! created from a guest order. Lock order: first the customer, then the user.

mod changes;
mod errors;
mod events;
mod handlers;
mod models;
mod personal_data;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use changes::{CustomerRecordChanges, change_record, change_user};
pub use errors::AccountError;
pub use events::{CustomerEvent, CustomerTopic, publish};
pub use models::{Customer, ExternalCustomer, NewAccount, User, UserChanges, upsert_external};
pub use personal_data::{AccountData, anonymise};
pub use services::{
    CustomerWithUser, Profile, any_user_exists, change_email, create, find_by_email, find_customer, find_user,
    find_user_id, lock_customer, lock_user, record_login, register_unverified, remove_password, set_active,
    set_password, set_staff, upgrade_password, user_language, verify_email,
};
pub use views::{CustomerView, UserView, expand_customers};

/// Routes below `/api/auth`.
pub fn auth_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::get_user).service(handlers::replace_user).service(handlers::change_user);
}

/// Routes below `/api/customers`.
pub fn customer_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::get_me).service(handlers::change_me);
}

//! Directory: customer records for staff, with notes, groups, default addresses and history.
//!
//! Owns `customer_notes`. Reads the tables of other rooms of the domain; `accounts` writes changes of customers.

mod errors;
mod export;
mod handlers;
mod history;
mod listing;
mod models;
mod note_handlers;
mod notes;
mod personal_data;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::DirectoryError;
pub use history::CustomerHistoryData;
pub use notes::delete_notes;
pub use personal_data::CustomerNoteData;
pub use views::{CustomerRecordView, expandable};

/// Adds the routes below `/api/customers`. Must follow the routes below `/api/customers/me`, which it would shadow.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_customers)
        .service(handlers::export_customers)
        .service(handlers::get_customer)
        .service(handlers::update_customer)
        .service(handlers::list_history)
        .service(note_handlers::list_notes)
        .service(note_handlers::create_note)
        .service(note_handlers::get_note)
        .service(note_handlers::delete_note);
}

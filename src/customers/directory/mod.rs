//! The directory: customers as staff see them, with notes, groups, addresses and what happened to their accounts.
//!
//! Owns `customer_notes`. Reads the tables of the rooms around it; what it changes of a customer, accounts change.

mod errors;
mod export;
mod handlers;
mod history;
mod listing;
mod models;
mod notes;
mod notes_handlers;
mod personal_data;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::DirectoryError;
pub use history::HistoryData;
pub use notes::forget;
pub use personal_data::NoteData;
pub use views::{CustomerRecordView, expandable};

/// Below `/api/customers`, behind what is one's own.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_customers)
        .service(handlers::export_customers)
        .service(handlers::get_customer)
        .service(handlers::change_customer)
        .service(handlers::list_history)
        .service(notes_handlers::list_notes)
        .service(notes_handlers::write_note)
        .service(notes_handlers::get_note)
        .service(notes_handlers::remove_note);
}

//! The audit log as staff read it: lists of entries, and single ones. Nothing in it can be changed.

mod handlers;
mod listing;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use views::EntryView;

/// Below `/api/audit-log`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_entries).service(handlers::get_entry);
}

//! Read-only endpoints of the audit log for staff.

mod handlers;
mod listing;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use views::AuditEntryView;

/// Registers the endpoints below `/api/audit-log`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_entries).service(handlers::get_entry);
}

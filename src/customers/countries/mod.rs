//! Countries: the address rules of each country, for forms.
//!
//! Owns no table: the rules are part of the program. All endpoints are public.

mod handlers;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

/// Routes below `/api/countries`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_countries).service(handlers::get_country);
}

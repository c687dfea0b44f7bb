//! Health: liveness, readiness, and the state of all dependencies.

mod handlers;
mod report;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::live).service(handlers::ready).service(handlers::health);
}

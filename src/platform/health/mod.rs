//! Health: whether this program lives, whether it should get work, and how all it hangs on is doing.

mod handlers;
mod report;

use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::live).service(handlers::ready).service(handlers::health);
}

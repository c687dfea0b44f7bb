//! Mounts each room at its URL prefix and collects the OpenAPI document.
//!
//! Each prefix has one scope that all its rooms configure. The first matching route wins.

use actix_web::web;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};

use crate::customers::{
    accounts, addresses, apps, auth, countries, customer_groups, directory, mfa, oauth, passkeys, privacy, sessions,
    staff, totp, verification,
};
use crate::orders::{checkout, fulfillment, lifecycle, payments, returns};
use crate::permissions;
use crate::platform::{api_docs, audit_log, health, jobs, openapi};
use crate::products::{catalogue, categories, channels, stock, warehouses};

/// Registers the routes of all rooms.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(
            scope("/api")
                .service(
                    scope("/auth")
                        .configure(auth::routes)
                        .configure(sessions::own_routes)
                        .configure(oauth::routes)
                        .configure(verification::routes)
                        .configure(accounts::auth_routes)
                        .configure(mfa::routes)
                        .configure(totp::routes)
                        .configure(passkeys::routes)
                        .configure(staff::own_routes),
                )
                .service(scope("/token").configure(auth::token_routes))
                .service(
                    scope("/customers")
                        .configure(accounts::customer_routes)
                        .configure(lifecycle::customer_routes)
                        .configure(addresses::customer_routes)
                        .configure(directory::routes)
                        .configure(privacy::routes),
                )
                .service(scope("/customer-groups").configure(customer_groups::routes))
                .service(scope("/countries").configure(countries::routes))
                .service(scope("/sessions").configure(sessions::staff_routes))
                .service(scope("/staff").configure(staff::routes).configure(mfa::staff_routes))
                .service(scope("/groups").configure(staff::group_routes).configure(channels::group_routes))
                .service(scope("/permissions").configure(staff::permission_routes))
                .service(scope("/apps").configure(apps::routes))
                .service(scope("/categories").configure(categories::routes).configure(catalogue::category_routes))
                .service(scope("/products").configure(catalogue::routes))
                .service(scope("/variants").configure(catalogue::variant_routes))
                .service(scope("/channels").configure(channels::routes))
                .service(scope("/warehouses").configure(warehouses::routes))
                .service(scope("/stocks").configure(stock::routes))
                .service(scope("/stock-movements").configure(stock::movement_routes))
                .service(
                    scope("/orders")
                        .configure(checkout::routes)
                        .configure(lifecycle::routes)
                        .configure(fulfillment::routes)
                        .configure(payments::order_routes)
                        .configure(returns::order_routes),
                )
                .service(scope("/returns").configure(returns::routes))
                .service(scope("/audit-log").configure(audit_log::routes))
                .service(scope("/jobs").configure(jobs::routes))
                .service(api_docs::schema)
                .map(|scope| scope.configure(api_docs::docs_routes)),
        )
        .service(scope("/health").configure(health::routes))
        .service(auth::jwks);
}

/// Builds the complete OpenAPI document of all routes.
pub fn document() -> serde_json::Result<OpenApi> {
    permissions::register();
    let app = actix_web::App::new().into_utoipa_app().configure(configure);
    let (_, document) = app.split_for_parts();
    openapi::finish(document)
}

/// Registers all routes without collecting the OpenAPI document, for [`actix_web::App::configure`].
pub fn configure_actix(config: &mut web::ServiceConfig) {
    configure(&mut ServiceConfig::new(config));
}

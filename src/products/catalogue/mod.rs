//! Catalogue: products, which are shown, and their variants, which are bought.
//!
//! Owns `products` and `variants`. A simple product has one variant that no client needs to mention. What was ever
//! ordered is archived, never deleted.

mod errors;
mod handlers;
pub mod import;
mod listing;
mod models;
mod offers;
mod saleable;
mod services;
mod variant_handlers;
mod variants;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::CatalogueError;
pub use models::{Product, Variant};
pub use saleable::{Pick, SaleableVariant, Unavailable, find_saleable};
pub use services::{NewProduct, NewVariant, create, has_products};
pub use views::{ProductView, VariantView, expandable_products, expandable_variants};

/// Below `/api/products`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_products)
        .service(handlers::create_product)
        .service(handlers::get_product)
        .service(handlers::replace_product)
        .service(handlers::change_product)
        .service(handlers::archive_product)
        .service(variant_handlers::add_variant);
}

/// Below `/api/variants`.
pub fn variant_routes(config: &mut ServiceConfig<'_>) {
    config.service(variant_handlers::change_variant).service(variant_handlers::archive_variant);
}

/// Below `/api/categories`.
pub fn category_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_category_products);
}

//! Catalogue: products and their variants.
//!
//! Owns `products` and `variants`. Customers browse products and buy variants. A simple product has one variant, whose
//! SKU and price clients read and write on the product. Products and variants are archived, never deleted, because
//! orders reference them.

mod errors;
mod events;
mod handlers;
pub mod import;
mod listing;
mod models;
mod services;
mod variants;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::CatalogueError;
pub use events::{ProductEvent, ProductTopic};
pub use models::{Product, Variant};
pub use services::{NewProduct, NewVariant, create, has_products};
pub use views::{ProductView, VariantView, expandable_products, expandable_variants};

/// Registers the routes below `/api/products`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::list_products)
        .service(handlers::create_product)
        .service(handlers::get_product)
        .service(handlers::replace_product)
        .service(handlers::change_product)
        .service(handlers::archive_product)
        .service(handlers::add_variant);
}

/// Registers the routes below `/api/variants`.
pub fn variant_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::change_variant).service(handlers::archive_variant);
}

/// Registers the product list below `/api/categories`.
pub fn category_routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_category_products);
}

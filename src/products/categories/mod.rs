//! Categories: the tree that products are filed in.
//!
//! Owns `categories`: an adjacency list with the level of each category beside it. Everything that changes the shape
//! of the tree holds one lock, so that levels stay right and no category comes under itself.

mod errors;
mod handlers;
pub mod import;
mod listing;
mod models;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::CategoryError;
pub use models::{Category, TREE_LOCK, subtree_ids};
pub use services::{NewCategory, create, find};
pub use views::{CategoryView, expandable};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(handlers::tree)
        .service(handlers::list_categories)
        .service(handlers::create_category)
        .service(handlers::children)
        .service(handlers::descendants)
        .service(handlers::ancestors)
        .service(handlers::price_summary)
        .service(handlers::move_category)
        .service(handlers::get_category)
        .service(handlers::replace_category)
        .service(handlers::change_category)
        .service(handlers::delete_category);
}

//! Categories: the category tree of the catalogue.
//!
//! Owns `categories`: an adjacency list that also stores the level of each category. Every change of the tree structure
//! takes one advisory lock, so that the levels stay correct and no category becomes its own ancestor.

mod errors;
mod handlers;
pub mod import;
mod listing;
mod models;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use errors::CategoryError;
pub use models::{Category, subtree_ids};
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

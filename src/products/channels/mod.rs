//! Channels: the markets of a shop, each with its currency, countries, taxes and order rules.
//!
//! Owns `channels` and `group_channels`, which restricts staff groups to channels. Requests that name no channel use
//! the default channel.

mod errors;
mod handlers;
mod models;
mod restrictions;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use models::{Channel, load_channel_restrictions};
pub use views::{ChannelView, expandable};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_channels).service(handlers::get_channel).service(handlers::change_channel);
}

/// Registers the routes below `/api/groups`.
pub fn group_routes(config: &mut ServiceConfig<'_>) {
    config.service(restrictions::get_group_channels).service(restrictions::replace_group_channels);
}

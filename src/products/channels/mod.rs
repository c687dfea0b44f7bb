//! Channels: the markets that a shop sells in, each with its currency, countries, taxes and rules.
//!
//! Owns `channels` and `group_channels`, which restricts groups of staff to some. With one channel, nobody has to
//! name it: it is the default one.

mod errors;
mod handlers;
mod models;
mod restrictions;
mod services;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use models::{Channel, restrictions_of};
pub use views::{ChannelView, expandable};

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_channels).service(handlers::get_channel).service(handlers::change_channel);
}

/// Below `/api/groups`.
pub fn group_routes(config: &mut ServiceConfig<'_>) {
    config.service(restrictions::get_group_channels).service(restrictions::replace_group_channels);
}

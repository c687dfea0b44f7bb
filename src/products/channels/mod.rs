//! Channels: the markets that a shop sells in, each with its currency, countries, taxes and rules.
//!
//! Owns `channels`. With one channel, nobody has to name it: it is the default one.

mod handlers;
mod models;

use utoipa_actix_web::service_config::ServiceConfig;

pub use handlers::{ChannelView, expandable};
pub use models::Channel;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(handlers::list_channels).service(handlers::get_channel).service(handlers::change_channel);
}

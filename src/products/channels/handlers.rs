//! HTTP handlers of channels.

use actix_web::web::{Data, Path};
use actix_web::{get, patch};
use diesel::PgConnection;

use super::errors::ChannelError;
use super::models::{Channel, PatchedChannelBody};
use super::views::ChannelView;
use crate::platform::api::{ApiResult, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::Allowed;
use crate::platform::http::Body;
use crate::platform::types::ChannelId;
use crate::products::permissions::ManageChannels;

/// List channels
///
/// Returns all channels, the default channel first.
#[endpoint(tag = "channels", returns(200 = Vec<ChannelView>))]
#[get("/")]
pub async fn list_channels(app: Data<App>, request: ReadRequest) -> ApiResult {
    let list = |conn: &mut PgConnection| -> Result<_, ChannelError> {
        Ok(Channel::list(conn)?.into_iter().map(ChannelView::from).collect())
    };
    request.all(&app, list).await
}

/// Retrieve a channel
#[endpoint(tag = "channels", returns(200 = ChannelView))]
#[get("/{id}/")]
pub async fn get_channel(app: Data<App>, request: ReadRequest, id: Path<ChannelId>) -> ApiResult {
    request.retrieve::<ChannelView, _>(&app, move |conn| Channel::get(conn, *id)).await
}

/// Update a channel
///
/// Existing orders keep their prices and taxes. Returns 409 `currency_in_use` if the request changes the currency while
/// variants have prices in this channel.
#[endpoint(tag = "channels", returns(200 = ChannelView))]
#[patch("/{id}/")]
pub async fn change_channel(
    app: Data<App>,
    _staff: Allowed<ManageChannels>,
    request: WriteRequest,
    id: Path<ChannelId>,
    body: Body<PatchedChannelBody>,
) -> ApiResult {
    let update = move |conn: &mut _, context: &_| Channel::lock(conn, context, *id)?.update(conn, context, &body.0);
    request.update::<ChannelView, _>(&app, update).await
}

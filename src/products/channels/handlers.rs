//! Channels over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{get, patch};
use diesel::PgConnection;

use super::errors::ChannelError;
use super::models::Channel;
use super::services;
use super::views::{ChannelView, PatchedChannelBody};
use crate::platform::api::{Answer, Changed, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ManageChannels};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::ChannelId;

/// List the channels, the default one first.
#[utoipa::path(tag = "channels", params(ReadRequest), responses((status = 200, body = Vec<ChannelView>)))]
#[get("/")]
pub async fn list_channels(app: Data<App>, request: ReadRequest) -> Result<Answer, Problem> {
    let list = |conn: &mut PgConnection| -> Result<_, ChannelError> {
        Ok(Channel::list(conn)?.into_iter().map(ChannelView::from).collect())
    };
    request.all(&app, list).await
}

/// Retrieve a channel.
#[utoipa::path(tag = "channels", params(ChannelId, ReadRequest), responses((status = 200, body = ChannelView)))]
#[get("/{id}/")]
pub async fn get_channel(app: Data<App>, request: ReadRequest, id: Path<ChannelId>) -> Result<Answer, Problem> {
    let find =
        move |conn: &mut PgConnection| Channel::find(conn, *id)?.map(ChannelView::from).ok_or(ChannelError::NotFound);
    request.one(&app, find).await
}

/// Change a channel.
///
/// Orders keep the prices and taxes they were placed with. Answers 409 `currency_in_use` for another currency while
/// there are prices in the present one.
#[utoipa::path(tag = "channels", params(ChannelId, WriteRequest), security(("jwtAuth" = ["channels.manage"])),
    request_body = PatchedChannelBody, responses((status = 200, body = ChannelView)))]
#[patch("/{id}/")]
pub async fn change_channel(
    app: Data<App>,
    _staff: Allowed<ManageChannels>,
    request: WriteRequest,
    id: Path<ChannelId>,
    body: Body<PatchedChannelBody>,
) -> Result<Answer, Problem> {
    let changes = body.0.into_changes();
    let change = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::change(conn, *id, &changes, request).map(|channel| Changed(ChannelView::from(channel)))
    };
    request.run(&app, change).await
}

//! Channel restrictions of staff groups.

use std::collections::HashSet;

use actix_web::web::{Data, Path};
use actix_web::{get, put};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::models::{Channel, load_channel_restrictions, set_group_channels};
use crate::customers::ids::GroupId;
use crate::customers::permissions::{RestrictGroups, ViewGroups};
use crate::customers::staff::{
    Group, StaffError, begin_permission_change, ensure_has_permissions, groups_of_permission_holders,
};
use crate::platform::api::{ApiResult, ReadRequest, Resource, Updated, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::auth::{Allowed, ChannelScope, Principal};
use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::http::{Body, request_body};
use crate::platform::types::ChannelId;
use crate::platform::write_context::Stale;
use crate::platform::write_context::WriteContext;

#[derive(Debug, thiserror::Error, ApiError)]
enum RestrictionError {
    #[error("Not found.")]
    #[kind(not_found = "not_found")]
    NotFound,
    #[error("This channel does not exist.")]
    #[kind(with = unknown_channel)]
    ChannelNotFound(ChannelId),
    #[error("You cannot grant or remove access to channels outside your own channel restriction.")]
    #[kind(forbidden = "out_of_scope")]
    OutOfScope,
    #[error(transparent)]
    Staff(#[from] StaffError),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

fn unknown_channel(id: &ChannelId) -> Kind {
    Kind::invalid("channels", ErrorTree::does_not_exist(id))
}

/// Channels in which the permissions of a staff group apply.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupChannels)]
pub struct GroupChannelsView {
    /// Ids of the channels. Empty means all channels.
    pub channels: Vec<ChannelId>,
    /// Version of the group.
    #[serde(skip)]
    pub version: i32,
}

impl Resource for GroupChannelsView {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

#[request_body(GroupChannelsRequest)]
#[derive(Debug)]
pub struct GroupChannelsBody {
    /// Ids of all channels in which the permissions of the group apply. Empty means all channels.
    pub channels: Vec<ChannelId>,
}

/// Retrieve the channel restriction of a group
#[endpoint(tag = "groups", returns(200 = GroupChannelsView))]
#[get("/{id}/channels/")]
pub async fn get_group_channels(
    app: Data<App>,
    _staff: Allowed<ViewGroups>,
    request: ReadRequest,
    id: Path<GroupId>,
) -> ApiResult {
    let find = move |conn: &mut PgConnection| -> Result<_, RestrictionError> {
        let group = Group::find(conn, *id)?.ok_or(RestrictionError::NotFound)?;
        Ok(GroupChannelsView { channels: load_group_channels(conn, *id)?, version: group.version })
    };
    request.one(&app, find).await
}

/// Replace the channel restriction of a group
///
/// Staff members whose groups are all restricted cannot see the orders of other channels or any of their related
/// objects. Returns 403 `out_of_scope` if the caller has no access to one of the channels, or if the group has a
/// permission that the caller does not have. Returns 409 `last_holder` if no unrestricted holder of `groups.restrict`
/// would remain.
#[endpoint(tag = "groups", returns(200 = GroupChannelsView))]
#[put("/{id}/channels/")]
pub async fn replace_group_channels(
    app: Data<App>,
    staff: Allowed<RestrictGroups>,
    request: WriteRequest,
    id: Path<GroupId>,
    body: Body<GroupChannelsBody>,
) -> ApiResult {
    let requested = body.0.channels;
    let change = move |conn: &mut PgConnection, context: &WriteContext| -> Result<_, RestrictionError> {
        let version = restrict_group(conn, &staff.principal, *id, &requested, context)?;
        Ok(Updated(GroupChannelsView { channels: load_group_channels(conn, *id)?, version }))
    };
    request.run(&app, change).await
}

fn restrict_group(
    conn: &mut PgConnection,
    principal: &Principal,
    id: GroupId,
    requested: &[ChannelId],
    context: &WriteContext,
) -> Result<i32, RestrictionError> {
    begin_permission_change(conn, principal)?;
    let group = Group::lock(conn, id)?.ok_or(RestrictionError::NotFound)?;
    context.expected.ensure(group.version)?;
    ensure_has_permissions(principal, &group.permissions())?;
    let known: HashSet<ChannelId> = Channel::list(conn)?.into_iter().map(|channel| channel.id).collect();
    if let Some(unknown) = requested.iter().find(|channel| !known.contains(channel)) {
        return Err(RestrictionError::ChannelNotFound(*unknown));
    }
    let before = load_group_channels(conn, id)?;
    ensure_within_scope(&principal.channel_scope, &before)?;
    ensure_within_scope(&principal.channel_scope, requested)?;
    let holders = groups_of_permission_holders(conn, RestrictGroups::PERMISSION)?;
    let had_unrestricted_holder = has_unrestricted_holder(conn, holders.as_deref())?;
    set_group_channels(conn, id, requested)?;
    if had_unrestricted_holder && !has_unrestricted_holder(conn, holders.as_deref())? {
        return Err(StaffError::LastHolder([RestrictGroups::PERMISSION].into_iter().collect()).into());
    }
    let audit_changes = Changes::between(&json!({"channels": before}), &json!({"channels": requested}));
    audit::record(conn, context, "group.restricted", AuditObject::new("group", id), audit_changes)?;
    Ok(group.touch(conn, context.at)?)
}

/// Returns true if a holder of `groups.restrict` belongs to an unrestricted group and can therefore remove any
/// restriction.
///
/// `holders` contains the groups of each holder. It is `None` if a superuser exists, who is never restricted.
fn has_unrestricted_holder(conn: &mut PgConnection, holders: Option<&[Vec<GroupId>]>) -> QueryResult<bool> {
    let Some(holders) = holders else { return Ok(true) };
    let groups: Vec<GroupId> = holders.iter().flatten().copied().collect();
    let restricted: HashSet<GroupId> =
        load_channel_restrictions(conn, &groups)?.into_iter().map(|(group, _)| group).collect();
    Ok(holders.iter().any(|groups| groups.iter().any(|group| !restricted.contains(group))))
}

/// Rejects channels outside the scope of a restricted principal, and the empty list, which means all channels.
fn ensure_within_scope(channel_scope: &ChannelScope, channels: &[ChannelId]) -> Result<(), RestrictionError> {
    let is_allowed = match channel_scope {
        ChannelScope::Unrestricted => true,
        ChannelScope::Only(_) => {
            !channels.is_empty() && channels.iter().all(|channel| channel_scope.contains(*channel))
        }
    };
    if is_allowed { Ok(()) } else { Err(RestrictionError::OutOfScope) }
}

fn load_group_channels(conn: &mut PgConnection, id: GroupId) -> QueryResult<Vec<ChannelId>> {
    let mut channels: Vec<ChannelId> =
        load_channel_restrictions(conn, &[id])?.into_iter().map(|(_, channel)| channel).collect();
    channels.sort_unstable();
    Ok(channels)
}

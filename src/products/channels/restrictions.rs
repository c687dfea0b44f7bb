//! The channels that groups of staff are restricted to.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{get, put};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::models::{Channel, restrict, restrictions_of};
use crate::customers::staff::{Group, StaffError, ensure_within, groups_of_holders, take_turn};
use crate::platform::api::{Answer, Changed, ReadRequest, Resource, Stale, WriteRequest};
use crate::platform::app::App;
use crate::platform::audit::{self, Changes};
use crate::platform::auth::{Allowed, Permission, Principal, Reach, RestrictGroups, ViewGroups};
use crate::platform::error::{ApiError, ErrorTree, Kind, Problem};
use crate::platform::http::{Body, body};
use crate::platform::types::{ChannelId, GroupId};

#[derive(Debug, thiserror::Error)]
enum RestrictionError {
    #[error("Not found.")]
    NotFound,
    #[error("This channel does not exist.")]
    NoSuchChannel(ChannelId),
    #[error("Nobody opens channels that are closed to them.")]
    OutOfScope,
    /// Nobody gives or takes what they lack.
    #[error(transparent)]
    Rights(#[from] StaffError),
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for RestrictionError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::NoSuchChannel(id) => Kind::invalid("channels", ErrorTree::does_not_exist(id)),
            Self::OutOfScope => Kind::refused(StatusCode::FORBIDDEN, "out_of_scope"),
            Self::Rights(cause) => cause.kind(),
            Self::Stale(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}

/// Where the permissions of a group count.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupChannels)]
pub struct GroupChannelsView {
    /// Empty: in all channels.
    pub channels: Vec<ChannelId>,
    /// The group's.
    #[serde(skip)]
    pub version: i32,
}

impl Resource for GroupChannelsView {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

body! {
    #[schema(as = GroupChannelsRequest)]
    pub struct GroupChannelsBody {
        /// All that the group counts in from now on; empty: everywhere.
        pub channels: Vec<ChannelId>,
    }
}

/// List the channels that a group of staff is restricted to.
#[utoipa::path(tag = "groups", params(GroupId, ReadRequest), security(("jwtAuth" = ["groups.view"])),
    responses((status = 200, body = GroupChannelsView)))]
#[get("/{id}/channels/")]
pub async fn get_group_channels(
    app: Data<App>,
    _staff: Allowed<ViewGroups>,
    request: ReadRequest,
    id: Path<GroupId>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| -> Result<_, RestrictionError> {
        let group = Group::find(conn, *id)?.ok_or(RestrictionError::NotFound)?;
        Ok(GroupChannelsView { channels: channels_of(conn, *id)?, version: group.version })
    };
    request.one(&app, find).await
}

/// Restrict a group of staff to channels, or to none.
///
/// Orders of other channels, with all that belongs to them, are not there for who is only in restricted groups.
/// Answers 403 `out_of_scope` for channels that are closed to whoever asks, and for groups that may do more than they,
/// and 409 `last_holder` where nobody would be left who may take the restriction back.
#[utoipa::path(tag = "groups", params(GroupId, WriteRequest), security(("jwtAuth" = ["groups.restrict"])),
    request_body = GroupChannelsBody, responses((status = 200, body = GroupChannelsView)))]
#[put("/{id}/channels/")]
pub async fn replace_group_channels(
    app: Data<App>,
    staff: Allowed<RestrictGroups>,
    request: WriteRequest,
    id: Path<GroupId>,
    body: Body<GroupChannelsBody>,
) -> Result<Answer, Problem> {
    let wanted = body.0.channels;
    let change = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, RestrictionError> {
        let version = restrict_group(conn, &staff.principal, *id, &wanted, request)?;
        Ok(Changed(GroupChannelsView { channels: channels_of(conn, *id)?, version }))
    };
    request.run(&app, change).await
}

fn restrict_group(
    conn: &mut PgConnection,
    principal: &Principal,
    id: GroupId,
    wanted: &[ChannelId],
    request: &WriteRequest,
) -> Result<i32, RestrictionError> {
    take_turn(conn, principal)?;
    let group = Group::lock(conn, id)?.ok_or(RestrictionError::NotFound)?;
    request.expected.ensure(group.version)?;
    ensure_within(principal, &group.permissions())?;
    let known: HashSet<ChannelId> = Channel::list(conn)?.into_iter().map(|channel| channel.id).collect();
    if let Some(unknown) = wanted.iter().find(|channel| !known.contains(channel)) {
        return Err(RestrictionError::NoSuchChannel(*unknown));
    }
    let before = channels_of(conn, id)?;
    ensure_open(&principal.reach, &before)?;
    ensure_open(&principal.reach, wanted)?;
    let holders = groups_of_holders(conn, Permission::GroupsRestrict)?;
    let was_open = somebody_opens_all(conn, holders.as_deref())?;
    restrict(conn, id, wanted)?;
    if was_open && !somebody_opens_all(conn, holders.as_deref())? {
        return Err(StaffError::LastHolder([Permission::GroupsRestrict].into_iter().collect()).into());
    }
    let told = Changes::between(&json!({"channels": before}), &json!({"channels": wanted}));
    audit::record(conn, &request.origin, "group.restricted", ("group", id.to_string()), told)?;
    Ok(group.touch(conn, request.origin.at)?)
}

/// Whether any of those who may restrict, by their groups, takes every restriction back: whoever is restricted may not,
/// and a superuser may (none are named then).
fn somebody_opens_all(conn: &mut PgConnection, holders: Option<&[Vec<GroupId>]>) -> QueryResult<bool> {
    let Some(holders) = holders else { return Ok(true) };
    let groups: Vec<GroupId> = holders.iter().flatten().copied().collect();
    let restricted: HashSet<GroupId> = restrictions_of(conn, &groups)?.into_iter().map(|(group, _)| group).collect();
    Ok(holders.iter().any(|groups| groups.iter().any(|group| !restricted.contains(group))))
}

/// Who is restricted neither opens a group everywhere nor closes one that is.
fn ensure_open(reach: &Reach, channels: &[ChannelId]) -> Result<(), RestrictionError> {
    let is_open = match reach {
        Reach::Everywhere => true,
        Reach::Only(_) => !channels.is_empty() && channels.iter().all(|channel| reach.covers(*channel)),
    };
    if is_open { Ok(()) } else { Err(RestrictionError::OutOfScope) }
}

fn channels_of(conn: &mut PgConnection, id: GroupId) -> QueryResult<Vec<ChannelId>> {
    let mut channels: Vec<ChannelId> = restrictions_of(conn, &[id])?.into_iter().map(|(_, channel)| channel).collect();
    channels.sort_unstable();
    Ok(channels)
}

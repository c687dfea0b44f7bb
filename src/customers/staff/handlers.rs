//! HTTP endpoints for staff members.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post};
use diesel::prelude::*;

use super::listing::{StaffFilter, StaffList};
use super::models::StaffMember;
use super::services;
use super::views::{InvitationBody, OwnPermissionsView, PatchedStaffBody, StaffView};
use crate::customers::permissions::{DeactivateStaff, InviteStaff, ManageStaff, ViewStaff};
use crate::platform::api::{ApiResult, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, Authenticated, ChannelScope, Permission, Principal};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::UserId;
use crate::schema::users;

/// Retrieve the caller's permissions
///
/// Returns the permissions of the signed-in user or the app, and the channels in which they apply.
#[endpoint(tag = "auth", returns(200 = OwnPermissionsView))]
#[get("/permissions/")]
pub async fn get_own_permissions(app: Data<App>, principal: Authenticated, request: ReadRequest) -> ApiResult {
    let principal = principal.0;
    let find = move |_: &mut PgConnection| -> Result<_, Problem> {
        let allowed = Permission::all().iter().copied().filter(|permission| principal.has_permission(*permission));
        let channels = match &principal.channel_scope {
            ChannelScope::Unrestricted => None,
            ChannelScope::Only(channels) => {
                let mut channels: Vec<_> = channels.iter().copied().collect();
                channels.sort_unstable();
                Some(channels)
            }
        };
        Ok(OwnPermissionsView { is_superuser: principal.is_superuser, permissions: allowed.collect(), channels })
    };
    request.one(&app, find).await
}

/// List staff members
///
/// Requires the permission `staff.view`.
#[endpoint(tag = "staff", returns(200 = Paged<StaffView>))]
#[get("/")]
pub async fn list_staff(app: Data<App>, _staff: Allowed<ViewStaff>, list: StaffList) -> ApiResult {
    let staff = || users::table.filter(users::is_staff).into_boxed();
    list.list::<StaffView, _>(&app, move |conn, list| StaffFilter::page(conn, list, staff)).await
}

/// Retrieve a staff member
///
/// Requires the permission `staff.view`.
#[endpoint(tag = "staff", returns(200 = StaffView))]
#[get("/{id}/")]
pub async fn get_staff(
    app: Data<App>,
    _staff: Allowed<ViewStaff>,
    request: ReadRequest,
    id: Path<UserId>,
) -> ApiResult {
    request.retrieve::<StaffView, _>(&app, move |conn| StaffMember::get(conn, *id)).await
}

/// Invite a staff member
///
/// Makes the user with this e-mail address a staff member and notifies them by e-mail. Creates an account if none
/// exists; the e-mail then contains a link to set a password. An existing account keeps its name and password, unless
/// its e-mail address is not verified: the server then removes its password, linked accounts, second factors and
/// sessions, because another person could have registered the address. Returns 403 `out_of_scope` if a group has
/// permissions that the caller does not have. Requires the permission `staff.invite`.
#[endpoint(tag = "staff", returns(201 = StaffView))]
#[post("/")]
pub async fn invite_staff(
    app: Data<App>,
    staff: Allowed<InviteStaff>,
    request: WriteRequest,
    body: Body<InvitationBody>,
) -> ApiResult {
    let (invitation, personal_data) = (body.0.into_invitation(), app.personal_data.clone());
    let location = |member: &StaffView| format!("/api/staff/{}/", member.id);
    let invite =
        move |conn: &mut _, context: &_| services::invite(conn, &staff.principal, &invitation, &personal_data, context);
    request.create(&app, location, invite).await
}

/// Update a staff member
///
/// Changes the name or the groups. Returns 403 `out_of_scope` if the staff member or an added group has permissions
/// that the caller does not have, and 409 `last_holder` if a permission would lose its last active holder.
#[endpoint(tag = "staff", returns(200 = StaffView))]
#[patch("/{id}/")]
pub async fn change_staff(
    app: Data<App>,
    staff: Allowed<ManageStaff>,
    request: WriteRequest,
    id: Path<UserId>,
    body: Body<PatchedStaffBody>,
) -> ApiResult {
    let changes = body.0.into_changes();
    let change = move |conn: &mut _, context: &_| services::change(conn, &staff.principal, *id, &changes, context);
    request.update::<StaffView, _>(&app, change).await
}

/// Dismiss a staff member
///
/// Removes the staff member from all groups and revokes all sessions. The account remains a customer account. Returns
/// 403 `out_of_scope` if the staff member has permissions that the caller does not have, and 409 `last_holder` if a
/// permission would lose its last active holder. Requires the permission `staff.manage`.
#[endpoint(tag = "staff", returns(204))]
#[delete("/{id}/")]
pub async fn dismiss_staff(
    app: Data<App>,
    staff: Allowed<ManageStaff>,
    request: WriteRequest,
    id: Path<UserId>,
) -> ApiResult {
    request.delete(&app, move |conn, context| services::dismiss(conn, &staff.principal, *id, context)).await
}

/// Activate a staff member
///
/// The staff member can sign in again. Returns 403 `out_of_scope` if the staff member has permissions that the caller
/// does not have. Requires the permission `staff.deactivate`.
#[endpoint(tag = "staff", returns(200 = StaffView))]
#[post("/{id}/activate/")]
pub async fn activate_staff(
    app: Data<App>,
    staff: Allowed<DeactivateStaff>,
    request: WriteRequest,
    id: Path<UserId>,
) -> ApiResult {
    set_active(&app, staff.principal, request, *id, true).await
}

/// Deactivate a staff member
///
/// The staff member can no longer sign in, and all sessions are revoked. Returns 403 `out_of_scope` if the staff member
/// has permissions that the caller does not have, and 409 `last_holder` if a permission would lose its last active
/// holder. Requires the permission `staff.deactivate`.
#[endpoint(tag = "staff", returns(200 = StaffView))]
#[post("/{id}/deactivate/")]
pub async fn deactivate_staff(
    app: Data<App>,
    staff: Allowed<DeactivateStaff>,
    request: WriteRequest,
    id: Path<UserId>,
) -> ApiResult {
    set_active(&app, staff.principal, request, *id, false).await
}

async fn set_active(app: &App, principal: Principal, request: WriteRequest, id: UserId, is_active: bool) -> ApiResult {
    let set_active = move |conn: &mut _, context: &_| services::set_active(conn, &principal, id, is_active, context);
    request.update::<StaffView, _>(app, set_active).await
}

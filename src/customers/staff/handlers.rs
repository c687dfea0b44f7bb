//! Staff over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post};
use diesel::prelude::*;

use super::errors::StaffError;
use super::listing::{StaffFilter, StaffList};
use super::models::StaffMember;
use super::services;
use super::views::{InvitationBody, OwnPermissionsView, PatchedStaffBody, StaffView};
use crate::platform::api::{Answer, Changed, Created, Gone, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{
    Allowed, Authenticated, DeactivateStaff, InviteStaff, ManageStaff, Permission, Principal, Reach, ViewStaff,
};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::UserId;

/// Retrieve what whoever asks may do.
#[utoipa::path(tag = "auth", params(ReadRequest), security(("jwtAuth" = [])),
    responses((status = 200, body = OwnPermissionsView)))]
#[get("/permissions/")]
pub async fn get_own_permissions(
    app: Data<App>,
    somebody: Authenticated,
    request: ReadRequest,
) -> Result<Answer, Problem> {
    let principal = somebody.0;
    let find = move |_: &mut PgConnection| -> Result<_, Problem> {
        let allowed = Permission::ALL.iter().copied().filter(|permission| principal.may(*permission));
        let channels = match &principal.reach {
            Reach::Everywhere => None,
            Reach::Only(channels) => {
                let mut channels: Vec<_> = channels.iter().copied().collect();
                channels.sort_unstable();
                Some(channels)
            }
        };
        Ok(OwnPermissionsView { is_superuser: principal.is_superuser, permissions: allowed.collect(), channels })
    };
    request.one(&app, find).await
}

/// List the people who work for the shop.
#[utoipa::path(tag = "staff", params(StaffList), security(("jwtAuth" = ["staff.view"])),
    responses((status = 200, body = Paged<StaffView>)))]
#[get("/")]
pub async fn list_staff(app: Data<App>, _staff: Allowed<ViewStaff>, list: StaffList) -> Result<Answer, Problem> {
    let read = |conn: &mut PgConnection, list: &StaffList| -> Result<_, Problem> {
        let slice = StaffFilter::page(conn, list)?;
        Ok(slice.map_rows(|rows| StaffView::of_all(conn, rows))?)
    };
    list.page(&app, read).await
}

/// Retrieve somebody who works for the shop.
#[utoipa::path(tag = "staff", params(UserId, ReadRequest), security(("jwtAuth" = ["staff.view"])),
    responses((status = 200, body = StaffView)))]
#[get("/{id}/")]
pub async fn get_staff(
    app: Data<App>,
    _staff: Allowed<ViewStaff>,
    request: ReadRequest,
    id: Path<UserId>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| -> Result<_, StaffError> {
        let member = StaffMember::find(conn, *id)?.ok_or(StaffError::NotFound)?;
        Ok(StaffView::of(conn, member)?)
    };
    request.one(&app, find).await
}

/// Invite somebody to work for the shop.
///
/// A mail tells them, with a link to choose a password by where they have none. Whoever has an account keeps it; where
/// nobody has proved its address, its password, factors and sessions go, for they may be a stranger's. Answers 403
/// `out_of_scope` for groups that may do more than whoever asks.
#[utoipa::path(tag = "staff", params(WriteRequest), security(("jwtAuth" = ["staff.invite"])),
    request_body = InvitationBody, responses((status = 201, body = StaffView)))]
#[post("/")]
pub async fn invite_staff(
    app: Data<App>,
    staff: Allowed<InviteStaff>,
    request: WriteRequest,
    body: Body<InvitationBody>,
) -> Result<Answer, Problem> {
    let (invitation, rooms) = (body.0.into_invitation(), app.personal_data.clone());
    let invite = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, StaffError> {
        let member = services::invite(conn, &staff.principal, &invitation, &rooms, &request.origin)?;
        let view = StaffView::of(conn, member)?;
        Ok(Created::at(format!("/api/staff/{}/", view.id), view))
    };
    request.run(&app, invite).await
}

/// Change the names of somebody who works for the shop, or the groups they are in.
///
/// Answers 403 `out_of_scope` for what whoever asks may not do themselves, and 409 `last_holder` where a permission
/// would be nobody's.
#[utoipa::path(tag = "staff", params(UserId, WriteRequest), security(("jwtAuth" = ["staff.manage"])),
    request_body = PatchedStaffBody, responses((status = 200, body = StaffView)))]
#[patch("/{id}/")]
pub async fn change_staff(
    app: Data<App>,
    staff: Allowed<ManageStaff>,
    request: WriteRequest,
    id: Path<UserId>,
    body: Body<PatchedStaffBody>,
) -> Result<Answer, Problem> {
    let changes = body.0.into_changes();
    let change = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, StaffError> {
        let member = services::change(conn, &staff.principal, *id, &changes, request)?;
        Ok(Changed(StaffView::of(conn, member)?))
    };
    request.run(&app, change).await
}

/// Dismiss somebody: as a customer they stay, and are signed out everywhere.
#[utoipa::path(tag = "staff", params(UserId, WriteRequest), security(("jwtAuth" = ["staff.manage"])),
    responses((status = 204)))]
#[delete("/{id}/")]
pub async fn dismiss_staff(
    app: Data<App>,
    staff: Allowed<ManageStaff>,
    request: WriteRequest,
    id: Path<UserId>,
) -> Result<Answer, Problem> {
    let dismiss = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::dismiss(conn, &staff.principal, *id, request).map(|()| Gone)
    };
    request.run(&app, dismiss).await
}

/// Let somebody who works for the shop sign in again.
#[utoipa::path(tag = "staff", params(UserId, WriteRequest), security(("jwtAuth" = ["staff.deactivate"])),
    responses((status = 200, body = StaffView)))]
#[post("/{id}/activate/")]
pub async fn activate_staff(
    app: Data<App>,
    staff: Allowed<DeactivateStaff>,
    request: WriteRequest,
    id: Path<UserId>,
) -> Result<Answer, Problem> {
    set_active(&app, staff.principal, request, *id, true).await
}

/// Keep somebody who works for the shop from signing in, and sign them out everywhere.
#[utoipa::path(tag = "staff", params(UserId, WriteRequest), security(("jwtAuth" = ["staff.deactivate"])),
    responses((status = 200, body = StaffView)))]
#[post("/{id}/deactivate/")]
pub async fn deactivate_staff(
    app: Data<App>,
    staff: Allowed<DeactivateStaff>,
    request: WriteRequest,
    id: Path<UserId>,
) -> Result<Answer, Problem> {
    set_active(&app, staff.principal, request, *id, false).await
}

async fn set_active(
    app: &App,
    principal: Principal,
    request: WriteRequest,
    id: UserId,
    is_active: bool,
) -> Result<Answer, Problem> {
    let change = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, StaffError> {
        let member = services::set_active(conn, &principal, id, is_active, request)?;
        Ok(Changed(StaffView::of(conn, member)?))
    };
    request.run(app, change).await
}

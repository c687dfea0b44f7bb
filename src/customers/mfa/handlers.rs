//! Endpoints for the status and the reset of second factors.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use diesel::pg::PgConnection;

use super::services;
use super::views::MfaStatusView;
use crate::customers::permissions::ResetFactors;
use crate::platform::api::{ApiResult, NoContent, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, CurrentUser};
use crate::platform::config::StaffSecondFactor;
use crate::platform::types::UserId;
use crate::platform::write_context::WriteContext;

/// Retrieve the second factors of the signed-in user
#[endpoint(tag = "auth", returns(200 = MfaStatusView))]
#[get("/mfa/status/")]
pub async fn get_status(app: Data<App>, user: CurrentUser, request: ReadRequest) -> ApiResult {
    let id = user.0.user_id;
    let is_required = user.0.is_staff && app.config.staff_second_factor == StaffSecondFactor::Required;
    let find = move |conn: &mut PgConnection| {
        services::find_factors(conn, id).map(|factors| MfaStatusView::new(factors, is_required))
    };
    request.one(&app, find).await
}

/// Reset the second factors of a staff member or customer
///
/// Deletes the authenticator app, the passkeys and the recovery codes, revokes all sessions, and notifies the user by
/// e-mail. Requires the permission `staff.reset_factors`. Returns 403 if the user has permissions that the principal
/// lacks, and 409 `own_account` for the principal's own account.
#[endpoint(tag = "staff", returns(204))]
#[post("/{id}/reset-factors/")]
pub async fn reset_factors(
    app: Data<App>,
    staff: Allowed<ResetFactors>,
    request: WriteRequest,
    id: Path<UserId>,
) -> ApiResult {
    let (principal, shop_name) = (staff.principal, app.config.shop_name.clone());
    let reset = move |conn: &mut PgConnection, context: &WriteContext| {
        services::reset(conn, &principal, *id, &shop_name, context).map(|()| NoContent)
    };
    request.run(&app, reset).await
}

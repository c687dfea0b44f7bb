//! HTTP endpoints for personal data exports, account deactivation and erasure.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use diesel::prelude::*;

use super::errors::PrivacyError;
use super::exports;
use super::models::ExportId;
use super::services;
use super::views::{AccountStateView, DeletionBody, ExportView};
use crate::customers::auth::DetailView;
use crate::customers::permissions::{DeactivateCustomers, EraseCustomers};
use crate::customers::verification::{MailSettings, reauthenticate};
use crate::platform::api::{Accepted, ApiResult, ReadRequest, Updated, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, CurrentCustomer, CurrentUser};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::{CustomerId, JsonObject, NonEmptyText};
use crate::platform::write_context::WriteContext;

/// Delete the signed-in customer's account
///
/// Requires the password. If the account has no password, the server sends an e-mail with a confirmation link and
/// returns 202; repeat the request with the `token` of the link. Deletion is permanent. Orders are kept without
/// personal data. Returns 400 if the password or the token is wrong, 409 `unfinished_business` if the customer has an
/// unfinished order, and 409 `staff_account` if the account belongs to a staff member.
#[endpoint(tag = "customers", throttle = login, returns(204, 202 = DetailView))]
#[post("/me/delete/")]
pub async fn delete_me(
    app: Data<App>,
    user: CurrentUser,
    customer: CurrentCustomer,
    context: WriteContext,
    body: Body<DeletionBody>,
) -> Result<HttpResponse, Problem> {
    let (id, personal_data) = (customer.id, app.personal_data.clone());
    let DeletionBody { password, token } = body.0;
    if let Some(token) = token.map(NonEmptyText::into_inner) {
        app.db.write(move |conn| services::erase_with_token(conn, id, &token, &personal_data, &context)).await?;
        return Ok(HttpResponse::NoContent().finish());
    }
    let user_id = user.0.user_id;
    if app.db.read(move |conn| services::has_no_password(conn, user_id)).await? {
        let settings = MailSettings::from(&**app);
        app.db.write(move |conn| services::email_deletion_link(conn, user_id, &settings, context.at)).await?;
        let message = DetailView { detail: "A link has been sent to your e-mail address." };
        return Ok(HttpResponse::Accepted().json(message));
    }
    let reauthenticated = reauthenticate(&app, &user.0, password, &context).await?;
    app.db
        .write(move |conn| services::erase_with_password(conn, id, &reauthenticated, &personal_data, &context))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Request an export of personal data
///
/// A background job creates the export and notifies the customer by e-mail. If an export exists that has neither been
/// downloaded nor expired, the server returns it instead of creating a new one.
#[endpoint(tag = "customers", returns(202 = ExportView))]
#[post("/me/export/")]
pub async fn request_export(app: Data<App>, customer: CurrentCustomer, request: WriteRequest) -> ApiResult {
    let create = move |conn: &mut PgConnection, context: &WriteContext| -> Result<_, PrivacyError> {
        let export = services::request_export(conn, customer.id, context)?;
        let location = format!("/api/customers/me/export/{}/", export.id);
        Ok(Accepted::at(location, ExportView::new(&export, context.at)))
    };
    request.run(&app, create).await
}

/// Retrieve the status of an export
///
/// Returns 404 if the signed-in customer has no such export.
#[endpoint(tag = "customers", returns(200 = ExportView))]
#[get("/me/export/{id}/")]
pub async fn get_export(
    app: Data<App>,
    customer: CurrentCustomer,
    request: ReadRequest,
    id: Path<ExportId>,
) -> ApiResult {
    let now = app.clock.now();
    let find = move |conn: &mut PgConnection| {
        exports::find_export(conn, *id, customer.id).map(|export| ExportView::new(&export, now))
    };
    request.one(&app, find).await
}

/// Download an export
///
/// An export can be downloaded once; the server then deletes its contents. Returns 409 `export_not_ready` while the
/// export is being created, and 410 `export_gone` if it was downloaded before or has expired.
#[endpoint(tag = "customers", responses((status = 200, content_type = "application/json", body = JsonObject), (status = 410, description = "Export downloaded before or expired")))]
#[post("/me/export/{id}/download/")]
pub async fn download_export(
    app: Data<App>,
    customer: CurrentCustomer,
    context: WriteContext,
    id: Path<ExportId>,
) -> Result<HttpResponse, Problem> {
    let key = app.master_key.clone();
    let export = app.db.write(move |conn| exports::download(conn, *id, customer.id, &key, &context)).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"personal-data.json\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(export))
}

/// Deactivate a customer's account
///
/// The customer can no longer sign in, all sessions are revoked, and links in e-mails become invalid. Returns 409
/// `staff_account` if the account belongs to a staff member, and 409 `no_account` if the customer has no account.
/// Requires the permission `customers.deactivate`.
#[endpoint(tag = "customers", returns(200 = AccountStateView))]
#[post("/{id}/deactivate/")]
pub async fn deactivate_customer(
    app: Data<App>,
    _staff: Allowed<DeactivateCustomers>,
    request: WriteRequest,
    id: Path<CustomerId>,
) -> ApiResult {
    set_active(&app, request, *id, false).await
}

/// Activate a customer's account
///
/// The customer can sign in again. Sessions that were revoked stay revoked. Returns 409 `staff_account` if the account
/// belongs to a staff member, and 409 `no_account` if the customer has no account.
#[endpoint(tag = "customers", returns(200 = AccountStateView))]
#[post("/{id}/activate/")]
pub async fn activate_customer(
    app: Data<App>,
    _staff: Allowed<DeactivateCustomers>,
    request: WriteRequest,
    id: Path<CustomerId>,
) -> ApiResult {
    set_active(&app, request, *id, true).await
}

async fn set_active(app: &App, request: WriteRequest, id: CustomerId, is_active: bool) -> ApiResult {
    let set = move |conn: &mut PgConnection, context: &WriteContext| -> Result<_, PrivacyError> {
        services::set_active(conn, id, is_active, context)?;
        Ok(Updated(AccountStateView { id, is_active }))
    };
    request.run(app, set).await
}

/// Erase a customer
///
/// Deletes the account and all personal data permanently. Orders are kept without personal data. Has no effect if the
/// customer is already erased. Returns 409 `unfinished_business` if the customer has an unfinished order, and 409
/// `staff_account` if the account belongs to a staff member. Requires the permission `customers.erase`.
#[endpoint(tag = "customers", returns(204))]
#[post("/{id}/erase/")]
pub async fn erase_customer(
    app: Data<App>,
    _staff: Allowed<EraseCustomers>,
    request: WriteRequest,
    id: Path<CustomerId>,
) -> ApiResult {
    let personal_data = app.personal_data.clone();
    request.delete(&app, move |conn, context| services::erase(conn, *id, &personal_data, context)).await
}

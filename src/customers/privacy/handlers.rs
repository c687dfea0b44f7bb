//! Being shown what is known of oneself, and being forgotten, over HTTP.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use diesel::prelude::*;

use super::errors::PrivacyError;
use super::models::ExportId;
use super::services;
use super::views::{AccountStateView, DeletionBody, ExportView};
use crate::customers::auth::DetailView;
use crate::customers::verification::{Stationery, prove};
use crate::platform::api::{Accepted, Answer, Changed, Gone, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{Allowed, CurrentCustomer, CurrentUser, DeactivateCustomers, EraseCustomers};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::{CustomerId, Line};

/// Delete one's account for good.
///
/// Wants the password. An account that has none is sent a link instead, with 202; what stands in it is the `token`.
/// Orders stay in the books, without the person. Answers 409 `unfinished_business` while an order is not finished.
#[utoipa::path(tag = "customers", security(("jwtAuth" = [])), request_body = DeletionBody,
    responses((status = 204), (status = 202, body = DetailView)))]
#[post("/me/delete/")]
pub async fn delete_me(
    app: Data<App>,
    user: CurrentUser,
    customer: CurrentCustomer,
    origin: Origin,
    body: Body<DeletionBody>,
) -> Result<HttpResponse, Problem> {
    let (id, rooms) = (customer.id, app.personal_data.clone());
    let DeletionBody { password, token } = body.0;
    if let Some(token) = token.map(Line::into_inner) {
        app.db.write(move |conn| services::erase_confirmed(conn, (id, &token), &rooms, &origin)).await?;
        return Ok(HttpResponse::NoContent().finish());
    }
    let id_of_user = user.0.user_id;
    if app.db.read(move |conn| services::has_no_password(conn, id_of_user)).await? {
        let stationery = Stationery::from(&**app);
        app.db.write(move |conn| services::mail_deletion(conn, id_of_user, &stationery, origin.at)).await?;
        let told = DetailView { detail: "A link has been sent to your e-mail address." };
        return Ok(HttpResponse::Accepted().json(told));
    }
    let proof = prove(&app, &user.0, password, &origin).await?;
    app.db.write(move |conn| services::erase_proved(conn, (id, &proof), &rooms, &origin)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ask for what the shop knows of oneself.
///
/// It is made in the background and told by mail. Until it has been downloaded or its time is over, asking again
/// answers with the same one.
#[utoipa::path(tag = "customers", params(WriteRequest), security(("jwtAuth" = [])),
    responses((status = 202, body = ExportView)))]
#[post("/me/export/")]
pub async fn ask_for_export(
    app: Data<App>,
    customer: CurrentCustomer,
    request: WriteRequest,
) -> Result<Answer, Problem> {
    let ask = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, PrivacyError> {
        let export = services::ask_for_export(conn, customer.id, &request.origin)?;
        let location = format!("/api/customers/me/export/{}/", export.id);
        Ok(Accepted::at(location, ExportView::new(&export, request.origin.at)))
    };
    request.run(&app, ask).await
}

/// See how far an export has come.
#[utoipa::path(tag = "customers", params(ExportId, ReadRequest), security(("jwtAuth" = [])),
    responses((status = 200, body = ExportView)))]
#[get("/me/export/{id}/")]
pub async fn get_export(
    app: Data<App>,
    customer: CurrentCustomer,
    request: ReadRequest,
    id: Path<ExportId>,
) -> Result<Answer, Problem> {
    let now = app.clock.now();
    let find = move |conn: &mut PgConnection| {
        services::find_export(conn, *id, customer.id).map(|export| ExportView::new(&export, now))
    };
    request.one(&app, find).await
}

/// Download an export, once.
///
/// Then it is gone: this answers 410 `export_gone`. Before it is ready, 409 `export_not_ready`.
#[utoipa::path(tag = "customers", params(ExportId), security(("jwtAuth" = [])),
    responses((status = 200, content_type = "application/json", body = Object),
    (status = 410, description = "It was downloaded before, or its time is over.")))]
#[post("/me/export/{id}/download/")]
pub async fn download_export(
    app: Data<App>,
    customer: CurrentCustomer,
    origin: Origin,
    id: Path<ExportId>,
) -> Result<HttpResponse, Problem> {
    let key = app.master_key.clone();
    let opened = app.db.write(move |conn| services::download(conn, *id, customer.id, &key, &origin)).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"personal-data.json\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(opened))
}

/// Switch a customer's account off.
///
/// They are signed out everywhere. Accounts of staff answer 409 `staff_account`.
#[utoipa::path(tag = "customers", params(CustomerId, WriteRequest), security(("jwtAuth" = ["customers.deactivate"])),
    responses((status = 200, body = AccountStateView)))]
#[post("/{id}/deactivate/")]
pub async fn deactivate_customer(
    app: Data<App>,
    _staff: Allowed<DeactivateCustomers>,
    request: WriteRequest,
    id: Path<CustomerId>,
) -> Result<Answer, Problem> {
    set_active(&app, request, *id, false).await
}

/// Switch a customer's account on again.
#[utoipa::path(tag = "customers", params(CustomerId, WriteRequest), security(("jwtAuth" = ["customers.deactivate"])),
    responses((status = 200, body = AccountStateView)))]
#[post("/{id}/activate/")]
pub async fn activate_customer(
    app: Data<App>,
    _staff: Allowed<DeactivateCustomers>,
    request: WriteRequest,
    id: Path<CustomerId>,
) -> Result<Answer, Problem> {
    set_active(&app, request, *id, true).await
}

async fn set_active(app: &App, request: WriteRequest, id: CustomerId, is_active: bool) -> Result<Answer, Problem> {
    let set = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, PrivacyError> {
        services::set_active(conn, id, is_active, request)?;
        Ok(Changed(AccountStateView { id, is_active }))
    };
    request.run(app, set).await
}

/// Forget a customer for good.
///
/// Orders stay in the books, without the person. Answers 409 `unfinished_business` while an order is not finished.
#[utoipa::path(tag = "customers", params(CustomerId, WriteRequest), security(("jwtAuth" = ["customers.erase"])),
    responses((status = 204)))]
#[post("/{id}/erase/")]
pub async fn erase_customer(
    app: Data<App>,
    _staff: Allowed<EraseCustomers>,
    request: WriteRequest,
    id: Path<CustomerId>,
) -> Result<Answer, Problem> {
    let rooms = app.personal_data.clone();
    let erase = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::erase(conn, *id, &rooms, (&request.expected, &request.origin)).map(|()| Gone)
    };
    request.run(&app, erase).await
}

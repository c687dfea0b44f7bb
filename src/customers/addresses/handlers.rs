//! One's own addresses over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::prelude::*;

use super::errors::AddressError;
use super::listing::{AddressFilter, AddressList};
use super::models::{Address, AddressId};
use super::services::{self, NewAddress};
use super::views::{AddressBody, AddressView, PatchedAddressBody};
use crate::platform::api::{Answer, Changed, Created, Gone, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::CurrentCustomer;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::Body;
use crate::platform::types::CustomerId;

/// List the signed-in customer's addresses, as they were added.
#[utoipa::path(tag = "customers", params(AddressList), security(("jwtAuth" = [])),
    responses((status = 200, body = Paged<AddressView>)))]
#[get("/me/addresses/")]
pub async fn list_my_addresses(
    app: Data<App>,
    customer: CurrentCustomer,
    list: AddressList,
) -> Result<Answer, Problem> {
    list_of(&app, customer.id, list).await
}

/// Add an address of the signed-in customer.
///
/// The first one becomes the default for bills and goods. Answers 409 `too_many_addresses` behind the hundredth.
#[utoipa::path(tag = "customers", params(WriteRequest), security(("jwtAuth" = [])), request_body = AddressBody,
    responses((status = 201, body = AddressView)))]
#[post("/me/addresses/")]
pub async fn add_my_address(
    app: Data<App>,
    customer: CurrentCustomer,
    request: WriteRequest,
    body: Body<AddressBody>,
) -> Result<Answer, Problem> {
    add_to(&app, (customer.id, "/api/customers/me/addresses/".to_owned()), request, body.0.into_new()).await
}

/// Retrieve an address of the signed-in customer.
#[utoipa::path(tag = "customers", params(AddressId, ReadRequest), security(("jwtAuth" = [])),
    responses((status = 200, body = AddressView)))]
#[get("/me/addresses/{id}/")]
pub async fn get_my_address(
    app: Data<App>,
    customer: CurrentCustomer,
    request: ReadRequest,
    id: Path<AddressId>,
) -> Result<Answer, Problem> {
    get_of(&app, (customer.id, *id), request).await
}

/// Replace an address of the signed-in customer.
#[utoipa::path(tag = "customers", params(AddressId, WriteRequest), security(("jwtAuth" = [])),
    request_body = AddressBody, responses((status = 200, body = AddressView)))]
#[put("/me/addresses/{id}/")]
pub async fn replace_my_address(
    app: Data<App>,
    customer: CurrentCustomer,
    request: WriteRequest,
    id: Path<AddressId>,
    body: Body<AddressBody>,
) -> Result<Answer, Problem> {
    let new = body.0.into_new();
    change_of(&app, (customer.id, *id), request, move |_| Ok(new.clone())).await
}

/// Change an address of the signed-in customer.
#[utoipa::path(tag = "customers", params(AddressId, WriteRequest), security(("jwtAuth" = [])),
    request_body = PatchedAddressBody, responses((status = 200, body = AddressView)))]
#[patch("/me/addresses/{id}/")]
pub async fn change_my_address(
    app: Data<App>,
    customer: CurrentCustomer,
    request: WriteRequest,
    id: Path<AddressId>,
    body: Body<PatchedAddressBody>,
) -> Result<Answer, Problem> {
    let changes = body.0.into_changes();
    change_of(&app, (customer.id, *id), request, move |address| changes.applied_to(address)).await
}

/// Remove an address of the signed-in customer.
#[utoipa::path(tag = "customers", params(AddressId, WriteRequest), security(("jwtAuth" = [])),
    responses((status = 204)))]
#[delete("/me/addresses/{id}/")]
pub async fn remove_my_address(
    app: Data<App>,
    customer: CurrentCustomer,
    request: WriteRequest,
    id: Path<AddressId>,
) -> Result<Answer, Problem> {
    remove_of(&app, (customer.id, *id), request).await
}

pub(super) async fn list_of(app: &App, customer: CustomerId, list: AddressList) -> Result<Answer, Problem> {
    let read = move |conn: &mut PgConnection, list: &AddressList| -> Result<_, Problem> {
        services::ensure_customer(conn, customer)?;
        Ok(AddressFilter::page(conn, list, customer)?.map(AddressView::from))
    };
    list.page(app, read).await
}

/// `list` is the URL that it is added at.
pub(super) async fn add_to(
    app: &App,
    (customer, list): (CustomerId, String),
    request: WriteRequest,
    new: NewAddress,
) -> Result<Answer, Problem> {
    let add = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, AddressError> {
        let address = services::add(conn, customer, &new, &request.origin)?;
        Ok(Created::at(format!("{list}{}/", address.id), AddressView::from(address)))
    };
    request.run(app, add).await
}

pub(super) async fn get_of(
    app: &App,
    (customer, id): (CustomerId, AddressId),
    request: ReadRequest,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| services::find(conn, customer, id).map(AddressView::from);
    request.one(app, find).await
}

pub(super) async fn change_of(
    app: &App,
    key: (CustomerId, AddressId),
    request: WriteRequest,
    change: impl Fn(&Address) -> Result<NewAddress, ErrorTree> + Send + 'static,
) -> Result<Answer, Problem> {
    let change = move |conn: &mut PgConnection, request: &WriteRequest| {
        let address = services::change(conn, key, &change, request)?;
        Ok::<_, AddressError>(Changed(AddressView::from(address)))
    };
    request.run(app, change).await
}

pub(super) async fn remove_of(
    app: &App,
    (customer, id): (CustomerId, AddressId),
    request: WriteRequest,
) -> Result<Answer, Problem> {
    let remove = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::remove(conn, customer, id, request).map(|()| Gone)
    };
    request.run(app, remove).await
}

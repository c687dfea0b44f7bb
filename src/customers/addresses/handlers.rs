//! HTTP endpoints for the addresses of the signed-in customer, and functions shared with the endpoints of staff.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::prelude::*;

use super::listing::{AddressFilter, AddressList};
use super::models::{Address, AddressId, AddressKey};
use super::services::{self, NewAddress};
use super::views::{AddressBody, AddressView, PatchedAddressBody};
use crate::platform::api::{ApiResult, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::CurrentCustomer;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::Body;
use crate::platform::types::CustomerId;
use crate::schema::addresses;

/// List the signed-in customer's addresses
///
/// Returns the addresses by default in the order in which they were created.
#[endpoint(tag = "customers", returns(200 = Paged<AddressView>))]
#[get("/me/addresses/")]
pub async fn list_my_addresses(app: Data<App>, customer: CurrentCustomer, list: AddressList) -> ApiResult {
    list_for_customer(&app, customer.id, list).await
}

/// Create an address of the signed-in customer
///
/// The first address becomes the default billing and shipping address, unless the request sets the default flags to
/// false. Returns 409 `too_many_addresses` if the customer already has 100 addresses.
#[endpoint(tag = "customers", returns(201 = AddressView))]
#[post("/me/addresses/")]
pub async fn add_my_address(
    app: Data<App>,
    customer: CurrentCustomer,
    request: WriteRequest,
    body: Body<AddressBody>,
) -> ApiResult {
    create_for_customer(&app, customer.id, "/api/customers/me/addresses/", request, body.0.into_new()).await
}

/// Retrieve an address of the signed-in customer
#[endpoint(tag = "customers", returns(200 = AddressView))]
#[get("/me/addresses/{id}/")]
pub async fn get_my_address(
    app: Data<App>,
    customer: CurrentCustomer,
    request: ReadRequest,
    id: Path<AddressId>,
) -> ApiResult {
    retrieve(&app, AddressKey { customer: customer.id, address: *id }, request).await
}

/// Replace an address of the signed-in customer
///
/// Making the address a default address removes the flag from the previous default. An absent default flag does not
/// change.
#[endpoint(tag = "customers", returns(200 = AddressView))]
#[put("/me/addresses/{id}/")]
pub async fn replace_my_address(
    app: Data<App>,
    customer: CurrentCustomer,
    request: WriteRequest,
    id: Path<AddressId>,
    body: Body<AddressBody>,
) -> ApiResult {
    let new = body.0.into_new();
    update(&app, AddressKey { customer: customer.id, address: *id }, request, move |_| Ok(new.clone())).await
}

/// Update an address of the signed-in customer
///
/// The complete address is validated against the rules of its country. Making the address a default address removes the
/// flag from the previous default.
#[endpoint(tag = "customers", returns(200 = AddressView))]
#[patch("/me/addresses/{id}/")]
pub async fn change_my_address(
    app: Data<App>,
    customer: CurrentCustomer,
    request: WriteRequest,
    id: Path<AddressId>,
    body: Body<PatchedAddressBody>,
) -> ApiResult {
    let changes = body.0.into_changes();
    let key = AddressKey { customer: customer.id, address: *id };
    update(&app, key, request, move |address| changes.applied_to(address)).await
}

/// Delete an address of the signed-in customer
///
/// After the deletion of a default address, the customer has no default of that kind until another address becomes the
/// default.
#[endpoint(tag = "customers", returns(204))]
#[delete("/me/addresses/{id}/")]
pub async fn remove_my_address(
    app: Data<App>,
    customer: CurrentCustomer,
    request: WriteRequest,
    id: Path<AddressId>,
) -> ApiResult {
    remove(&app, AddressKey { customer: customer.id, address: *id }, request).await
}

/// Responds with a page of the customer's addresses.
pub(super) async fn list_for_customer(app: &App, customer: CustomerId, list: AddressList) -> ApiResult {
    let page = move |conn: &mut _, list: &_| -> Result<_, Problem> {
        services::ensure_customer(conn, customer)?;
        let own = || addresses::table.filter(addresses::customer_id.eq(customer)).into_boxed();
        AddressFilter::page(conn, list, own)
    };
    list.list::<AddressView, _>(app, page).await
}

/// Creates an address. `list_url` is the URL of the list, to which the response's `Location` appends the id.
pub(super) async fn create_for_customer(
    app: &App,
    customer: CustomerId,
    list_url: &str,
    request: WriteRequest,
    new: NewAddress,
) -> ApiResult {
    let list_url = list_url.to_owned();
    let location = move |address: &AddressView| format!("{list_url}{}/", address.id);
    request.create(app, location, move |conn, context| services::create(conn, customer, &new, context)).await
}

pub(super) async fn retrieve(app: &App, key: AddressKey, request: ReadRequest) -> ApiResult {
    request.retrieve::<AddressView, _>(app, move |conn| services::find(conn, key)).await
}

pub(super) async fn update(
    app: &App,
    key: AddressKey,
    request: WriteRequest,
    update: impl Fn(&Address) -> Result<NewAddress, ErrorTree> + Send + 'static,
) -> ApiResult {
    let update = move |conn: &mut _, context: &_| services::update(conn, key, &update, context);
    request.update::<AddressView, _>(app, update).await
}

pub(super) async fn remove(app: &App, key: AddressKey, request: WriteRequest) -> ApiResult {
    request.delete(app, move |conn, context| services::delete(conn, key, context)).await
}

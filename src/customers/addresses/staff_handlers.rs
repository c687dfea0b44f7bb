//! HTTP endpoints for the addresses of any customer, for staff members.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use serde::Deserialize;
use utoipa::IntoParams;

use super::handlers::{create_for_customer, list_for_customer, remove, retrieve, update};
use super::listing::AddressList;
use super::models::{AddressId, AddressKey};
use super::views::{AddressBody, AddressView, PatchedAddressBody};
use crate::customers::permissions::{ManageAddresses, ViewCustomers};
use crate::platform::api::{ApiResult, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::Allowed;
use crate::platform::http::Body;
use crate::platform::types::CustomerId;

/// Path parameters that identify an address of a customer.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AddressPath {
    /// Id of the customer.
    #[param(value_type = String)]
    id: CustomerId,
    /// Id of the address.
    #[param(value_type = String)]
    address_id: AddressId,
}

impl AddressPath {
    const fn key(self) -> AddressKey {
        AddressKey { customer: self.id, address: self.address_id }
    }
}

/// List a customer's addresses
///
/// Returns the addresses by default in the order in which they were created. Returns 404 if the customer does not
/// exist. Requires the permission `customers.view`.
#[endpoint(tag = "customers", returns(200 = Paged<AddressView>))]
#[get("/{id}/addresses/")]
pub async fn list_addresses(
    app: Data<App>,
    _staff: Allowed<ViewCustomers>,
    list: AddressList,
    id: Path<CustomerId>,
) -> ApiResult {
    list_for_customer(&app, *id, list).await
}

/// Create an address of a customer
///
/// The first address becomes the default billing and shipping address, unless the request sets the default flags to
/// false. Returns 404 if the customer does not exist, and 409 `too_many_addresses` if the customer already has 100
/// addresses.
#[endpoint(tag = "customers", returns(201 = AddressView))]
#[post("/{id}/addresses/")]
pub async fn add_address(
    app: Data<App>,
    _staff: Allowed<ManageAddresses>,
    request: WriteRequest,
    id: Path<CustomerId>,
    body: Body<AddressBody>,
) -> ApiResult {
    create_for_customer(&app, *id, &format!("/api/customers/{id}/addresses/"), request, body.0.into_new()).await
}

/// Retrieve an address of a customer
///
/// Requires the permission `customers.view`.
#[endpoint(tag = "customers", returns(200 = AddressView))]
#[get("/{id}/addresses/{address_id}/")]
pub async fn get_address(
    app: Data<App>,
    _staff: Allowed<ViewCustomers>,
    request: ReadRequest,
    path: Path<AddressPath>,
) -> ApiResult {
    retrieve(&app, path.key(), request).await
}

/// Replace an address of a customer
///
/// Making the address a default address removes the flag from the previous default. An absent default flag does not
/// change. Requires the permission `addresses.manage`.
#[endpoint(tag = "customers", returns(200 = AddressView))]
#[put("/{id}/addresses/{address_id}/")]
pub async fn replace_address(
    app: Data<App>,
    _staff: Allowed<ManageAddresses>,
    request: WriteRequest,
    path: Path<AddressPath>,
    body: Body<AddressBody>,
) -> ApiResult {
    let new = body.0.into_new();
    update(&app, path.key(), request, move |_| Ok(new.clone())).await
}

/// Update an address of a customer
///
/// The complete address is validated against the rules of its country. Making the address a default address removes the
/// flag from the previous default. Requires the permission `addresses.manage`.
#[endpoint(tag = "customers", returns(200 = AddressView))]
#[patch("/{id}/addresses/{address_id}/")]
pub async fn change_address(
    app: Data<App>,
    _staff: Allowed<ManageAddresses>,
    request: WriteRequest,
    path: Path<AddressPath>,
    body: Body<PatchedAddressBody>,
) -> ApiResult {
    let changes = body.0.into_changes();
    update(&app, path.key(), request, move |address| changes.applied_to(address)).await
}

/// Delete an address of a customer
///
/// After the deletion of a default address, the customer has no default of that kind until another address becomes the
/// default. Requires the permission `addresses.manage`.
#[endpoint(tag = "customers", returns(204))]
#[delete("/{id}/addresses/{address_id}/")]
pub async fn remove_address(
    app: Data<App>,
    _staff: Allowed<ManageAddresses>,
    request: WriteRequest,
    path: Path<AddressPath>,
) -> ApiResult {
    remove(&app, path.key(), request).await
}

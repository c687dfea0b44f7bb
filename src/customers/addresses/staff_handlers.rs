//! Anybody's addresses over HTTP, for staff.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use serde::Deserialize;
use utoipa::IntoParams;

use super::handlers::{add_to, change_of, get_of, list_of, remove_of};
use super::listing::AddressList;
use super::models::AddressId;
use super::views::{AddressBody, AddressView, PatchedAddressBody};
use crate::platform::api::{Answer, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ManageAddresses, ViewCustomers};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::CustomerId;

/// Whose address, and which.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AddressPath {
    /// The customer.
    #[param(value_type = String)]
    id: CustomerId,
    /// The address.
    #[param(value_type = String)]
    address_id: AddressId,
}

impl AddressPath {
    const fn key(self) -> (CustomerId, AddressId) {
        (self.id, self.address_id)
    }
}

/// List a customer's addresses, as they were added.
#[utoipa::path(tag = "customers", params(CustomerId, AddressList), security(("jwtAuth" = ["customers.view"])),
    responses((status = 200, body = Paged<AddressView>)))]
#[get("/{id}/addresses/")]
pub async fn list_addresses(
    app: Data<App>,
    _staff: Allowed<ViewCustomers>,
    list: AddressList,
    id: Path<CustomerId>,
) -> Result<Answer, Problem> {
    list_of(&app, *id, list).await
}

/// Add an address of a customer.
///
/// The first one becomes the default for bills and goods. Answers 409 `too_many_addresses` behind the hundredth.
#[utoipa::path(tag = "customers", params(CustomerId, WriteRequest), security(("jwtAuth" = ["addresses.manage"])),
    request_body = AddressBody, responses((status = 201, body = AddressView)))]
#[post("/{id}/addresses/")]
pub async fn add_address(
    app: Data<App>,
    _staff: Allowed<ManageAddresses>,
    request: WriteRequest,
    id: Path<CustomerId>,
    body: Body<AddressBody>,
) -> Result<Answer, Problem> {
    add_to(&app, (*id, format!("/api/customers/{id}/addresses/")), request, body.0.into_new()).await
}

/// Retrieve an address of a customer.
#[utoipa::path(tag = "customers", params(AddressPath, ReadRequest), security(("jwtAuth" = ["customers.view"])),
    responses((status = 200, body = AddressView)))]
#[get("/{id}/addresses/{address_id}/")]
pub async fn get_address(
    app: Data<App>,
    _staff: Allowed<ViewCustomers>,
    request: ReadRequest,
    path: Path<AddressPath>,
) -> Result<Answer, Problem> {
    get_of(&app, path.key(), request).await
}

/// Replace an address of a customer.
#[utoipa::path(tag = "customers", params(AddressPath, WriteRequest), security(("jwtAuth" = ["addresses.manage"])),
    request_body = AddressBody, responses((status = 200, body = AddressView)))]
#[put("/{id}/addresses/{address_id}/")]
pub async fn replace_address(
    app: Data<App>,
    _staff: Allowed<ManageAddresses>,
    request: WriteRequest,
    path: Path<AddressPath>,
    body: Body<AddressBody>,
) -> Result<Answer, Problem> {
    let new = body.0.into_new();
    change_of(&app, path.key(), request, move |_| Ok(new.clone())).await
}

/// Change an address of a customer.
#[utoipa::path(tag = "customers", params(AddressPath, WriteRequest), security(("jwtAuth" = ["addresses.manage"])),
    request_body = PatchedAddressBody, responses((status = 200, body = AddressView)))]
#[patch("/{id}/addresses/{address_id}/")]
pub async fn change_address(
    app: Data<App>,
    _staff: Allowed<ManageAddresses>,
    request: WriteRequest,
    path: Path<AddressPath>,
    body: Body<PatchedAddressBody>,
) -> Result<Answer, Problem> {
    let changes = body.0.into_changes();
    change_of(&app, path.key(), request, move |address| changes.applied_to(address)).await
}

/// Remove an address of a customer.
#[utoipa::path(tag = "customers", params(AddressPath, WriteRequest), security(("jwtAuth" = ["addresses.manage"])),
    responses((status = 204)))]
#[delete("/{id}/addresses/{address_id}/")]
pub async fn remove_address(
    app: Data<App>,
    _staff: Allowed<ManageAddresses>,
    request: WriteRequest,
    path: Path<AddressPath>,
) -> Result<Answer, Problem> {
    remove_of(&app, path.key(), request).await
}

//! Access to orders: staff, the customer who placed the order, and a guest with the order's secret token.
//!
//! For all other principals the server behaves as if the order did not exist. Owns no table. Handlers extract an
//! [`OrderAccess`], and `lifecycle` compares it with the order.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

use crate::orders::permissions::{CancelOrders, ViewOrders};
use crate::platform::api::{Access, EndpointArgument, EndpointDescription};
use crate::platform::auth::{Allowed, ChannelScope, Permission, Principal, principal_of, sha256};
use crate::platform::error::Problem;
use crate::platform::http::guest_token;
use crate::platform::types::CustomerId;

/// Name of the header that carries a guest's order token.
pub const ORDER_TOKEN_HEADER: HeaderName = HeaderName::from_static("x-order-token");

/// Orders that a principal or a guest has access to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderAccess {
    /// All orders of these channels.
    Staff(ChannelScope),
    /// The customer's own orders, and the order whose token has this hash.
    Owner { customer: Option<CustomerId>, token_hash: Option<Vec<u8>> },
}

impl OrderAccess {
    /// Grants access to the customer's own orders.
    pub const fn for_customer(id: CustomerId) -> Self {
        Self::Owner { customer: Some(id), token_hash: None }
    }

    /// Grants access to all orders, for calls by the application itself.
    pub const fn unrestricted() -> Self {
        Self::Staff(ChannelScope::Unrestricted)
    }

    /// Returns true for access with a staff permission.
    pub const fn is_staff(&self) -> bool {
        matches!(self, Self::Staff(_))
    }

    /// Grants a staff member access to the orders of the channels that they can manage.
    pub fn for_staff<P>(staff: &Allowed<P>) -> Self {
        Self::Staff(staff.principal.channel_scope.clone())
    }

    /// Grants access to all orders of the principal's channels if the principal has the permission, and to the
    /// customer's own orders otherwise.
    pub fn for_principal(principal: &Principal, permission: Permission) -> Result<Self, Problem> {
        if principal.has_permission(permission) {
            return Ok(Self::Staff(principal.channel_scope.clone()));
        }
        principal.customer_id().map(Self::for_customer).ok_or_else(Problem::permission_denied)
    }
}

fn access(request: &HttpRequest, permission: Permission) -> Result<OrderAccess, Problem> {
    let principal = principal_of(request);
    if let Some(staff) = principal.as_ref().filter(|principal| principal.has_permission(permission)) {
        return Ok(OrderAccess::Staff(staff.channel_scope.clone()));
    }
    let token = guest_token(request);
    if principal.is_none() && token.is_none() {
        return Err(Problem::not_authenticated());
    }
    let customer = principal.and_then(|principal| principal.customer_id());
    Ok(OrderAccess::Owner { customer, token_hash: token.map(sha256) })
}

/// Extracts the access for reading: staff members need the permission to view orders.
impl FromRequest for OrderAccess {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(access(request, ViewOrders::PERMISSION))
    }
}

impl EndpointArgument for OrderAccess {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.add_parameters::<OrderTokenHeader>();
        endpoint.require(Access::Optional);
    }
}

/// Documents the header with a guest's order token.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only documents the header")]
struct OrderTokenHeader {
    /// Secret token of a guest order, from the response to placing the order.
    #[param(rename = "X-Order-Token")]
    order_token: Option<String>,
}

/// Extracts the access for cancelling: staff members need the permission to cancel orders.
#[derive(Debug, Clone)]
pub struct OrderCancelAccess(pub OrderAccess);

impl FromRequest for OrderCancelAccess {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(access(request, CancelOrders::PERMISSION).map(Self))
    }
}

impl EndpointArgument for OrderCancelAccess {
    fn describe(endpoint: &mut EndpointDescription) {
        OrderAccess::describe(endpoint);
    }
}

//! Who may see an order: its customer, staff, and a guest who holds its secret. Nobody else learns that it exists.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;

use super::models::Order;
use crate::platform::auth::{Allowed, Permission, Principal, Reach, principal_of, sha256};
use crate::platform::error::Problem;
use crate::platform::types::CustomerId;

/// The header in which a guest shows the secret of an order.
const ORDER_TOKEN: &str = "x-order-token";

/// The orders that somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderAccess {
    /// All of these channels.
    Staff(Reach),
    /// A customer's own, and the one whose secret hashes to this.
    Holder { customer: Option<CustomerId>, token_hash: Option<Vec<u8>> },
}

impl OrderAccess {
    /// A customer's own.
    pub const fn customer(id: CustomerId) -> Self {
        Self::Holder { customer: Some(id), token_hash: None }
    }

    pub fn covers(&self, order: &Order) -> bool {
        match self {
            Self::Staff(reach) => reach.covers(order.channel_id),
            Self::Holder { customer, token_hash } => {
                let is_theirs = customer.is_some() && order.customer_id == *customer;
                is_theirs || (token_hash.is_some() && order.access_token_hash == *token_hash)
            }
        }
    }

    /// All there are, for the shop itself.
    pub const fn everything() -> Self {
        Self::Staff(Reach::Everywhere)
    }

    pub const fn is_staff(&self) -> bool {
        matches!(self, Self::Staff(_))
    }

    /// What somebody with a permission may reach by it.
    pub fn of_staff<P>(staff: &Allowed<P>) -> Self {
        Self::Staff(staff.principal.reach.clone())
    }

    /// What staff may change; others change their own.
    pub fn of(principal: &Principal, permission: Permission) -> Result<Self, Problem> {
        if principal.may(permission) {
            return Ok(Self::Staff(principal.reach.clone()));
        }
        principal.customer_id().map(Self::customer).ok_or_else(Problem::permission_denied)
    }
}

fn access(request: &HttpRequest, permission: Permission) -> Result<OrderAccess, Problem> {
    let principal = principal_of(request);
    if let Some(staff) = principal.as_ref().filter(|principal| principal.may(permission)) {
        return Ok(OrderAccess::Staff(staff.reach.clone()));
    }
    let token = request.headers().get(ORDER_TOKEN).and_then(|value| value.to_str().ok());
    if principal.is_none() && token.is_none() {
        return Err(Problem::not_authenticated());
    }
    let customer = principal.and_then(|principal| principal.customer_id());
    Ok(OrderAccess::Holder { customer, token_hash: token.map(sha256) })
}

/// For reading: staff who may see orders see all.
impl FromRequest for OrderAccess {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(access(request, Permission::OrdersView))
    }
}

/// The header of a guest's secret, for the OpenAPI document.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only documents the header")]
pub struct OrderToken {
    /// A guest's secret, from the answer to placing the order.
    #[param(rename = "X-Order-Token")]
    order_token: Option<String>,
}

/// For changing: staff who may manage orders change all.
#[derive(Debug, Clone)]
pub struct OrderControl(pub OrderAccess);

impl FromRequest for OrderControl {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(access(request, Permission::OrdersCancel).map(Self))
    }
}

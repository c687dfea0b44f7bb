//! Who may see an order: its customer, staff, and a guest who holds its secret. Nobody else learns that it exists.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use super::models::Order;
use crate::platform::auth::{Permission, Principal, sha256};
use crate::platform::error::Problem;
use crate::platform::types::CustomerId;

/// The header in which a guest shows the secret of an order.
const ORDER_TOKEN: &str = "x-order-token";

/// The orders that somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderAccess {
    /// All.
    Staff,
    /// Their own.
    Customer(CustomerId),
    /// The one whose secret hashes to this.
    Guest(Vec<u8>),
}

impl OrderAccess {
    pub fn covers(&self, order: &Order) -> bool {
        match self {
            Self::Staff => true,
            Self::Customer(id) => order.customer_id == Some(*id),
            Self::Guest(hash) => order.access_token_hash.as_ref() == Some(hash),
        }
    }

    pub fn is_staff(&self) -> bool {
        *self == Self::Staff
    }

    /// What staff may change; others change their own.
    pub fn of(principal: &Principal, permission: Permission) -> Result<Self, Problem> {
        if principal.may(permission) {
            return Ok(Self::Staff);
        }
        principal.customer_id.map(Self::Customer).ok_or_else(Problem::permission_denied)
    }
}

fn access(request: &HttpRequest, permission: Permission) -> Result<OrderAccess, Problem> {
    if let Some(principal) = request.extensions().get::<Principal>() {
        return OrderAccess::of(principal, permission);
    }
    match request.headers().get(ORDER_TOKEN).and_then(|value| value.to_str().ok()) {
        Some(token) => Ok(OrderAccess::Guest(sha256(token))),
        None => Err(Problem::not_authenticated()),
    }
}

/// For reading: staff who may see orders see all.
impl FromRequest for OrderAccess {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(access(request, Permission::OrdersView))
    }
}

/// For changing: staff who may manage orders change all.
#[derive(Debug, Clone)]
pub struct OrderControl(pub OrderAccess);

impl FromRequest for OrderControl {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(access(request, Permission::OrdersManage).map(Self))
    }
}

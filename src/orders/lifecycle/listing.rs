//! Filters, search and ordering of order lists.

use diesel::pg::Pg;
use diesel::prelude::*;
use rust_decimal::Decimal;

use super::models::Order;
use super::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use crate::orders::access::OrderAccess;
use crate::platform::api::{
    ChoiceLookups, DateTimeLookups, ListFilter, ListRequest, RangeLookups, Search, TextLookups,
};
use crate::platform::auth::ChannelScope;
use crate::platform::types::{Currency, CustomerId};
use crate::schema::orders;

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = orders, row = Order)]
#[list(order_by(placed_at, number, total_gross, status, updated_at), default = "-placed_at")]
pub struct OrderFilter {
    pub status: ChoiceLookups<OrderStatus>,
    pub payment_status: ChoiceLookups<PaymentStatus>,
    pub fulfillment_status: ChoiceLookups<FulfillmentStatus>,
    pub number: TextLookups,
    #[list(column = customer_id)]
    pub customer: ChoiceLookups<CustomerId>,
    /// Case-insensitive.
    #[list(lowercase)]
    pub email: TextLookups,
    pub currency: ChoiceLookups<Currency>,
    pub total_gross: RangeLookups<Decimal>,
    pub placed_at: DateTimeLookups,
    pub created_at: DateTimeLookups,
    pub updated_at: DateTimeLookups,
    /// Words that must each occur in the number or the e-mail address. A "quoted phrase" counts as one word.
    #[list(search(orders::number.nullable(), email))]
    pub search: Search,
}

pub(super) type OrderList = ListRequest<OrderFilter>;

/// Selects the orders that the access includes, without the order of a guest's token.
pub(super) fn accessible_orders<'q>(access: &OrderAccess) -> orders::BoxedQuery<'q, Pg> {
    let query = orders::table.into_boxed();
    match access {
        OrderAccess::Owner { customer, .. } => query.filter(orders::customer_id.eq(*customer)),
        OrderAccess::Staff(ChannelScope::Only(channels)) => {
            query.filter(orders::channel_id.eq_any(channels.iter().copied().collect::<Vec<_>>()))
        }
        OrderAccess::Staff(ChannelScope::Unrestricted) => query,
    }
}

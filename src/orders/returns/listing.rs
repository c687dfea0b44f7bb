//! Filters and ordering of return lists.

use diesel::pg::Pg;
use diesel::prelude::*;
use rust_decimal::Decimal;

use super::models::{Return, ReturnStatus};
use crate::orders::ids::OrderId;
use crate::platform::api::{ChoiceLookups, DateTimeLookups, ListFilter, ListRequest, RangeLookups, TextLookups};
use crate::platform::auth::ChannelScope;
use crate::platform::types::{Currency, CustomerId};
use crate::schema::{orders, returns};

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = returns, row = Return)]
#[list(order_by(returned_at, number, total_gross), default = "-returned_at")]
pub struct ReturnFilter {
    pub status: ChoiceLookups<ReturnStatus>,
    pub number: TextLookups,
    #[list(column = order_id)]
    pub order: ChoiceLookups<OrderId>,
    #[list(column = customer_id)]
    pub customer: ChoiceLookups<CustomerId>,
    pub currency: ChoiceLookups<Currency>,
    pub total_gross: RangeLookups<Decimal>,
    pub returned_at: DateTimeLookups,
}

pub(super) type ReturnList = ListRequest<ReturnFilter>;

/// Selects the returns of orders in these channels. Without a restriction, also returns without an order.
pub(super) fn accessible_returns<'q>(scope: &ChannelScope) -> returns::BoxedQuery<'q, Pg> {
    let query = returns::table.into_boxed();
    match scope {
        ChannelScope::Unrestricted => query,
        ChannelScope::Only(channels) => {
            let within = orders::channel_id.eq_any(channels.iter().copied().collect::<Vec<_>>());
            query.filter(returns::order_id.eq_any(orders::table.filter(within).select(orders::id.nullable())))
        }
    }
}

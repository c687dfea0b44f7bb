//! Lists of orders: filters, search and order.

use diesel::pg::Pg;
use diesel::prelude::*;
use rust_decimal::Decimal;

use super::access::OrderAccess;
use super::models::Order;
use super::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use crate::platform::api::{
    Choices, ListRequest, Moments, Ordering, Ranges, Search, Slice, SortColumn, Texts, filter, narrow, paginate,
};
use crate::platform::auth::Reach;
use crate::platform::error::Problem;
use crate::platform::types::{Currency, CustomerId};
use crate::schema::orders;

filter! {
    pub struct OrderFilter {
        "status" => pub status: Choices<OrderStatus>,
        "payment_status" => pub payment_status: Choices<PaymentStatus>,
        "fulfillment_status" => pub fulfillment_status: Choices<FulfillmentStatus>,
        "number" => pub number: Texts,
        "customer" => pub customer: Choices<CustomerId>,
        /// Whatever the case of its letters.
        "email" => pub email: Texts,
        "currency" => pub currency: Choices<Currency>,
        "total_gross" => pub total_gross: Ranges<Decimal>,
        "placed_at" => pub placed_at: Moments,
        "created_at" => pub created_at: Moments,
        "updated_at" => pub updated_at: Moments,
        /// Every word must be in the number or the e-mail address; a "quoted phrase" counts as one.
        "search" => pub search: Search,
    }
}

/// The newest first.
pub struct OrderOrdering;

impl Ordering for OrderOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("placed_at", "orders.placed_at", "timestamptz"),
        SortColumn::new("number", "orders.number", "text"),
        SortColumn::new("total_gross", "orders.total_gross", "numeric"),
        SortColumn::new("status", "orders.status", "text"),
        SortColumn::new("updated_at", "orders.updated_at", "timestamptz"),
    ];
    const DEFAULT: &'static str = "-placed_at";
    const ID: SortColumn = SortColumn::new("id", "orders.id", "uuid");
}

pub(super) type OrderList = ListRequest<OrderFilter, OrderOrdering>;

impl OrderFilter {
    /// A page of those that somebody may see.
    pub(super) fn page(
        conn: &mut PgConnection,
        list: &OrderList,
        access: &OrderAccess,
    ) -> Result<Slice<Order>, Problem> {
        Ok(paginate!(conn, || list.filter.query(access), Order, list))
    }

    fn query<'a>(&self, access: &OrderAccess) -> orders::BoxedQuery<'a, Pg> {
        let mut query = orders::table.into_boxed();
        match access {
            OrderAccess::Holder { customer, .. } => query = query.filter(orders::customer_id.eq(*customer)),
            OrderAccess::Staff(Reach::Only(channels)) => {
                query = query.filter(orders::channel_id.eq_any(channels.iter().copied().collect::<Vec<_>>()));
            }
            OrderAccess::Staff(Reach::Everywhere) => {}
        }
        narrow!(query, choices, orders::status, &self.status);
        narrow!(query, choices, orders::payment_status, &self.payment_status);
        narrow!(query, choices, orders::fulfillment_status, &self.fulfillment_status);
        narrow!(query, texts, orders::number, &self.number);
        narrow!(query, choices, orders::customer_id, &self.customer);
        narrow!(query, texts, orders::email, &self.email.lowercase());
        narrow!(query, choices, orders::currency, &self.currency);
        narrow!(query, ranges, orders::total_gross, &self.total_gross);
        narrow!(query, moments, orders::placed_at, &self.placed_at);
        narrow!(query, moments, orders::created_at, &self.created_at);
        narrow!(query, moments, orders::updated_at, &self.updated_at);
        for pattern in self.search.patterns() {
            query = query.filter(orders::number.ilike(pattern.clone()).nullable().or(orders::email.ilike(pattern)));
        }
        query
    }
}

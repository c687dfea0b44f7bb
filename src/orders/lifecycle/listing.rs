//! Lists of orders: filters, search and order.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use rust_decimal::Decimal;

use super::access::OrderAccess;
use super::models::Order;
use super::status::{FulfillmentStatus, OrderStatus, PaymentStatus};
use crate::platform::error::Problem;
use crate::platform::http::{OrderKey, Page, Sort, filter, like_pattern, search_terms};
use crate::platform::types::{Currency, CustomerId};
use crate::schema::orders;

filter! {
    pub struct OrderFilter {
        "status" => pub status: OrderStatus,
        "payment_status" => pub payment_status: PaymentStatus,
        "fulfillment_status" => pub fulfillment_status: FulfillmentStatus,
        "number" => pub number: String,
        "customer" => pub customer: CustomerId,
        "email" => pub email: String,
        "currency" => pub currency: Currency,
        /// Placed then or later.
        "placed_at__gte" => pub placed_from: DateTime<Utc>,
        /// Placed before.
        "placed_at__lt" => pub placed_before: DateTime<Utc>,
        #[param(value_type = Option<String>)]
        "total_gross__gte" => pub total_from: Decimal,
        #[param(value_type = Option<String>)]
        "total_gross__lte" => pub total_to: Decimal,
        /// Every word must be in the number or the e-mail address.
        "search" => pub search: String,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderSortKey {
    PlacedAt,
    Number,
    TotalGross,
}

impl OrderKey for OrderSortKey {
    const KEYS: &'static [(&'static str, Self)] =
        &[("placed_at", Self::PlacedAt), ("number", Self::Number), ("total_gross", Self::TotalGross)];
}

type Boxed<'a> = orders::BoxedQuery<'a, Pg>;

impl OrderFilter {
    /// The count of all that somebody may see, and the rows of the page.
    pub(super) fn page(
        &self,
        conn: &mut PgConnection,
        access: &OrderAccess,
        sort: &Sort<OrderSortKey>,
        page: &Page,
    ) -> Result<(i64, Vec<Order>), Problem> {
        let count: i64 = self.query(access).count().get_result(conn)?;
        let rows = sorted(self.query(access), sort).limit(page.limit()).offset(page.offset(count)?);
        Ok((count, rows.select(Order::as_select()).load(conn)?))
    }

    fn query<'a>(&self, access: &OrderAccess) -> Boxed<'a> {
        let mut query = match access {
            OrderAccess::Staff => orders::table.into_boxed(),
            OrderAccess::Holder { customer, .. } => {
                orders::table.filter(orders::customer_id.eq(*customer)).into_boxed()
            }
        };
        if let Some(status) = self.status {
            query = query.filter(orders::status.eq(status));
        }
        if let Some(status) = self.payment_status {
            query = query.filter(orders::payment_status.eq(status));
        }
        if let Some(status) = self.fulfillment_status {
            query = query.filter(orders::fulfillment_status.eq(status));
        }
        if let Some(number) = &self.number {
            query = query.filter(orders::number.eq(number.clone()));
        }
        if let Some(customer) = self.customer {
            query = query.filter(orders::customer_id.eq(customer));
        }
        if let Some(email) = &self.email {
            query = query.filter(orders::email.eq(email.to_lowercase()));
        }
        if let Some(currency) = self.currency {
            query = query.filter(orders::currency.eq(currency));
        }
        self.within_bounds(query)
    }

    fn within_bounds<'a>(&self, mut query: Boxed<'a>) -> Boxed<'a> {
        if let Some(from) = self.placed_from {
            query = query.filter(orders::placed_at.ge(from));
        }
        if let Some(before) = self.placed_before {
            query = query.filter(orders::placed_at.lt(before));
        }
        if let Some(from) = self.total_from {
            query = query.filter(orders::total_gross.ge(from));
        }
        if let Some(to) = self.total_to {
            query = query.filter(orders::total_gross.le(to));
        }
        for term in search_terms(self.search.as_deref().unwrap_or_default()) {
            let pattern = like_pattern(&term);
            query = query.filter(orders::number.ilike(pattern.clone()).nullable().or(orders::email.ilike(pattern)));
        }
        query
    }
}

fn sorted<'a>(mut query: Boxed<'a>, sort: &Sort<OrderSortKey>) -> Boxed<'a> {
    for by in &sort.0 {
        query = match (by.key, by.is_descending) {
            (OrderSortKey::PlacedAt, false) => query.then_order_by(orders::placed_at),
            (OrderSortKey::PlacedAt, true) => query.then_order_by(orders::placed_at.desc()),
            (OrderSortKey::Number, false) => query.then_order_by(orders::number),
            (OrderSortKey::Number, true) => query.then_order_by(orders::number.desc()),
            (OrderSortKey::TotalGross, false) => query.then_order_by(orders::total_gross),
            (OrderSortKey::TotalGross, true) => query.then_order_by(orders::total_gross.desc()),
        };
    }
    if sort.0.is_empty() {
        query = query.order(orders::placed_at.desc());
    }
    query.then_order_by(orders::id.desc())
}

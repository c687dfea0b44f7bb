//! Lists of returns.

use diesel::pg::Pg;
use diesel::prelude::*;
use rust_decimal::Decimal;

use super::models::{Return, ReturnStatus};
use crate::platform::api::{
    Choices, ListRequest, Moments, Ordering, Ranges, Slice, SortColumn, Texts, filter, narrow, paginate,
};
use crate::platform::auth::Reach;
use crate::platform::error::Problem;
use crate::platform::types::{Currency, CustomerId, OrderId};
use crate::schema::{orders, returns};

filter! {
    pub struct ReturnFilter {
        "status" => pub status: Choices<ReturnStatus>,
        "number" => pub number: Texts,
        "order" => pub order: Choices<OrderId>,
        "customer" => pub customer: Choices<CustomerId>,
        "currency" => pub currency: Choices<Currency>,
        "total_gross" => pub total_gross: Ranges<Decimal>,
        "returned_at" => pub returned_at: Moments,
    }
}

/// The newest first.
pub struct ReturnOrdering;

impl Ordering for ReturnOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("returned_at", "returns.returned_at", "timestamptz"),
        SortColumn::new("number", "returns.number", "text"),
        SortColumn::new("total_gross", "returns.total_gross", "numeric"),
    ];
    const DEFAULT: &'static str = "-returned_at";
    const ID: SortColumn = SortColumn::new("id", "returns.id", "uuid");
}

pub(super) type ReturnList = ListRequest<ReturnFilter, ReturnOrdering>;

impl ReturnFilter {
    pub(super) fn page(conn: &mut PgConnection, list: &ReturnList, reach: &Reach) -> Result<Slice<Return>, Problem> {
        Ok(paginate!(conn, || list.filter.query(reach), Return, list))
    }

    fn query<'a>(&self, reach: &Reach) -> returns::BoxedQuery<'a, Pg> {
        let mut query = returns::table.into_boxed();
        if let Reach::Only(channels) = reach {
            let within = orders::channel_id.eq_any(channels.iter().copied().collect::<Vec<_>>());
            query = query.filter(returns::order_id.eq_any(orders::table.filter(within).select(orders::id.nullable())));
        }
        narrow!(query, choices, returns::status, &self.status);
        narrow!(query, texts, returns::number, &self.number);
        narrow!(query, choices, returns::order_id, &self.order);
        narrow!(query, choices, returns::customer_id, &self.customer);
        narrow!(query, choices, returns::currency, &self.currency);
        narrow!(query, ranges, returns::total_gross, &self.total_gross);
        narrow!(query, moments, returns::returned_at, &self.returned_at);
        query
    }
}

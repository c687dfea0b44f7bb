//! Returns over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::models::{Return, ReturnId, ReturnLine, ReturnStatus};
use super::services;
use crate::orders::lifecycle::{self, OrderAccess, OrderError, OrderView, TransitionBody, expandable_orders};
use crate::platform::api::{
    Answer, Choices, Created, ListRequest, Moments, Ordering, Paged, Ranges, ReadRequest, Relation, Resource,
    SortColumn, Texts, WriteRequest, filter, narrow, paginate,
};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, CreateReturns, Reach, ViewReturns};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::{Currency, CustomerId, DecimalString, Money, OrderId, OrderLineId, ProductId, VariantId};
use crate::products::catalogue::{self, ProductView};
use crate::schema::{orders, returns};

/// Goods that came back; lists leave out the lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Return)]
pub struct ReturnView {
    pub id: ReturnId,
    pub number: String,
    /// Null for an imported credit note that names no order.
    pub order: Option<OrderId>,
    pub customer: Option<CustomerId>,
    pub status: ReturnStatus,
    pub currency: Currency,
    pub total_gross: DecimalString,
    pub lines: Vec<ReturnLineView>,
    pub returned_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReturnLine)]
pub struct ReturnLineView {
    pub id: Uuid,
    pub order_line: Option<OrderLineId>,
    pub product: ProductId,
    pub variant: VariantId,
    pub product_name: String,
    pub sku: String,
    pub quantity: i32,
    pub unit_price: DecimalString,
    pub total_gross: DecimalString,
}

impl Resource for ReturnView {
    const RELATIONS: &'static [Relation] = &[
        Relation::reference("order", expandable_orders, || OrderView::RELATIONS),
        Relation::nested("lines", RETURN_LINE_RELATIONS),
    ];
}

const RETURN_LINE_RELATIONS: &[Relation] = &[
    Relation::reference("product", catalogue::expandable_products, || ProductView::RELATIONS),
    Relation::reference("variant", catalogue::expandable_variants, || &[]),
];

impl ReturnView {
    fn new(row: Return, lines: Vec<ReturnLine>) -> Self {
        let shown = |amount| Money::new(amount, row.currency).shown();
        let line = |line: ReturnLine| ReturnLineView {
            id: line.id,
            order_line: line.order_line_id,
            product: line.product_id,
            variant: line.variant_id,
            unit_price: shown(line.unit_price),
            total_gross: shown(line.total_gross),
            product_name: line.product_name,
            sku: line.sku,
            quantity: line.quantity,
        };
        Self {
            total_gross: shown(row.total_gross),
            lines: lines.into_iter().map(line).collect(),
            id: row.id,
            number: row.number,
            order: row.order_id,
            customer: row.customer_id,
            status: row.status,
            currency: row.currency,
            returned_at: row.returned_at,
            created_at: row.created_at,
        }
    }
}

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

type ReturnList = ListRequest<ReturnFilter, ReturnOrdering>;

impl ReturnFilter {
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

/// List returns, the newest first.
#[utoipa::path(tag = "returns", params(ReturnList), security(("jwtAuth" = ["returns.view"])),
    responses((status = 200, body = Paged<ReturnView>)))]
#[get("/")]
pub async fn list_returns(app: Data<App>, staff: Allowed<ViewReturns>, list: ReturnList) -> Result<Answer, Problem> {
    let reach = staff.principal.reach;
    let read = move |conn: &mut PgConnection, list: &ReturnList| -> Result<_, Problem> {
        let slice = paginate!(conn, || list.filter.query(&reach), Return, list);
        Ok(slice.map(|row| ReturnView::new(row, Vec::new())))
    };
    list.page(&app, read).await
}

/// Retrieve a return with its lines.
#[utoipa::path(tag = "returns", params(ReturnId, ReadRequest), security(("jwtAuth" = ["returns.view"])),
    responses((status = 200, body = ReturnView)))]
#[get("/{id}/")]
pub async fn get_return(
    app: Data<App>,
    staff: Allowed<ViewReturns>,
    request: ReadRequest,
    id: Path<ReturnId>,
) -> Result<Answer, Problem> {
    let access = OrderAccess::of_staff(&staff);
    let find = move |conn: &mut PgConnection| -> Result<_, OrderError> {
        let row = Return::find(conn, *id)?.ok_or(OrderError::NotFound)?;
        // What came back without an order of ours belongs to no channel.
        match row.order_id {
            Some(order) => drop(lifecycle::find(conn, order, &access)?),
            None if access == OrderAccess::everything() => {}
            None => return Err(OrderError::NotFound),
        }
        let lines = row.lines(conn)?;
        Ok(ReturnView::new(row, lines))
    };
    request.one(&app, find).await
}

/// Take back everything in a shipped or delivered order.
///
/// The goods are on their shelves again, and the order is returned.
#[utoipa::path(tag = "orders", params(OrderId, WriteRequest), security(("jwtAuth" = ["returns.create"])),
    request_body = TransitionBody, responses((status = 201, body = ReturnView)))]
#[post("/{id}/returns/")]
pub async fn take_back_order(
    app: Data<App>,
    staff: Allowed<CreateReturns>,
    request: WriteRequest,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<Answer, Problem> {
    let access = OrderAccess::of_staff(&staff);
    let note = body.0.into_note();
    let receive = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, OrderError> {
        lifecycle::expect(conn, *id, &access, &request.expected)?;
        let row = services::receive(conn, *id, &note, &request.origin)?;
        let lines = row.lines(conn)?;
        let view = ReturnView::new(row, lines);
        Ok(Created::at(format!("/api/returns/{}/", view.id), view))
    };
    request.run(&app, receive).await
}

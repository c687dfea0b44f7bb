//! Returns over HTTP.

use actix_web::web::{Data, Json, Path};
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::models::{Return, ReturnId, ReturnLine, ReturnStatus};
use super::services;
use crate::orders::lifecycle::{OrderError, TransitionBody};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{Allowed, ManageOrders, ViewOrders};
use crate::platform::error::Problem;
use crate::platform::http::{Body, Created, Page, Paged};
use crate::platform::types::{Currency, CustomerId, DecimalString, Money, OrderId, OrderLineId, ProductId, VariantId};

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

/// List returns, the newest first.
#[utoipa::path(tag = "returns", params(Page), security(("jwtAuth" = [])),
    responses((status = 200, body = Paged<ReturnView>)))]
#[get("/")]
pub async fn list_returns(
    app: Data<App>,
    _staff: Allowed<ViewOrders>,
    page: Page,
) -> Result<Json<Paged<ReturnView>>, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<_, Problem> {
        let count = Return::count(conn)?;
        let rows = Return::list(conn, page.limit(), page.offset(count)?)?;
        Ok(page.envelope(count, rows.into_iter().map(|row| ReturnView::new(row, Vec::new())).collect()))
    };
    Ok(Json(app.db.read(list).await?))
}

/// Retrieve a return with its lines.
#[utoipa::path(tag = "returns", params(ReturnId), security(("jwtAuth" = [])),
    responses((status = 200, body = ReturnView)))]
#[get("/{id}/")]
pub async fn get_return(
    app: Data<App>,
    _staff: Allowed<ViewOrders>,
    id: Path<ReturnId>,
) -> Result<Json<ReturnView>, Problem> {
    let find = move |conn: &mut PgConnection| {
        let row = Return::find(conn, *id)?.ok_or(OrderError::NotFound)?;
        let lines = row.lines(conn)?;
        Ok::<_, OrderError>(ReturnView::new(row, lines))
    };
    Ok(Json(app.db.read(find).await?))
}

/// Take back everything in a shipped or delivered order.
///
/// The goods are on their shelves again, and the order is returned.
#[utoipa::path(tag = "orders", params(OrderId), security(("jwtAuth" = [])), request_body = TransitionBody,
    responses((status = 201, body = ReturnView)))]
#[post("/{id}/returns/")]
pub async fn take_back_order(
    app: Data<App>,
    _staff: Allowed<ManageOrders>,
    origin: Origin,
    id: Path<OrderId>,
    body: Body<TransitionBody>,
) -> Result<Created<ReturnView>, Problem> {
    let note = body.0.into_note();
    let receive = move |conn: &mut PgConnection| {
        let row = services::receive(conn, *id, &note, &origin)?;
        let lines = row.lines(conn)?;
        Ok::<_, OrderError>(ReturnView::new(row, lines))
    };
    let view = app.db.write(receive).await?;
    Ok(Created::at(format!("/api/returns/{}/", view.id), view))
}

//! Stock over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use diesel::prelude::*;

use super::adjusting::{adjust_by_sku, make_warehouse};
use super::errors::StockError;
use super::listing::{MovementFilter, MovementList, StockFilter, StockList};
use super::models::{Stock, Warehouse};
use super::views::{AdjustmentBody, MovementView, StockView, WarehouseBody, WarehouseView};
use crate::platform::api::{Answer, Changed, Created, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{AdjustStock, Allowed, CreateWarehouses, ViewMovements, ViewStock, ViewWarehouses};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::StockId;

/// List the levels of stock.
#[utoipa::path(tag = "stocks", params(StockList), security(("jwtAuth" = ["stock.view"])),
    responses((status = 200, body = Paged<StockView>)))]
#[get("/")]
pub async fn list_levels(app: Data<App>, _staff: Allowed<ViewStock>, list: StockList) -> Result<Answer, Problem> {
    let read = |conn: &mut PgConnection, list: &StockList| -> Result<_, Problem> {
        Ok(StockFilter::page(conn, list)?.map(StockView::from))
    };
    list.page(&app, read).await
}

/// Retrieve a level of stock.
#[utoipa::path(tag = "stocks", params(StockId, ReadRequest), security(("jwtAuth" = ["stock.view"])),
    responses((status = 200, body = StockView)))]
#[get("/{id}/")]
pub async fn get_level(
    app: Data<App>,
    _staff: Allowed<ViewStock>,
    request: ReadRequest,
    id: Path<StockId>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| Stock::find(conn, *id)?.map(StockView::from).ok_or(StockError::NotFound);
    request.one(&app, find).await
}

/// Count or receive goods of a variant.
///
/// Answers 409 `stock_allocated` where less would be left than is promised to orders.
#[utoipa::path(tag = "stocks", params(WriteRequest), security(("jwtAuth" = ["stock.adjust"])),
    request_body = AdjustmentBody, responses((status = 200, body = StockView)))]
#[post("/adjust/")]
pub async fn adjust_level(
    app: Data<App>,
    _staff: Allowed<AdjustStock>,
    request: WriteRequest,
    body: Body<AdjustmentBody>,
) -> Result<Answer, Problem> {
    let count = body.0.into_count()?;
    let adjust = move |conn: &mut PgConnection, request: &WriteRequest| {
        adjust_by_sku(conn, &count, &request.origin).map(|level| Changed(StockView::from(level)))
    };
    request.run(&app, adjust).await
}

/// List the warehouses, in the order in which they deliver.
#[utoipa::path(tag = "warehouses", params(ReadRequest), security(("jwtAuth" = ["warehouses.view"])),
    responses((status = 200, body = Vec<WarehouseView>)))]
#[get("/")]
pub async fn list_warehouses(
    app: Data<App>,
    _staff: Allowed<ViewWarehouses>,
    request: ReadRequest,
) -> Result<Answer, Problem> {
    let list = |conn: &mut PgConnection| -> Result<_, StockError> {
        Ok(Warehouse::list(conn)?.into_iter().map(WarehouseView::from).collect())
    };
    request.all(&app, list).await
}

/// Create a warehouse.
#[utoipa::path(tag = "warehouses", params(WriteRequest), security(("jwtAuth" = ["warehouses.create"])),
    request_body = WarehouseBody, responses((status = 201, body = WarehouseView)))]
#[post("/")]
pub async fn create_warehouse(
    app: Data<App>,
    _staff: Allowed<CreateWarehouses>,
    request: WriteRequest,
    body: Body<WarehouseBody>,
) -> Result<Answer, Problem> {
    let new = body.0.into_new();
    let create = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, StockError> {
        let warehouse = make_warehouse(conn, &new, &request.origin)?;
        Ok(Created::at("/api/warehouses/".to_owned(), WarehouseView::from(warehouse)))
    };
    request.run(&app, create).await
}

/// List the entries of the stock ledger, the newest first.
#[utoipa::path(tag = "stock-movements", params(MovementList), security(("jwtAuth" = ["stock.view_movements"])),
    responses((status = 200, body = Paged<MovementView>)))]
#[get("/")]
pub async fn list_movements(
    app: Data<App>,
    _staff: Allowed<ViewMovements>,
    list: MovementList,
) -> Result<Answer, Problem> {
    let read = |conn: &mut PgConnection, list: &MovementList| -> Result<_, Problem> {
        Ok(MovementFilter::page(conn, list)?.map(MovementView::from))
    };
    list.page(&app, read).await
}

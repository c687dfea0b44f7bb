//! Stock over HTTP.

use actix_web::web::{Data, Json, Path};
use actix_web::{get, post};
use diesel::prelude::*;

use super::adjusting::{adjust_by_sku, make_warehouse};
use super::errors::StockError;
use super::listing::{MovementFilter, StockFilter};
use super::models::{Stock, Warehouse};
use super::views::{AdjustmentBody, MovementView, StockView, WarehouseBody, WarehouseView};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{Allowed, ManageStock, ViewStock};
use crate::platform::error::Problem;
use crate::platform::http::{Body, Created, Filters, Page, Paged};
use crate::platform::types::StockId;

/// List the levels of stock.
#[utoipa::path(tag = "stocks", params(StockFilter, Page), security(("jwtAuth" = [])),
    responses((status = 200, body = Paged<StockView>)))]
#[get("/")]
pub async fn list_levels(
    app: Data<App>,
    _staff: Allowed<ViewStock>,
    filter: Filters<StockFilter>,
    page: Page,
) -> Result<Json<Paged<StockView>>, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<_, Problem> {
        let (count, rows) = filter.0.page(conn, &page)?;
        Ok(page.envelope(count, rows.into_iter().map(StockView::from).collect()))
    };
    Ok(Json(app.db.read(list).await?))
}

/// Retrieve a level of stock.
#[utoipa::path(tag = "stocks", params(StockId), security(("jwtAuth" = [])),
    responses((status = 200, body = StockView)))]
#[get("/{id}/")]
pub async fn get_level(
    app: Data<App>,
    _staff: Allowed<ViewStock>,
    id: Path<StockId>,
) -> Result<Json<StockView>, Problem> {
    let level = app.db.read(move |conn| Stock::find(conn, *id)?.ok_or(StockError::NotFound)).await?;
    Ok(Json(level.into()))
}

/// Count or receive goods of a variant.
///
/// Answers 409 `stock_allocated` where less would be left than is promised to orders.
#[utoipa::path(tag = "stocks", security(("jwtAuth" = [])), request_body = AdjustmentBody,
    responses((status = 200, body = StockView)))]
#[post("/adjust/")]
pub async fn adjust_level(
    app: Data<App>,
    _staff: Allowed<ManageStock>,
    origin: Origin,
    body: Body<AdjustmentBody>,
) -> Result<Json<StockView>, Problem> {
    let count = body.0.into_count()?;
    let level = app.db.write(move |conn| adjust_by_sku(conn, &count, &origin)).await?;
    Ok(Json(level.into()))
}

/// List the warehouses, in the order in which they deliver.
#[utoipa::path(tag = "warehouses", security(("jwtAuth" = [])), responses((status = 200, body = Vec<WarehouseView>)))]
#[get("/")]
pub async fn list_warehouses(app: Data<App>, _staff: Allowed<ViewStock>) -> Result<Json<Vec<WarehouseView>>, Problem> {
    let warehouses = app.db.read(Warehouse::list).await?;
    Ok(Json(warehouses.into_iter().map(WarehouseView::from).collect()))
}

/// Create a warehouse.
#[utoipa::path(tag = "warehouses", security(("jwtAuth" = [])), request_body = WarehouseBody,
    responses((status = 201, body = WarehouseView)))]
#[post("/")]
pub async fn create_warehouse(
    app: Data<App>,
    _staff: Allowed<ManageStock>,
    origin: Origin,
    body: Body<WarehouseBody>,
) -> Result<Created<WarehouseView>, Problem> {
    let new = body.0.into_new();
    let warehouse = app.db.write(move |conn| make_warehouse(conn, &new, &origin)).await?;
    Ok(Created::at("/api/warehouses/".to_owned(), warehouse.into()))
}

/// List the entries of the stock ledger, the newest first.
#[utoipa::path(tag = "stock-movements", params(MovementFilter, Page), security(("jwtAuth" = [])),
    responses((status = 200, body = Paged<MovementView>)))]
#[get("/")]
pub async fn list_movements(
    app: Data<App>,
    _staff: Allowed<ViewStock>,
    filter: Filters<MovementFilter>,
    page: Page,
) -> Result<Json<Paged<MovementView>>, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<_, Problem> {
        let (count, rows) = filter.0.page(conn, &page)?;
        Ok(page.envelope(count, rows.into_iter().map(MovementView::from).collect()))
    };
    Ok(Json(app.db.read(list).await?))
}

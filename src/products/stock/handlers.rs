//! HTTP handlers of stock levels and stock movements.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use diesel::QueryDsl;

use super::adjustments::adjust_by_sku;
use super::errors::StockError;
use super::listing::{MovementFilter, MovementList, StockFilter, StockList};
use super::models::Stock;
use super::views::{AdjustmentBody, MovementView, StockView};
use crate::platform::api::{ApiResult, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::Allowed;
use crate::platform::http::Body;
use crate::products::ids::StockId;
use crate::products::permissions::{AdjustStock, ViewMovements, ViewStock};
use crate::schema::{stock_movements, stocks};

/// List stock levels
#[endpoint(tag = "stocks", returns(200 = Paged<StockView>))]
#[get("/")]
pub async fn list_levels(app: Data<App>, _staff: Allowed<ViewStock>, list: StockList) -> ApiResult {
    let page = |conn: &mut _, list: &_| StockFilter::page(conn, list, || stocks::table.into_boxed());
    list.list::<StockView, _>(&app, page).await
}

/// Retrieve a stock level
#[endpoint(tag = "stocks", returns(200 = StockView))]
#[get("/{id}/")]
pub async fn get_level(
    app: Data<App>,
    _staff: Allowed<ViewStock>,
    request: ReadRequest,
    id: Path<StockId>,
) -> ApiResult {
    let find = move |conn: &mut _| Stock::find(conn, *id)?.ok_or(StockError::NotFound);
    request.retrieve::<StockView, _>(&app, find).await
}

/// Adjust a stock level
///
/// Sets the counted quantity or adds received goods. Creates the stock level if the variant has none in the warehouse.
/// Writes an entry to the stock ledger. Returns 409 `stock_allocated` if the new quantity would be lower than the
/// quantity that is allocated to orders.
#[endpoint(tag = "stocks", returns(200 = StockView))]
#[post("/adjust/")]
pub async fn adjust_level(
    app: Data<App>,
    _staff: Allowed<AdjustStock>,
    request: WriteRequest,
    body: Body<AdjustmentBody>,
) -> ApiResult {
    let command = body.0.into_command()?;
    request.update::<StockView, _>(&app, move |conn, context| adjust_by_sku(conn, &command, context)).await
}

/// List stock movements
///
/// Returns the entries of the stock ledger, newest first.
#[endpoint(tag = "stock-movements", returns(200 = Paged<MovementView>))]
#[get("/")]
pub async fn list_movements(app: Data<App>, _staff: Allowed<ViewMovements>, list: MovementList) -> ApiResult {
    let page = |conn: &mut _, list: &_| MovementFilter::page(conn, list, || stock_movements::table.into_boxed());
    list.list::<MovementView, _>(&app, page).await
}

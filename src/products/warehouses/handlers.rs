//! HTTP handlers of warehouses.

use actix_web::web::Data;
use actix_web::{get, post};
use diesel::prelude::*;

use super::errors::WarehouseError;
use super::models::{Warehouse, WarehouseBody};
use super::services;
use super::views::WarehouseView;
use crate::platform::api::{ApiResult, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::Allowed;
use crate::platform::http::Body;
use crate::products::permissions::{CreateWarehouses, ViewWarehouses};

/// List warehouses
///
/// Returns all warehouses in their allocation order.
#[endpoint(tag = "warehouses", returns(200 = Vec<WarehouseView>))]
#[get("/")]
pub async fn list_warehouses(app: Data<App>, _staff: Allowed<ViewWarehouses>, request: ReadRequest) -> ApiResult {
    let list = |conn: &mut PgConnection| -> Result<_, WarehouseError> {
        Ok(Warehouse::list(conn)?.into_iter().map(WarehouseView::from).collect())
    };
    request.all(&app, list).await
}

/// Create a warehouse
#[endpoint(tag = "warehouses", returns(201 = WarehouseView))]
#[post("/")]
pub async fn create_warehouse(
    app: Data<App>,
    _staff: Allowed<CreateWarehouses>,
    request: WriteRequest,
    body: Body<WarehouseBody>,
) -> ApiResult {
    let location = |_: &WarehouseView| "/api/warehouses/".to_owned();
    request.create(&app, location, move |conn, context| services::create(conn, &body.0, context)).await
}

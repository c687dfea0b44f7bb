//! Stock over HTTP.

use actix_web::web::{Data, Json, Path};
use actix_web::{get, post};
use diesel::prelude::*;
use serde_json::json;

use super::adjusting::{Adjustment, Change, adjust};
use super::errors::StockError;
use super::ledger::Movement;
use super::models::{Stock, Warehouse, variant_of_sku};
use super::views::{AdjustmentBody, MovementView, StockView, WarehouseBody, WarehouseView};
use crate::platform::app::App;
use crate::platform::audit::{self, Origin};
use crate::platform::auth::{Allowed, ManageStock, ViewStock};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{Body, Created, Filters, Page, Paged, filter};
use crate::platform::types::{Line, OrderId, Paragraph, StockId, VariantId, WarehouseId};
use crate::schema::{stock_movements, stocks};

filter! {
    pub struct StockFilter {
        "variant" => pub variant: VariantId,
        "warehouse" => pub warehouse: WarehouseId,
        /// Levels at or below this.
        "quantity__lte" => pub at_most: i32,
    }
}

impl StockFilter {
    fn query<'a>(&self) -> stocks::BoxedQuery<'a, diesel::pg::Pg> {
        let mut query = stocks::table.into_boxed();
        if let Some(variant) = self.variant {
            query = query.filter(stocks::variant_id.eq(variant));
        }
        if let Some(warehouse) = self.warehouse {
            query = query.filter(stocks::warehouse_id.eq(warehouse));
        }
        if let Some(at_most) = self.at_most {
            query = query.filter(stocks::quantity.le(at_most));
        }
        query
    }
}

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
        let count: i64 = filter.0.query().count().get_result(conn)?;
        let rows = filter
            .0
            .query()
            .order(stocks::id)
            .limit(page.limit())
            .offset(page.offset(count)?);
        let rows = rows.select(Stock::as_select()).load(conn)?;
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
    let level = app
        .db
        .read(move |conn| Stock::find(conn, *id)?.ok_or(StockError::NotFound))
        .await?;
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
    let body = body.0;
    let change = match (body.quantity, body.delta) {
        (Some(counted), None) => Change::Set(counted.get()),
        (None, Some(moved)) => Change::Add(moved.get()),
        _ => {
            let tree = ErrorTree::of_object("invalid", "Give either quantity or delta.");
            return Err(Problem::invalid(tree));
        }
    };
    let (sku, code) = (body.sku.into_inner(), body.warehouse.map(Line::into_inner));
    let note = body.note.map(Paragraph::into_inner).unwrap_or_default();
    let adjust = move |conn: &mut PgConnection| {
        let variant = variant_of_sku(conn, &sku)?.ok_or_else(|| StockError::VariantNotFound(sku.clone()))?;
        let warehouse = match &code {
            None => None,
            Some(code) => {
                let found = Warehouse::find_by_code(conn, code)?;
                Some(found.ok_or_else(|| StockError::WarehouseNotFound(code.clone()))?.id)
            }
        };
        adjust(
            conn,
            &Adjustment {
                variant,
                warehouse,
                change,
                note: note.clone(),
            },
            &origin,
        )
    };
    Ok(Json(app.db.write(adjust).await?.into()))
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
    let warehouse = Warehouse {
        id: WarehouseId::generate(),
        code: body.0.code.into_inner(),
        name: body.0.name.into_inner(),
        country: body.0.country,
        sort_order: body.0.sort_order.unwrap_or(1),
        is_active: true,
        created_at: origin.at,
        updated_at: origin.at,
    };
    let view = WarehouseView::from(warehouse.clone());
    let create = move |conn: &mut PgConnection| {
        warehouse.insert(conn)?;
        let told = json!({"code": warehouse.code, "name": warehouse.name});
        audit::record(
            conn,
            &origin,
            "warehouse.created",
            ("warehouse", warehouse.id.to_string()),
            told,
        )?;
        Ok::<_, StockError>(())
    };
    app.db.write(create).await?;
    Ok(Created::at("/api/warehouses/".to_owned(), view))
}

filter! {
    pub struct MovementFilter {
        "stock" => pub stock: StockId,
        "order" => pub order: OrderId,
    }
}

impl MovementFilter {
    fn query<'a>(&self) -> stock_movements::BoxedQuery<'a, diesel::pg::Pg> {
        let mut query = stock_movements::table.into_boxed();
        if let Some(stock) = self.stock {
            query = query.filter(stock_movements::stock_id.eq(stock));
        }
        if let Some(order) = self.order {
            query = query.filter(stock_movements::order_id.eq(order));
        }
        query
    }
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
        let count: i64 = filter.0.query().count().get_result(conn)?;
        let newest = (stock_movements::created_at.desc(), stock_movements::id.desc());
        let rows = filter
            .0
            .query()
            .order(newest)
            .limit(page.limit())
            .offset(page.offset(count)?);
        let rows = rows.select(Movement::as_select()).load(conn)?;
        Ok(page.envelope(count, rows.into_iter().map(MovementView::from).collect()))
    };
    Ok(Json(app.db.read(list).await?))
}

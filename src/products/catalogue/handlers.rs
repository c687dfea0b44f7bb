//! Products over HTTP.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, patch, post, put};
use diesel::prelude::*;

use super::errors::CatalogueError;
use super::listing::{ProductFilter, ProductKey, Selection};
use super::models::Product;
use super::services::{self, Change};
use super::views::{NewProductBody, PatchedProductBody, ProductBody, ProductView};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{Allowed, ManageCatalogue, Permission, Viewer};
use crate::platform::error::Problem;
use crate::platform::http::{Body, Created, Filters, Page, Paged, Sort};
use crate::platform::types::{CategoryId, IdOrSlug, ProductId};
use crate::products::categories::{self, subtree_ids};
use crate::products::channels::Channel;

type ProductRef = IdOrSlug<ProductId>;
type CategoryRef = IdOrSlug<CategoryId>;

/// Whether somebody sees products that are not active.
fn sees_inactive(viewer: &Viewer) -> bool {
    viewer.0.as_ref().is_some_and(|principal| principal.may(Permission::CatalogueManage))
}

/// List products.
#[utoipa::path(tag = "products", params(ProductFilter, Sort<ProductKey>, Page),
    responses((status = 200, body = Paged<ProductView>)))]
#[get("/")]
pub async fn list_products(
    app: Data<App>,
    viewer: Viewer,
    filter: Filters<ProductFilter>,
    sort: Sort<ProductKey>,
    page: Page,
) -> Result<Json<Paged<ProductView>>, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<_, Problem> {
        let channel = Channel::default_one(conn)?;
        let selection = Selection::new(conn, &filter.0, channel.id, sees_inactive(&viewer))?;
        let (count, rows) = selection.page(conn, &sort, &page)?;
        Ok(page.envelope(count, ProductView::of_all(conn, rows)?))
    };
    Ok(Json(app.db.read(list).await?))
}

/// List the products of a category and of all categories below it.
#[utoipa::path(tag = "categories", params(CategoryRef, ProductFilter, Sort<ProductKey>, Page),
    responses((status = 200, body = Paged<ProductView>)))]
#[get("/{id}/products/")]
pub async fn list_category_products(
    app: Data<App>,
    viewer: Viewer,
    id: Path<CategoryRef>,
    query: (Filters<ProductFilter>, Sort<ProductKey>, Page),
) -> Result<Json<Paged<ProductView>>, Problem> {
    let (filter, sort, page) = query;
    let list = move |conn: &mut PgConnection| -> Result<_, Problem> {
        let category = categories::find(conn, &id)?;
        let channel = Channel::default_one(conn)?;
        let within = subtree_ids(conn, category.id)?;
        let selection = Selection::new(conn, &filter.0, channel.id, sees_inactive(&viewer))?.within(within);
        let (count, rows) = selection.page(conn, &sort, &page)?;
        Ok(page.envelope(count, ProductView::of_all(conn, rows)?))
    };
    Ok(Json(app.db.read(list).await?))
}

/// Create a product.
#[utoipa::path(tag = "products", security(("jwtAuth" = [])), request_body = ProductBody,
    responses((status = 201, body = ProductView)))]
#[post("/")]
pub async fn create_product(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    body: Body<NewProductBody>,
) -> Result<Created<ProductView>, Problem> {
    let is_simple = body.0.is_simple();
    let new = body.0.into_new();
    let create = move |conn: &mut PgConnection| {
        let product = services::create(conn, &new, &origin);
        let product = if is_simple { product.map_err(CatalogueError::of_one_sku)? } else { product? };
        ProductView::of(conn, product)?.ok_or(CatalogueError::NotFound)
    };
    let product = app.db.write(create).await?;
    Ok(Created::at(format!("/api/products/{}/", product.id), product))
}

/// Retrieve a product.
#[utoipa::path(tag = "products", params(ProductRef), responses((status = 200, body = ProductView)))]
#[get("/{id}/")]
pub async fn get_product(app: Data<App>, viewer: Viewer, id: Path<ProductRef>) -> Result<Json<ProductView>, Problem> {
    let find = move |conn: &mut PgConnection| {
        let product = Product::find(conn, &id)?.filter(|product| product.is_active || sees_inactive(&viewer));
        ProductView::of(conn, product.ok_or(CatalogueError::NotFound)?)?.ok_or(CatalogueError::NotFound)
    };
    Ok(Json(app.db.read(find).await?))
}

/// Replace a product.
///
/// Variants and stock stay as they are; `sku` and `price` are those of a simple product.
#[utoipa::path(tag = "products", params(ProductRef), security(("jwtAuth" = [])), request_body = ProductBody,
    responses((status = 200, body = ProductView)))]
#[put("/{id}/")]
pub async fn replace_product(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    id: Path<ProductRef>,
    body: Body<ProductBody>,
) -> Result<Json<ProductView>, Problem> {
    change(&app, id.into_inner(), body.0.into_change(), origin).await
}

/// Change a product.
#[utoipa::path(tag = "products", params(ProductRef), security(("jwtAuth" = [])), request_body = PatchedProductBody,
    responses((status = 200, body = ProductView)))]
#[patch("/{id}/")]
pub async fn change_product(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    id: Path<ProductRef>,
    body: Body<PatchedProductBody>,
) -> Result<Json<ProductView>, Problem> {
    change(&app, id.into_inner(), body.0.into_change(), origin).await
}

/// Archive a product.
///
/// It is gone from the shop; orders keep what they say of it.
#[utoipa::path(tag = "products", params(ProductRef), security(("jwtAuth" = [])), responses((status = 204)))]
#[delete("/{id}/")]
pub async fn archive_product(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    id: Path<ProductRef>,
) -> Result<HttpResponse, Problem> {
    app.db.write(move |conn| services::archive(conn, &id, &origin)).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn change(
    app: &App,
    reference: ProductRef,
    change: Change,
    origin: Origin,
) -> Result<Json<ProductView>, Problem> {
    let change = move |conn: &mut PgConnection| {
        let product = services::change(conn, &reference, &change, &origin)?;
        ProductView::of(conn, product)?.ok_or(CatalogueError::NotFound)
    };
    Ok(Json(app.db.write(change).await?))
}

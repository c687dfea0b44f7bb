//! Products over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::prelude::*;

use super::errors::CatalogueError;
use super::listing::{ProductList, Selection};
use super::models::Product;
use super::services::{self, Change};
use super::views::{NewProductBody, PatchedProductBody, ProductBody, ProductView, sees_inactive};
use crate::platform::api::{Answer, Changed, Created, Gone, Paged, ReadRequest, Slice, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ArchiveProducts, ChangeProducts, CreateProducts, Viewer};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::{CategoryId, IdOrSlug, ProductId};
use crate::products::categories::{self, subtree_ids};

type ProductRef = IdOrSlug<ProductId>;
type CategoryRef = IdOrSlug<CategoryId>;

/// List products.
#[utoipa::path(tag = "products", params(ProductList), responses((status = 200, body = Paged<ProductView>)))]
#[get("/")]
pub async fn list_products(app: Data<App>, viewer: Viewer, list: ProductList) -> Result<Answer, Problem> {
    let read = move |conn: &mut PgConnection, list: &ProductList| -> Result<_, Problem> {
        let selection = Selection::new(conn, &list.filter, sees_inactive(viewer.0.as_ref()))?;
        let slice = selection.page(conn, list)?;
        views(conn, slice)
    };
    list.page(&app, read).await
}

/// List the products of a category and of all categories below it.
#[utoipa::path(tag = "categories", params(CategoryRef, ProductList),
    responses((status = 200, body = Paged<ProductView>)))]
#[get("/{id}/products/")]
pub async fn list_category_products(
    app: Data<App>,
    viewer: Viewer,
    id: Path<CategoryRef>,
    list: ProductList,
) -> Result<Answer, Problem> {
    let read = move |conn: &mut PgConnection, list: &ProductList| -> Result<_, Problem> {
        let category = categories::find(conn, &id)?;
        let within = subtree_ids(conn, category.id)?;
        let selection = Selection::new(conn, &list.filter, sees_inactive(viewer.0.as_ref()))?.within(within);
        let slice = selection.page(conn, list)?;
        views(conn, slice)
    };
    list.page(&app, read).await
}

fn views(conn: &mut PgConnection, slice: Slice<Product>) -> Result<Slice<ProductView>, Problem> {
    Ok(slice.map_rows(|rows| ProductView::of_all(conn, rows))?)
}

/// Create a product.
#[utoipa::path(tag = "products", params(WriteRequest), security(("jwtAuth" = ["products.create"])),
    request_body = ProductBody, responses((status = 201, body = ProductView)))]
#[post("/")]
pub async fn create_product(
    app: Data<App>,
    staff: Allowed<CreateProducts>,
    request: WriteRequest,
    body: Body<NewProductBody>,
) -> Result<Answer, Problem> {
    let is_simple = body.0.is_simple();
    let new = body.0.into_new(&staff.principal);
    let create = move |conn: &mut PgConnection, request: &WriteRequest| {
        let product = services::create(conn, &new, &request.origin);
        let product = if is_simple { product.map_err(CatalogueError::of_one_sku)? } else { product? };
        let view = ProductView::of(conn, product)?.ok_or(CatalogueError::NotFound)?;
        Ok::<_, CatalogueError>(Created::at(format!("/api/products/{}/", view.id), view))
    };
    request.run(&app, create).await
}

/// Retrieve a product.
#[utoipa::path(tag = "products", params(ProductRef, ReadRequest), responses((status = 200, body = ProductView)))]
#[get("/{id}/")]
pub async fn get_product(
    app: Data<App>,
    viewer: Viewer,
    request: ReadRequest,
    id: Path<ProductRef>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| {
        let is_shown = |product: &Product| product.is_active || sees_inactive(viewer.0.as_ref());
        let product = Product::find(conn, &id)?.filter(is_shown);
        ProductView::of(conn, product.ok_or(CatalogueError::NotFound)?)?.ok_or(CatalogueError::NotFound)
    };
    request.one(&app, find).await
}

/// Replace a product.
///
/// Variants and stock stay as they are; `sku` and `price` are those of a simple product.
#[utoipa::path(tag = "products", params(ProductRef, WriteRequest), security(("jwtAuth" = ["products.change"])),
    request_body = ProductBody, responses((status = 200, body = ProductView)))]
#[put("/{id}/")]
pub async fn replace_product(
    app: Data<App>,
    staff: Allowed<ChangeProducts>,
    request: WriteRequest,
    id: Path<ProductRef>,
    body: Body<ProductBody>,
) -> Result<Answer, Problem> {
    change(&app, request, id.into_inner(), body.0.into_change(&staff.principal)).await
}

/// Change a product.
#[utoipa::path(tag = "products", params(ProductRef, WriteRequest), security(("jwtAuth" = ["products.change"])),
    request_body = PatchedProductBody, responses((status = 200, body = ProductView)))]
#[patch("/{id}/")]
pub async fn change_product(
    app: Data<App>,
    staff: Allowed<ChangeProducts>,
    request: WriteRequest,
    id: Path<ProductRef>,
    body: Body<PatchedProductBody>,
) -> Result<Answer, Problem> {
    change(&app, request, id.into_inner(), body.0.into_change(&staff.principal)).await
}

/// Archive a product.
///
/// It is gone from the shop; orders keep what they say of it.
#[utoipa::path(tag = "products", params(ProductRef, WriteRequest), security(("jwtAuth" = ["products.archive"])),
    responses((status = 204)))]
#[delete("/{id}/")]
pub async fn archive_product(
    app: Data<App>,
    _staff: Allowed<ArchiveProducts>,
    request: WriteRequest,
    id: Path<ProductRef>,
) -> Result<Answer, Problem> {
    let archive = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::archive(conn, &id, &request.expected, &request.origin).map(|()| Gone)
    };
    request.run(&app, archive).await
}

async fn change(app: &App, request: WriteRequest, id: ProductRef, change: Change) -> Result<Answer, Problem> {
    let change = move |conn: &mut PgConnection, request: &WriteRequest| {
        let product = services::change(conn, &id, &change, &request.expected, &request.origin)?;
        Ok::<_, CatalogueError>(Changed(ProductView::of(conn, product)?.ok_or(CatalogueError::NotFound)?))
    };
    request.run(app, change).await
}

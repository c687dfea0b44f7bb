//! HTTP handlers of products and variants.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::PgConnection;

use super::errors::CatalogueError;
use super::listing::{ProductFilter, ProductList, ProductScope};
use super::models::Product;
use super::services;
use super::variants;
use super::views::{
    NewProductBody, PatchedProductBody, PatchedVariantBody, ProductBody, ProductView, VariantBody, can_view_inactive,
};
use crate::platform::api::{ApiResult, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, OptionalPrincipal};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::products::categories::{self, subtree_ids};
use crate::products::ids::{CategoryId, ProductId, VariantId};
use crate::products::permissions::{
    ArchiveProducts, ArchiveVariants, ChangeProducts, ChangeVariants, CreateProducts, CreateVariants,
};
use crate::products::slug::IdOrSlug;

type ProductRef = IdOrSlug<ProductId>;
type CategoryRef = IdOrSlug<CategoryId>;

/// List products
///
/// Principals without `products.view_hidden` receive active products only.
#[endpoint(tag = "products", returns(200 = Paged<ProductView>))]
#[get("/")]
pub async fn list_products(app: Data<App>, principal: OptionalPrincipal, list: ProductList) -> ApiResult {
    let page = move |conn: &mut PgConnection, list: &ProductList| {
        let scope = ProductScope::new(conn, &list.filter, can_view_inactive(principal.0.as_ref()))?;
        ProductFilter::page(conn, list, || scope.query())
    };
    list.list::<ProductView, _>(&app, page).await
}

/// List the products of a category
///
/// Includes the products of all descendant categories. Principals without `products.view_hidden` receive active
/// products only.
#[endpoint(tag = "categories", returns(200 = Paged<ProductView>))]
#[get("/{id}/products/")]
pub async fn list_category_products(
    app: Data<App>,
    principal: OptionalPrincipal,
    id: Path<CategoryRef>,
    list: ProductList,
) -> ApiResult {
    let page = move |conn: &mut PgConnection, list: &ProductList| -> Result<_, Problem> {
        let category = categories::find(conn, &id)?;
        let categories = subtree_ids(conn, category.id)?;
        let scope = ProductScope::new(conn, &list.filter, can_view_inactive(principal.0.as_ref()))?.within(categories);
        ProductFilter::page(conn, list, || scope.query())
    };
    list.list::<ProductView, _>(&app, page).await
}

fn location(product: &ProductView) -> String {
    format!("/api/products/{}/", product.id)
}

/// Create a product
///
/// A simple product has `sku` and `price`; any other product has `variants`. Generates the slug from the name if `slug`
/// is absent. Ignores `private_metadata` and `cost` if the principal cannot view them.
#[endpoint(tag = "products", returns(201 = ProductView))]
#[post("/")]
pub async fn create_product(
    app: Data<App>,
    staff: Allowed<CreateProducts>,
    request: WriteRequest,
    body: Body<NewProductBody>,
) -> ApiResult {
    let is_simple = body.0.is_simple();
    let new = body.0.into_new(&staff.principal);
    let create = move |conn: &mut _, context: &_| {
        let product = services::create(conn, &new, context);
        if is_simple { product.map_err(CatalogueError::for_single_sku) } else { product }
    };
    request.create(&app, location, create).await
}

/// Retrieve a product
///
/// Accepts the id or the slug. Returns 404 for an inactive product if the principal lacks `products.view_hidden`.
#[endpoint(tag = "products", returns(200 = ProductView))]
#[get("/{id}/")]
pub async fn get_product(
    app: Data<App>,
    principal: OptionalPrincipal,
    request: ReadRequest,
    id: Path<ProductRef>,
) -> ApiResult {
    let find = move |conn: &mut _| {
        let is_visible = |product: &Product| product.is_active || can_view_inactive(principal.0.as_ref());
        Product::find(conn, &id)?.filter(is_visible).ok_or(CatalogueError::NotFound)
    };
    request.retrieve::<ProductView, _>(&app, find).await
}

/// Replace a product
///
/// Does not change variants or stock, except `sku` and `price` of a simple product.
#[endpoint(tag = "products", returns(200 = ProductView))]
#[put("/{id}/")]
pub async fn replace_product(
    app: Data<App>,
    staff: Allowed<ChangeProducts>,
    request: WriteRequest,
    id: Path<ProductRef>,
    body: Body<ProductBody>,
) -> ApiResult {
    let update = body.0.into_update(&staff.principal);
    let update = move |conn: &mut _, context: &_| services::update(conn, &id, &update, context);
    request.update::<ProductView, _>(&app, update).await
}

/// Update a product
///
/// `sku` and `price` change the variant of a simple product. Returns 400 if they differ from the current values and the
/// product has several variants.
#[endpoint(tag = "products", returns(200 = ProductView))]
#[patch("/{id}/")]
pub async fn change_product(
    app: Data<App>,
    staff: Allowed<ChangeProducts>,
    request: WriteRequest,
    id: Path<ProductRef>,
    body: Body<PatchedProductBody>,
) -> ApiResult {
    let update = body.0.into_update(&staff.principal);
    let update = move |conn: &mut _, context: &_| services::update(conn, &id, &update, context);
    request.update::<ProductView, _>(&app, update).await
}

/// Archive a product
///
/// Removes the product and its variants from the catalogue. Existing orders keep their product data. The SKUs and the
/// slug stay in use.
#[endpoint(tag = "products", returns(204))]
#[delete("/{id}/")]
pub async fn archive_product(
    app: Data<App>,
    _staff: Allowed<ArchiveProducts>,
    request: WriteRequest,
    id: Path<ProductRef>,
) -> ApiResult {
    request.delete(&app, move |conn, context| services::archive(conn, &id, context)).await
}

/// Add a variant to a product
///
/// Places the variant after the existing ones. Returns the product.
#[endpoint(tag = "products", returns(201 = ProductView))]
#[post("/{id}/variants/")]
pub async fn add_variant(
    app: Data<App>,
    staff: Allowed<CreateVariants>,
    request: WriteRequest,
    id: Path<ProductRef>,
    body: Body<VariantBody>,
) -> ApiResult {
    let new = body.0.into_new(&staff.principal);
    request.create(&app, location, move |conn, context| variants::add(conn, &id, &new, context)).await
}

/// Update a variant
///
/// Returns the product; `ETag` and `If-Match` refer to the version of the product.
#[endpoint(tag = "variants", returns(200 = ProductView))]
#[patch("/{id}/")]
pub async fn change_variant(
    app: Data<App>,
    staff: Allowed<ChangeVariants>,
    request: WriteRequest,
    id: Path<VariantId>,
    body: Body<PatchedVariantBody>,
) -> ApiResult {
    let update = body.0.into_update(&staff.principal);
    let update = move |conn: &mut _, context: &_| variants::update(conn, *id, &update, context);
    request.update::<ProductView, _>(&app, update).await
}

/// Archive a variant
///
/// Returns 409 `last_variant` if the product has no other variant.
#[endpoint(tag = "variants", returns(204))]
#[delete("/{id}/")]
pub async fn archive_variant(
    app: Data<App>,
    _staff: Allowed<ArchiveVariants>,
    request: WriteRequest,
    id: Path<VariantId>,
) -> ApiResult {
    request.delete(&app, move |conn, context| variants::archive(conn, *id, context)).await
}

//! HTTP handlers of categories.

use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::prelude::*;

use super::errors::CategoryError;
use super::listing::{CategoryFilter, CategoryList, children_of, with_ids};
use super::models::{
    Category, CategoryBody, MoveCategoryBody, PatchedCategoryBody, PriceSummary, subtree_ids, tree_fingerprint,
};
use super::services::{self, NewCategory};
use super::views::{CategoryNode, CategoryView, PriceSummaryView};
use crate::platform::api::{ApiResponse, ApiResult, LoadView, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::Allowed;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{Body, Field};
use crate::products::channels::Channel;
use crate::products::ids::CategoryId;
use crate::products::permissions::{ChangeCategories, CreateCategories, DeleteCategories, MoveCategories};
use crate::products::slug::IdOrSlug;
use crate::schema::categories;

type CategoryRef = IdOrSlug<CategoryId>;

/// List categories
///
/// Orders by level, sort order and name unless `ordering` is given.
#[endpoint(tag = "categories", returns(200 = Paged<CategoryView>))]
#[get("/")]
pub async fn list_categories(app: Data<App>, list: CategoryList) -> ApiResult {
    let page = |conn: &mut _, list: &_| CategoryFilter::page(conn, list, || categories::table.into_boxed());
    list.list::<CategoryView, _>(&app, page).await
}

/// Retrieve the category tree
///
/// Returns all categories as nested nodes.
#[endpoint(tag = "categories", returns(200 = Vec<CategoryNode>))]
#[get("/tree/")]
pub async fn tree(app: Data<App>) -> ApiResult {
    // The key contains the fingerprint of the tree, so a cached response is never stale, even in a shared cache.
    let fingerprint = app.db.read(tree_fingerprint).await?;
    let key = format!("categories:tree:{fingerprint}");
    if let Some(json) = app.cache.get(&key).await {
        return ApiResponse::from_json_bytes(json.as_bytes().to_vec());
    }
    let read = |conn: &mut PgConnection| Ok::<_, CategoryError>((Category::load_tree(conn)?, tree_fingerprint(conn)?));
    let (categories, now) = app.db.read(read).await?;
    let json = serde_json::to_string(&CategoryNode::forest(categories));
    let json = json.map_err(|error| Problem::internal(error.into()))?;
    // If the tree changed between the two reads, the response does not match the key and must not be cached.
    if now == fingerprint {
        app.cache.set(&key, &json, Duration::from_secs(3600)).await;
    }
    ApiResponse::from_json_bytes(json.into_bytes())
}

/// Create a category
///
/// Generates the slug from the name if `slug` is absent. Places the category after its siblings if `sort_order` is
/// absent.
#[endpoint(tag = "categories", returns(201 = CategoryView))]
#[post("/")]
pub async fn create_category(
    app: Data<App>,
    _staff: Allowed<CreateCategories>,
    request: WriteRequest,
    body: Body<CategoryBody>,
) -> ApiResult {
    let new = NewCategory::from(body.0);
    let location = |category: &CategoryView| format!("/api/categories/{}/", category.id);
    request.create(&app, location, move |conn, context| services::create(conn, &new, context)).await
}

/// Retrieve a category
///
/// Accepts the id or the slug.
#[endpoint(tag = "categories", returns(200 = CategoryView))]
#[get("/{id}/")]
pub async fn get_category(app: Data<App>, request: ReadRequest, id: Path<CategoryRef>) -> ApiResult {
    request.retrieve::<CategoryView, _>(&app, move |conn| services::find(conn, &id)).await
}

/// Replace a category
#[endpoint(tag = "categories", returns(200 = CategoryView))]
#[put("/{id}/")]
pub async fn replace_category(
    app: Data<App>,
    _staff: Allowed<ChangeCategories>,
    request: WriteRequest,
    id: Path<CategoryRef>,
    body: Body<CategoryBody>,
) -> ApiResult {
    let update = PatchedCategoryBody::from(body.0);
    let update = move |conn: &mut _, context: &_| services::update(conn, &id, &update, context);
    request.update::<CategoryView, _>(&app, update).await
}

/// Update a category
///
/// A new `parent` moves the category together with its descendants.
#[endpoint(tag = "categories", returns(200 = CategoryView))]
#[patch("/{id}/")]
pub async fn change_category(
    app: Data<App>,
    _staff: Allowed<ChangeCategories>,
    request: WriteRequest,
    id: Path<CategoryRef>,
    body: Body<PatchedCategoryBody>,
) -> ApiResult {
    let update = move |conn: &mut _, context: &_| services::update(conn, &id, &body.0, context);
    request.update::<CategoryView, _>(&app, update).await
}

/// Move a category
///
/// Moves the category together with its descendants. Returns 400 if the new parent is the category itself or one of its
/// descendants.
#[endpoint(tag = "categories", returns(200 = CategoryView))]
#[post("/{id}/move/")]
pub async fn move_category(
    app: Data<App>,
    _staff: Allowed<MoveCategories>,
    request: WriteRequest,
    id: Path<CategoryRef>,
    body: Body<MoveCategoryBody>,
) -> ApiResult {
    let MoveCategoryBody { parent, sort_order } = body.0;
    if parent == Field::Absent {
        return Err(Problem::invalid(ErrorTree::member("parent", ErrorTree::required())));
    }
    let update = PatchedCategoryBody { name: None, slug: None, description: None, parent, sort_order };
    let update = move |conn: &mut _, context: &_| services::update(conn, &id, &update, context);
    request.update::<CategoryView, _>(&app, update).await
}

/// Delete a category
///
/// Returns 409 `protected`, with both counts, if the category contains subcategories or products, including archived
/// products.
#[endpoint(tag = "categories", returns(204))]
#[delete("/{id}/")]
pub async fn delete_category(
    app: Data<App>,
    _staff: Allowed<DeleteCategories>,
    request: WriteRequest,
    id: Path<CategoryRef>,
) -> ApiResult {
    request.delete(&app, move |conn, context| services::delete(conn, &id, context)).await
}

/// List the children of a category
///
/// Returns the direct subcategories only.
#[endpoint(tag = "categories", returns(200 = Paged<CategoryView>))]
#[get("/{id}/children/")]
pub async fn children(app: Data<App>, id: Path<CategoryRef>, list: CategoryList) -> ApiResult {
    let page = move |conn: &mut PgConnection, list: &_| {
        let parent = services::find(conn, &id)?;
        CategoryFilter::page(conn, list, || children_of(parent.id))
    };
    list.list::<CategoryView, _>(&app, page).await
}

/// List the descendants of a category
///
/// Returns the categories of all levels below the category, ordered by level unless `ordering` is given.
#[endpoint(tag = "categories", returns(200 = Paged<CategoryView>))]
#[get("/{id}/descendants/")]
pub async fn descendants(app: Data<App>, id: Path<CategoryRef>, list: CategoryList) -> ApiResult {
    let page = move |conn: &mut PgConnection, list: &_| {
        let root = services::find(conn, &id)?;
        let mut ids = subtree_ids(conn, root.id)?;
        ids.retain(|id| *id != root.id);
        CategoryFilter::page(conn, list, || with_ids(&ids))
    };
    list.list::<CategoryView, _>(&app, page).await
}

/// List the ancestors of a category
///
/// Returns the breadcrumb trail from the root to the parent.
#[endpoint(tag = "categories", returns(200 = Vec<CategoryView>))]
#[get("/{id}/ancestors/")]
pub async fn ancestors(app: Data<App>, request: ReadRequest, id: Path<CategoryRef>) -> ApiResult {
    let list = move |conn: &mut PgConnection| -> Result<_, CategoryError> {
        let category = services::find(conn, &id)?;
        let rows = category.ancestors(conn)?;
        Ok(CategoryView::load(conn, rows)?)
    };
    request.all(&app, list).await
}

/// Summarize the prices of a category
///
/// Returns the average, lowest and highest price in the default channel of all active products in the category and its
/// descendants. Each variant counts once.
#[endpoint(tag = "categories", returns(200 = PriceSummaryView))]
#[get("/{id}/price-summary/")]
pub async fn price_summary(app: Data<App>, request: ReadRequest, id: Path<CategoryRef>) -> ApiResult {
    let summarize = move |conn: &mut PgConnection| -> Result<_, CategoryError> {
        let category = services::find(conn, &id)?;
        let channel = Channel::load_default(conn)?;
        let ids = subtree_ids(conn, category.id)?;
        let summary = PriceSummary::load(conn, &ids, channel.id)?;
        Ok(PriceSummaryView::new(&summary, channel.currency))
    };
    request.one(&app, summarize).await
}

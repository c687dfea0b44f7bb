//! Categories over HTTP.

use std::time::Duration;

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, get, patch, post, put};
use diesel::prelude::*;

use super::errors::CategoryError;
use super::listing::{CategoryFilter, CategoryKey};
use super::models::{Category, CategoryChanges, PriceSummary, subtree_ids, tree_fingerprint};
use super::services;
use super::views::{CategoryBody, CategoryNode, CategoryView, MoveCategoryBody, PatchedCategoryBody, PriceSummaryView};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{Allowed, ManageCatalogue};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{Body, Created, Field, Filters, Page, Paged, Sort};
use crate::platform::types::{CategoryId, IdOrSlug};
use crate::products::channels::Channel;

type CategoryRef = IdOrSlug<CategoryId>;

/// List categories, level by level.
#[utoipa::path(tag = "categories", params(CategoryFilter, Sort<CategoryKey>, Page),
    responses((status = 200, body = Paged<CategoryView>)))]
#[get("/")]
pub async fn list_categories(
    app: Data<App>,
    filter: Filters<CategoryFilter>,
    sort: Sort<CategoryKey>,
    page: Page,
) -> Result<Json<Paged<CategoryView>>, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<_, Problem> {
        let (count, rows) = filter.0.page(conn, &sort, &page)?;
        Ok(page.envelope(count, CategoryView::of_all(conn, rows)?))
    };
    Ok(Json(app.db.read(list).await?))
}

/// Retrieve the whole tree.
#[utoipa::path(tag = "categories", responses((status = 200, body = Vec<CategoryNode>)))]
#[get("/tree/")]
pub async fn tree(app: Data<App>) -> Result<HttpResponse, Problem> {
    // The key changes with the tree, so what is cached is never stale, however many programs share it.
    let fingerprint = app.db.read(tree_fingerprint).await?;
    let key = format!("categories:tree:{fingerprint}");
    if let Some(json) = app.cache.get(&key).await {
        return Ok(HttpResponse::Ok().content_type("application/json").body(json.to_string()));
    }
    let read = |conn: &mut PgConnection| Ok::<_, CategoryError>((Category::all(conn)?, tree_fingerprint(conn)?));
    let (categories, now) = app.db.read(read).await?;
    let json = serde_json::to_string(&CategoryNode::forest(categories));
    let json = json.map_err(|error| Problem::internal(error.into()))?;
    // A tree that changed while it was read may be older or younger than its key.
    if now == fingerprint {
        app.cache.set(&key, &json, Duration::from_secs(3600)).await;
    }
    Ok(HttpResponse::Ok().content_type("application/json").body(json))
}

/// Create a category.
#[utoipa::path(tag = "categories", security(("jwtAuth" = [])), request_body = CategoryBody,
    responses((status = 201, body = CategoryView)))]
#[post("/")]
pub async fn create_category(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    body: Body<CategoryBody>,
) -> Result<Created<CategoryView>, Problem> {
    let new = body.0.into_new();
    let create = move |conn: &mut PgConnection| {
        let category = services::create(conn, &new, &origin)?;
        Ok::<_, CategoryError>(CategoryView::of(conn, category)?)
    };
    let category = app.db.write(create).await?;
    Ok(Created::at(format!("/api/categories/{}/", category.id), category))
}

/// Retrieve a category.
#[utoipa::path(tag = "categories", params(CategoryRef), responses((status = 200, body = CategoryView)))]
#[get("/{id}/")]
pub async fn get_category(app: Data<App>, id: Path<CategoryRef>) -> Result<Json<CategoryView>, Problem> {
    let find = move |conn: &mut PgConnection| {
        let category = services::find(conn, &id)?;
        Ok::<_, CategoryError>(CategoryView::of(conn, category)?)
    };
    Ok(Json(app.db.read(find).await?))
}

/// Replace a category.
#[utoipa::path(tag = "categories", params(CategoryRef), security(("jwtAuth" = [])), request_body = CategoryBody,
    responses((status = 200, body = CategoryView)))]
#[put("/{id}/")]
pub async fn replace_category(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    id: Path<CategoryRef>,
    body: Body<CategoryBody>,
) -> Result<Json<CategoryView>, Problem> {
    change(&app, id.into_inner(), body.0.into_changes(), origin).await
}

/// Change a category.
#[utoipa::path(tag = "categories", params(CategoryRef), security(("jwtAuth" = [])),
    request_body = PatchedCategoryBody, responses((status = 200, body = CategoryView)))]
#[patch("/{id}/")]
pub async fn change_category(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    id: Path<CategoryRef>,
    body: Body<PatchedCategoryBody>,
) -> Result<Json<CategoryView>, Problem> {
    change(&app, id.into_inner(), body.0.into_changes(), origin).await
}

/// Move a category with all below it.
///
/// Refused under itself or one of its descendants.
#[utoipa::path(tag = "categories", params(CategoryRef), security(("jwtAuth" = [])), request_body = MoveCategoryBody,
    responses((status = 200, body = CategoryView)))]
#[post("/{id}/move/")]
pub async fn move_category(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    id: Path<CategoryRef>,
    body: Body<MoveCategoryBody>,
) -> Result<Json<CategoryView>, Problem> {
    let MoveCategoryBody { parent, sort_order } = body.0;
    if parent == Field::Absent {
        return Err(Problem::invalid(ErrorTree::member("parent", ErrorTree::required())));
    }
    let changes = CategoryChanges { sort_order, ..CategoryChanges::default() };
    change(&app, id.into_inner(), (changes, parent.into_nullable()), origin).await
}

/// Delete a category.
///
/// Answers 409 `protected`, with the counts, while there are categories or products in it.
#[utoipa::path(tag = "categories", params(CategoryRef), security(("jwtAuth" = [])), responses((status = 204)))]
#[delete("/{id}/")]
pub async fn delete_category(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    id: Path<CategoryRef>,
) -> Result<HttpResponse, Problem> {
    app.db.write(move |conn| services::delete(conn, &id, &origin)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List the categories directly below one.
#[utoipa::path(tag = "categories", params(CategoryRef, Page), responses((status = 200, body = Paged<CategoryView>)))]
#[get("/{id}/children/")]
pub async fn children(app: Data<App>, id: Path<CategoryRef>, page: Page) -> Result<Json<Paged<CategoryView>>, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<_, Problem> {
        let parent = services::find(conn, &id)?;
        let (count, rows) = CategoryFilter::children_of(parent.id).page(conn, &Sort::default(), &page)?;
        Ok(page.envelope(count, CategoryView::of_all(conn, rows)?))
    };
    Ok(Json(app.db.read(list).await?))
}

/// List all categories below one, level by level.
#[utoipa::path(tag = "categories", params(CategoryRef, Page), responses((status = 200, body = Paged<CategoryView>)))]
#[get("/{id}/descendants/")]
pub async fn descendants(
    app: Data<App>,
    id: Path<CategoryRef>,
    page: Page,
) -> Result<Json<Paged<CategoryView>>, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<_, Problem> {
        let root = services::find(conn, &id)?;
        let mut ids = subtree_ids(conn, root.id)?;
        ids.retain(|id| *id != root.id);
        let count = i64::try_from(ids.len()).map_err(|error| Problem::internal(error.into()))?;
        let rows = Category::with_ids(conn, &ids, page.limit(), page.offset(count)?)?;
        Ok(page.envelope(count, CategoryView::of_all(conn, rows)?))
    };
    Ok(Json(app.db.read(list).await?))
}

/// List the categories above one, the root first: breadcrumbs.
#[utoipa::path(tag = "categories", params(CategoryRef), responses((status = 200, body = Vec<CategoryView>)))]
#[get("/{id}/ancestors/")]
pub async fn ancestors(app: Data<App>, id: Path<CategoryRef>) -> Result<Json<Vec<CategoryView>>, Problem> {
    let list = move |conn: &mut PgConnection| {
        let category = services::find(conn, &id)?;
        let rows = category.ancestors(conn)?;
        Ok::<_, CategoryError>(CategoryView::of_all(conn, rows)?)
    };
    Ok(Json(app.db.read(list).await?))
}

/// Retrieve the average, lowest and highest price in a whole subtree.
#[utoipa::path(tag = "categories", params(CategoryRef), responses((status = 200, body = PriceSummaryView)))]
#[get("/{id}/price-summary/")]
pub async fn price_summary(app: Data<App>, id: Path<CategoryRef>) -> Result<Json<PriceSummaryView>, Problem> {
    let summarize = move |conn: &mut PgConnection| {
        let category = services::find(conn, &id)?;
        let channel = Channel::default_one(conn)?;
        let ids = subtree_ids(conn, category.id)?;
        let summary = PriceSummary::of_subtree(conn, &ids, channel.id)?;
        Ok::<_, CategoryError>(PriceSummaryView::new(&summary, channel.currency))
    };
    Ok(Json(app.db.read(summarize).await?))
}

async fn change(
    app: &App,
    reference: CategoryRef,
    changes: (CategoryChanges, Option<Option<CategoryId>>),
    origin: Origin,
) -> Result<Json<CategoryView>, Problem> {
    let change = move |conn: &mut PgConnection| {
        let category = services::change(conn, &reference, &changes.0, changes.1, &origin)?;
        Ok::<_, CategoryError>(CategoryView::of(conn, category)?)
    };
    Ok(Json(app.db.write(change).await?))
}

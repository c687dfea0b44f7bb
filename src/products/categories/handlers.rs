//! Categories over HTTP.

use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use diesel::prelude::*;

use super::errors::CategoryError;
use super::listing::{CategoryFilter, CategoryList, Part};
use super::models::{Category, CategoryChanges, PriceSummary, subtree_ids, tree_fingerprint};
use super::services;
use super::views::{CategoryBody, CategoryNode, CategoryView, MoveCategoryBody, PatchedCategoryBody, PriceSummaryView};
use crate::platform::api::{Answer, Changed, Created, Gone, Paged, ReadRequest, Slice, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ChangeCategories, CreateCategories, DeleteCategories, MoveCategories};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{Body, Field};
use crate::platform::types::{CategoryId, IdOrSlug};
use crate::products::channels::Channel;

type CategoryRef = IdOrSlug<CategoryId>;

/// List categories, level by level.
#[utoipa::path(tag = "categories", params(CategoryList), responses((status = 200, body = Paged<CategoryView>)))]
#[get("/")]
pub async fn list_categories(app: Data<App>, list: CategoryList) -> Result<Answer, Problem> {
    list.page(&app, |conn, list| views(conn, list, &Part::All)).await
}

fn views(conn: &mut PgConnection, list: &CategoryList, part: &Part) -> Result<Slice<CategoryView>, Problem> {
    let slice = CategoryFilter::page(conn, list, part)?;
    Ok(slice.map_rows(|rows| CategoryView::of_all(conn, rows))?)
}

/// Retrieve the whole tree.
#[utoipa::path(tag = "categories", responses((status = 200, body = Vec<CategoryNode>)))]
#[get("/tree/")]
pub async fn tree(app: Data<App>) -> Result<Answer, Problem> {
    // The key changes with the tree, so what is cached is never stale, however many programs share it.
    let fingerprint = app.db.read(tree_fingerprint).await?;
    let key = format!("categories:tree:{fingerprint}");
    if let Some(json) = app.cache.get(&key).await {
        return Answer::of_json(json.as_bytes().to_vec());
    }
    let read = |conn: &mut PgConnection| Ok::<_, CategoryError>((Category::all(conn)?, tree_fingerprint(conn)?));
    let (categories, now) = app.db.read(read).await?;
    let json = serde_json::to_string(&CategoryNode::forest(categories));
    let json = json.map_err(|error| Problem::internal(error.into()))?;
    // A tree that changed while it was read may be older or younger than its key.
    if now == fingerprint {
        app.cache.set(&key, &json, Duration::from_secs(3600)).await;
    }
    Answer::of_json(json.into_bytes())
}

/// Create a category.
#[utoipa::path(tag = "categories", params(WriteRequest), security(("jwtAuth" = ["categories.create"])),
    request_body = CategoryBody, responses((status = 201, body = CategoryView)))]
#[post("/")]
pub async fn create_category(
    app: Data<App>,
    _staff: Allowed<CreateCategories>,
    request: WriteRequest,
    body: Body<CategoryBody>,
) -> Result<Answer, Problem> {
    let new = body.0.into_new();
    let create = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, CategoryError> {
        let category = services::create(conn, &new, &request.origin)?;
        let view = CategoryView::of(conn, category)?;
        Ok(Created::at(format!("/api/categories/{}/", view.id), view))
    };
    request.run(&app, create).await
}

/// Retrieve a category.
#[utoipa::path(tag = "categories", params(CategoryRef, ReadRequest), responses((status = 200, body = CategoryView)))]
#[get("/{id}/")]
pub async fn get_category(app: Data<App>, request: ReadRequest, id: Path<CategoryRef>) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| -> Result<_, CategoryError> {
        let category = services::find(conn, &id)?;
        Ok(CategoryView::of(conn, category)?)
    };
    request.one(&app, find).await
}

/// Replace a category.
#[utoipa::path(tag = "categories", params(CategoryRef, WriteRequest), security(("jwtAuth" = ["categories.change"])), request_body = CategoryBody,
    responses((status = 200, body = CategoryView)))]
#[put("/{id}/")]
pub async fn replace_category(
    app: Data<App>,
    _staff: Allowed<ChangeCategories>,
    request: WriteRequest,
    id: Path<CategoryRef>,
    body: Body<CategoryBody>,
) -> Result<Answer, Problem> {
    change(&app, request, id.into_inner(), body.0.into_changes()).await
}

/// Change a category.
#[utoipa::path(tag = "categories", params(CategoryRef, WriteRequest), security(("jwtAuth" = ["categories.change"])),
    request_body = PatchedCategoryBody, responses((status = 200, body = CategoryView)))]
#[patch("/{id}/")]
pub async fn change_category(
    app: Data<App>,
    _staff: Allowed<ChangeCategories>,
    request: WriteRequest,
    id: Path<CategoryRef>,
    body: Body<PatchedCategoryBody>,
) -> Result<Answer, Problem> {
    change(&app, request, id.into_inner(), body.0.into_changes()).await
}

/// Move a category with all below it.
///
/// Refused under itself or one of its descendants.
#[utoipa::path(tag = "categories", params(CategoryRef, WriteRequest), security(("jwtAuth" = ["categories.move"])), request_body = MoveCategoryBody,
    responses((status = 200, body = CategoryView)))]
#[post("/{id}/move/")]
pub async fn move_category(
    app: Data<App>,
    _staff: Allowed<MoveCategories>,
    request: WriteRequest,
    id: Path<CategoryRef>,
    body: Body<MoveCategoryBody>,
) -> Result<Answer, Problem> {
    let MoveCategoryBody { parent, sort_order } = body.0;
    if parent == Field::Absent {
        return Err(Problem::invalid(ErrorTree::member("parent", ErrorTree::required())));
    }
    let changes = CategoryChanges { sort_order, ..CategoryChanges::default() };
    change(&app, request, id.into_inner(), (changes, parent.into_nullable())).await
}

/// Delete a category.
///
/// Answers 409 `protected`, with the counts, while there are categories or products in it.
#[utoipa::path(tag = "categories", params(CategoryRef, WriteRequest), security(("jwtAuth" = ["categories.delete"])), responses((status = 204)))]
#[delete("/{id}/")]
pub async fn delete_category(
    app: Data<App>,
    _staff: Allowed<DeleteCategories>,
    request: WriteRequest,
    id: Path<CategoryRef>,
) -> Result<Answer, Problem> {
    let delete = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::delete(conn, &id, &request.expected, &request.origin).map(|()| Gone)
    };
    request.run(&app, delete).await
}

/// List the categories directly below one.
#[utoipa::path(tag = "categories", params(CategoryRef, CategoryList),
    responses((status = 200, body = Paged<CategoryView>)))]
#[get("/{id}/children/")]
pub async fn children(app: Data<App>, id: Path<CategoryRef>, list: CategoryList) -> Result<Answer, Problem> {
    let read = move |conn: &mut PgConnection, list: &CategoryList| -> Result<_, Problem> {
        let parent = services::find(conn, &id)?;
        views(conn, list, &Part::ChildrenOf(parent.id))
    };
    list.page(&app, read).await
}

/// List all categories below one, level by level.
#[utoipa::path(tag = "categories", params(CategoryRef, CategoryList),
    responses((status = 200, body = Paged<CategoryView>)))]
#[get("/{id}/descendants/")]
pub async fn descendants(app: Data<App>, id: Path<CategoryRef>, list: CategoryList) -> Result<Answer, Problem> {
    let read = move |conn: &mut PgConnection, list: &CategoryList| -> Result<_, Problem> {
        let root = services::find(conn, &id)?;
        let mut ids = subtree_ids(conn, root.id)?;
        ids.retain(|id| *id != root.id);
        views(conn, list, &Part::These(ids))
    };
    list.page(&app, read).await
}

/// List the categories above one, the root first: breadcrumbs.
#[utoipa::path(tag = "categories", params(CategoryRef, ReadRequest),
    responses((status = 200, body = Vec<CategoryView>)))]
#[get("/{id}/ancestors/")]
pub async fn ancestors(app: Data<App>, request: ReadRequest, id: Path<CategoryRef>) -> Result<Answer, Problem> {
    let list = move |conn: &mut PgConnection| -> Result<_, CategoryError> {
        let category = services::find(conn, &id)?;
        let rows = category.ancestors(conn)?;
        Ok(CategoryView::of_all(conn, rows)?)
    };
    request.all(&app, list).await
}

/// Retrieve the average, lowest and highest price in a whole subtree.
#[utoipa::path(tag = "categories", params(CategoryRef, ReadRequest),
    responses((status = 200, body = PriceSummaryView)))]
#[get("/{id}/price-summary/")]
pub async fn price_summary(app: Data<App>, request: ReadRequest, id: Path<CategoryRef>) -> Result<Answer, Problem> {
    let summarize = move |conn: &mut PgConnection| -> Result<_, CategoryError> {
        let category = services::find(conn, &id)?;
        let channel = Channel::default_one(conn)?;
        let ids = subtree_ids(conn, category.id)?;
        let summary = PriceSummary::of_subtree(conn, &ids, channel.id)?;
        Ok(PriceSummaryView::new(&summary, channel.currency))
    };
    request.one(&app, summarize).await
}

async fn change(
    app: &App,
    request: WriteRequest,
    reference: CategoryRef,
    changes: (CategoryChanges, Option<Option<CategoryId>>),
) -> Result<Answer, Problem> {
    let change = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, CategoryError> {
        let category = services::change(conn, &reference, &changes, &request.expected, &request.origin)?;
        Ok(Changed(CategoryView::of(conn, category)?))
    };
    request.run(app, change).await
}

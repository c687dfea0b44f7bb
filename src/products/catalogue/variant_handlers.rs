//! Single variants over HTTP.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, delete, patch, post};
use diesel::prelude::*;

use super::errors::CatalogueError;
use super::variants;
use super::views::{PatchedVariantBody, ProductView, VariantBody};
use crate::platform::app::App;
use crate::platform::audit::Origin;
use crate::platform::auth::{Allowed, ManageCatalogue};
use crate::platform::error::Problem;
use crate::platform::http::{Body, Created};
use crate::platform::types::{IdOrSlug, ProductId, VariantId};

type ProductRef = IdOrSlug<ProductId>;

/// Add a variant to a product.
#[utoipa::path(tag = "products", params(ProductRef), security(("jwtAuth" = [])), request_body = VariantBody,
    responses((status = 201, body = ProductView)))]
#[post("/{id}/variants/")]
pub async fn add_variant(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    id: Path<ProductRef>,
    body: Body<VariantBody>,
) -> Result<Created<ProductView>, Problem> {
    let new = body.0.into_new();
    let add = move |conn: &mut PgConnection| {
        let product = variants::add(conn, &id, &new, &origin)?;
        ProductView::of(conn, product)?.ok_or(CatalogueError::NotFound)
    };
    let product = app.db.write(add).await?;
    Ok(Created::at(format!("/api/products/{}/", product.id), product))
}

/// Change a variant.
#[utoipa::path(tag = "variants", params(VariantId), security(("jwtAuth" = [])), request_body = PatchedVariantBody,
    responses((status = 200, body = ProductView)))]
#[patch("/{id}/")]
pub async fn change_variant(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    id: Path<VariantId>,
    body: Body<PatchedVariantBody>,
) -> Result<Json<ProductView>, Problem> {
    let (changes, price) = body.0.into_changes();
    let change = move |conn: &mut PgConnection| {
        let product = variants::change(conn, *id, &changes, price, &origin)?;
        ProductView::of(conn, product)?.ok_or(CatalogueError::NotFound)
    };
    Ok(Json(app.db.write(change).await?))
}

/// Archive a variant.
///
/// Answers 409 `last_variant` for the only one of a product.
#[utoipa::path(tag = "variants", params(VariantId), security(("jwtAuth" = [])), responses((status = 204)))]
#[delete("/{id}/")]
pub async fn archive_variant(
    app: Data<App>,
    _staff: Allowed<ManageCatalogue>,
    origin: Origin,
    id: Path<VariantId>,
) -> Result<HttpResponse, Problem> {
    app.db.write(move |conn| variants::archive(conn, *id, &origin)).await?;
    Ok(HttpResponse::NoContent().finish())
}

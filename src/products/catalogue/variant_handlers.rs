//! Single variants over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{delete, patch, post};
use diesel::prelude::*;

use super::errors::CatalogueError;
use super::variants;
use super::views::{PatchedVariantBody, ProductView, VariantBody};
use crate::platform::api::{Answer, Changed, Created, Gone, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ArchiveVariants, ChangeVariants, CreateVariants};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::{IdOrSlug, ProductId, VariantId};

type ProductRef = IdOrSlug<ProductId>;

/// Add a variant to a product.
#[utoipa::path(tag = "products", params(ProductRef, WriteRequest), security(("jwtAuth" = ["variants.create"])),
    request_body = VariantBody, responses((status = 201, body = ProductView)))]
#[post("/{id}/variants/")]
pub async fn add_variant(
    app: Data<App>,
    staff: Allowed<CreateVariants>,
    request: WriteRequest,
    id: Path<ProductRef>,
    body: Body<VariantBody>,
) -> Result<Answer, Problem> {
    let new = body.0.into_new(&staff.principal);
    let add = move |conn: &mut PgConnection, request: &WriteRequest| {
        let product = variants::add(conn, &id, &new, request)?;
        let view = ProductView::of(conn, product)?.ok_or(CatalogueError::NotFound)?;
        Ok::<_, CatalogueError>(Created::at(format!("/api/products/{}/", view.id), view))
    };
    request.run(&app, add).await
}

/// Change a variant.
///
/// The answer, and its `ETag`, are the product's.
#[utoipa::path(tag = "variants", params(VariantId, WriteRequest), security(("jwtAuth" = ["variants.change"])),
    request_body = PatchedVariantBody, responses((status = 200, body = ProductView)))]
#[patch("/{id}/")]
pub async fn change_variant(
    app: Data<App>,
    staff: Allowed<ChangeVariants>,
    request: WriteRequest,
    id: Path<VariantId>,
    body: Body<PatchedVariantBody>,
) -> Result<Answer, Problem> {
    let (changes, price) = body.0.into_changes(&staff.principal);
    let change = move |conn: &mut PgConnection, request: &WriteRequest| {
        let product = variants::change(conn, *id, &changes, price, request)?;
        Ok::<_, CatalogueError>(Changed(ProductView::of(conn, product)?.ok_or(CatalogueError::NotFound)?))
    };
    request.run(&app, change).await
}

/// Archive a variant.
///
/// Answers 409 `last_variant` for the only one of a product.
#[utoipa::path(tag = "variants", params(VariantId, WriteRequest), security(("jwtAuth" = ["variants.archive"])),
    responses((status = 204)))]
#[delete("/{id}/")]
pub async fn archive_variant(
    app: Data<App>,
    _staff: Allowed<ArchiveVariants>,
    request: WriteRequest,
    id: Path<VariantId>,
) -> Result<Answer, Problem> {
    let archive =
        move |conn: &mut PgConnection, request: &WriteRequest| variants::archive(conn, *id, request).map(|()| Gone);
    request.run(&app, archive).await
}

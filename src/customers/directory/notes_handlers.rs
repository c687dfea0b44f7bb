//! Notes about customers over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, post};
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::IntoParams;

use super::errors::DirectoryError;
use super::notes::{self, NoteBody, NoteFilter, NoteId, NoteList, NoteView};
use super::services;
use crate::platform::api::{Answer, Created, Gone, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, ViewCustomerNotes, WriteCustomerNotes};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::CustomerId;

/// Whose note, and which.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct NotePath {
    /// The customer.
    #[param(value_type = String)]
    id: CustomerId,
    /// The note.
    #[param(value_type = String)]
    note_id: NoteId,
}

/// List the notes about a customer, the newest first.
#[utoipa::path(tag = "customers", params(CustomerId, NoteList), security(("jwtAuth" = ["customers.view_notes"])),
    responses((status = 200, body = Paged<NoteView>)))]
#[get("/{id}/notes/")]
pub async fn list_notes(
    app: Data<App>,
    _staff: Allowed<ViewCustomerNotes>,
    list: NoteList,
    id: Path<CustomerId>,
) -> Result<Answer, Problem> {
    let read = move |conn: &mut PgConnection, list: &NoteList| -> Result<_, Problem> {
        services::find(conn, *id)?;
        Ok(NoteFilter::page(conn, list, *id)?.map(NoteView::from))
    };
    list.page(&app, read).await
}

/// Write a note about a customer. The customer never sees it.
#[utoipa::path(tag = "customers", params(CustomerId, WriteRequest),
    security(("jwtAuth" = ["customers.write_notes"])), request_body = NoteBody,
    responses((status = 201, body = NoteView)))]
#[post("/{id}/notes/")]
pub async fn write_note(
    app: Data<App>,
    _staff: Allowed<WriteCustomerNotes>,
    request: WriteRequest,
    id: Path<CustomerId>,
    body: Body<NoteBody>,
) -> Result<Answer, Problem> {
    let text = body.0.text.into_inner();
    let write = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, DirectoryError> {
        let note = notes::write(conn, *id, &text, &request.origin)?;
        Ok(Created::at(format!("/api/customers/{}/notes/{}/", *id, note.id), NoteView::from(note)))
    };
    request.run(&app, write).await
}

/// Retrieve a note about a customer.
#[utoipa::path(tag = "customers", params(NotePath, ReadRequest), security(("jwtAuth" = ["customers.view_notes"])),
    responses((status = 200, body = NoteView)))]
#[get("/{id}/notes/{note_id}/")]
pub async fn get_note(
    app: Data<App>,
    _staff: Allowed<ViewCustomerNotes>,
    request: ReadRequest,
    path: Path<NotePath>,
) -> Result<Answer, Problem> {
    let find = move |conn: &mut PgConnection| notes::find(conn, path.id, path.note_id).map(NoteView::from);
    request.one(&app, find).await
}

/// Remove a note about a customer.
#[utoipa::path(tag = "customers", params(NotePath, WriteRequest), security(("jwtAuth" = ["customers.write_notes"])),
    responses((status = 204)))]
#[delete("/{id}/notes/{note_id}/")]
pub async fn remove_note(
    app: Data<App>,
    _staff: Allowed<WriteCustomerNotes>,
    request: WriteRequest,
    path: Path<NotePath>,
) -> Result<Answer, Problem> {
    let remove = move |conn: &mut PgConnection, request: &WriteRequest| {
        notes::remove(conn, path.id, path.note_id, &request.origin).map(|()| Gone)
    };
    request.run(&app, remove).await
}

//! HTTP handlers of notes about customers.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::notes::{self, CustomerNote, CustomerNoteView, NoteBody, NoteFilter, NoteId, NoteList};
use super::services;
use crate::customers::permissions::{ViewCustomerNotes, WriteCustomerNotes};
use crate::platform::api::{ApiResponse, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::Allowed;
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::CustomerId;

/// Path parameters of a note.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct NotePath {
    /// Id of the customer.
    #[param(value_type = String)]
    id: CustomerId,
    /// Id of the note.
    #[param(value_type = String)]
    note_id: NoteId,
}

/// List the notes about a customer
///
/// Returns the notes, newest first. Returns 404 `not_found` if the customer does not exist.
#[endpoint(tag = "customers", returns(200 = Paged<CustomerNoteView>))]
#[get("/{id}/notes/")]
pub async fn list_notes(
    app: Data<App>,
    _staff: Allowed<ViewCustomerNotes>,
    list: NoteList,
    id: Path<CustomerId>,
) -> Result<ApiResponse, Problem> {
    let page = move |conn: &mut _, list: &_| -> Result<_, Problem> {
        services::find(conn, *id)?;
        NoteFilter::page(conn, list, || CustomerNote::of_customer(*id))
    };
    list.list::<CustomerNoteView, _>(&app, page).await
}

/// Create a note about a customer
///
/// The customer cannot see the note. Returns 404 `not_found` if the customer does not exist.
#[endpoint(tag = "customers", returns(201 = CustomerNoteView))]
#[post("/{id}/notes/")]
pub async fn create_note(
    app: Data<App>,
    _staff: Allowed<WriteCustomerNotes>,
    request: WriteRequest,
    id: Path<CustomerId>,
    body: Body<NoteBody>,
) -> Result<ApiResponse, Problem> {
    let text = body.0.text.into_inner();
    let customer = *id;
    let location = move |note: &CustomerNoteView| format!("/api/customers/{customer}/notes/{}/", note.id);
    request.create(&app, location, move |conn, context| notes::create(conn, customer, &text, context)).await
}

/// Retrieve a note about a customer
///
/// Returns 404 `not_found` if the customer or the note does not exist.
#[endpoint(tag = "customers", returns(200 = CustomerNoteView))]
#[get("/{id}/notes/{note_id}/")]
pub async fn get_note(
    app: Data<App>,
    _staff: Allowed<ViewCustomerNotes>,
    request: ReadRequest,
    path: Path<NotePath>,
) -> Result<ApiResponse, Problem> {
    request.retrieve::<CustomerNoteView, _>(&app, move |conn| notes::find(conn, path.id, path.note_id)).await
}

/// Delete a note about a customer
///
/// Returns 404 `not_found` if the customer or the note does not exist.
#[endpoint(tag = "customers", returns(204))]
#[delete("/{id}/notes/{note_id}/")]
pub async fn delete_note(
    app: Data<App>,
    _staff: Allowed<WriteCustomerNotes>,
    request: WriteRequest,
    path: Path<NotePath>,
) -> Result<ApiResponse, Problem> {
    request.delete(&app, move |conn, context| notes::delete(conn, path.id, path.note_id, context)).await
}

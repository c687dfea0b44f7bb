//! Where somebody is signed in, over HTTP: their own sessions, and everybody's for staff.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, post};
use diesel::prelude::*;

use super::errors::AuthError;
use super::listing::{SessionFilter, SessionList};
use super::models::Session;
use super::services;
use super::session_views::{EndSessionsBody, OwnSessionView, SessionView};
use crate::platform::api::{Answer, Gone, Paged, ReadRequest, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, CurrentUser, EndSessions, ViewSessions};
use crate::platform::error::Problem;
use crate::platform::http::Body;
use crate::platform::types::SessionId;

/// List where one is signed in, the last used first.
#[utoipa::path(tag = "auth", params(ReadRequest), security(("jwtAuth" = [])),
    responses((status = 200, body = Vec<OwnSessionView>)))]
#[get("/sessions/")]
pub async fn list_own_sessions(app: Data<App>, user: CurrentUser, request: ReadRequest) -> Result<Answer, Problem> {
    let now = app.clock.now();
    let list = move |conn: &mut PgConnection| -> Result<_, AuthError> {
        let sessions = Session::live_of(conn, user.0.user_id, now)?;
        Ok(sessions.into_iter().map(|session| OwnSessionView::new(session, user.0.session_id)).collect())
    };
    request.all(&app, list).await
}

/// Sign out somewhere else, or here.
#[utoipa::path(tag = "auth", params(SessionId, WriteRequest), security(("jwtAuth" = [])),
    responses((status = 204)))]
#[delete("/sessions/{id}/")]
pub async fn end_own_session(
    app: Data<App>,
    user: CurrentUser,
    request: WriteRequest,
    id: Path<SessionId>,
) -> Result<Answer, Problem> {
    let end = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::end_own(conn, user.0.user_id, *id, &request.origin).map(|()| Gone)
    };
    request.run(&app, end).await
}

/// Sign out everywhere, or everywhere else.
#[utoipa::path(tag = "auth", params(WriteRequest), security(("jwtAuth" = [])), request_body = EndSessionsBody,
    responses((status = 204)))]
#[post("/sessions/end/")]
pub async fn end_own_sessions(
    app: Data<App>,
    user: CurrentUser,
    request: WriteRequest,
    body: Body<EndSessionsBody>,
) -> Result<Answer, Problem> {
    let keep = body.0.keep_current.unwrap_or(true).then_some(user.0.session_id);
    let end = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::end_all(conn, user.0.user_id, keep, "ended by their owner", &request.origin).map(|()| Gone)
    };
    request.run(&app, end).await
}

/// List where people are signed in, the last used first.
#[utoipa::path(tag = "sessions", params(SessionList), security(("jwtAuth" = ["sessions.view"])),
    responses((status = 200, body = Paged<SessionView>)))]
#[get("/")]
pub async fn list_sessions(
    app: Data<App>,
    _staff: Allowed<ViewSessions>,
    list: SessionList,
) -> Result<Answer, Problem> {
    let now = app.clock.now();
    let read = move |conn: &mut PgConnection, list: &SessionList| -> Result<_, Problem> {
        Ok(SessionFilter::page(conn, list, now)?.map(SessionView::from))
    };
    list.page(&app, read).await
}

/// Sign somebody out.
#[utoipa::path(tag = "sessions", params(SessionId, WriteRequest), security(("jwtAuth" = ["sessions.end"])),
    responses((status = 204)))]
#[delete("/{id}/")]
pub async fn end_session(
    app: Data<App>,
    _staff: Allowed<EndSessions>,
    request: WriteRequest,
    id: Path<SessionId>,
) -> Result<Answer, Problem> {
    let end = move |conn: &mut PgConnection, request: &WriteRequest| {
        services::end_any(conn, *id, &request.origin).map(|()| Gone)
    };
    request.run(&app, end).await
}

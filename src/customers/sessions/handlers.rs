//! Endpoints for sessions: the user's own, and those of all users for staff.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, post};
use diesel::prelude::*;

use super::errors::SessionError;
use super::listing::{SessionFilter, SessionList};
use super::models::Session;
use super::services;
use super::views::{EndSessionsBody, OwnSessionView, SessionView};
use crate::customers::permissions::{EndSessions, ViewSessions};
use crate::platform::api::{ApiResult, NoContent, Paged, ReadRequest, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::{Allowed, CurrentUser};
use crate::platform::http::Body;
use crate::platform::types::SessionId;
use crate::platform::write_context::WriteContext;

/// List your own sessions
///
/// Returns the active sessions of the signed-in user, most recently used first.
#[endpoint(tag = "auth", returns(200 = Vec<OwnSessionView>))]
#[get("/sessions/")]
pub async fn list_own_sessions(app: Data<App>, user: CurrentUser, request: ReadRequest) -> ApiResult {
    let now = app.clock.now();
    let list = move |conn: &mut PgConnection| -> Result<_, SessionError> {
        let sessions = Session::list_live(conn, user.0.user_id, now)?;
        Ok(sessions.into_iter().map(|session| OwnSessionView::new(session, user.0.session_id)).collect())
    };
    request.all(&app, list).await
}

/// Revoke one of your own sessions
///
/// Signs the user out on the device of that session. Its tokens become invalid within two seconds. Returns 404
/// `not_found` if the user has no such active session.
#[endpoint(tag = "auth", returns(204))]
#[delete("/sessions/{id}/")]
pub async fn revoke_own_session(
    app: Data<App>,
    user: CurrentUser,
    request: WriteRequest,
    id: Path<SessionId>,
) -> ApiResult {
    let revoke = move |conn: &mut PgConnection, context: &WriteContext| {
        services::revoke_own(conn, user.0.user_id, *id, context).map(|()| NoContent)
    };
    request.run(&app, revoke).await
}

/// Revoke all of your own sessions
///
/// Keeps the session of this request unless `keep_current` is false.
#[endpoint(tag = "auth", returns(204))]
#[post("/sessions/end/")]
pub async fn revoke_own_sessions(
    app: Data<App>,
    user: CurrentUser,
    request: WriteRequest,
    body: Body<EndSessionsBody>,
) -> ApiResult {
    let keep = body.0.keep_current.unwrap_or(true).then_some(user.0.session_id);
    let revoke = move |conn: &mut PgConnection, context: &WriteContext| {
        services::revoke_all(conn, user.0.user_id, keep, "ended by the user", context).map(|()| NoContent)
    };
    request.run(&app, revoke).await
}

/// List sessions
///
/// Returns the active sessions of all users, most recently used first. Requires the permission `sessions.view`.
#[endpoint(tag = "sessions", returns(200 = Paged<SessionView>))]
#[get("/")]
pub async fn list_sessions(app: Data<App>, _staff: Allowed<ViewSessions>, list: SessionList) -> ApiResult {
    let now = app.clock.now();
    let page = move |conn: &mut _, list: &_| SessionFilter::page(conn, list, || Session::all_live(now));
    list.list::<SessionView, _>(&app, page).await
}

/// Revoke a session
///
/// Signs the user out on the device of that session. Requires the permission `sessions.end`. Returns 404 `not_found` if
/// there is no such active session.
#[endpoint(tag = "sessions", returns(204))]
#[delete("/{id}/")]
pub async fn revoke_session(
    app: Data<App>,
    _staff: Allowed<EndSessions>,
    request: WriteRequest,
    id: Path<SessionId>,
) -> ApiResult {
    let revoke = move |conn: &mut PgConnection, context: &WriteContext| {
        services::revoke_as_staff(conn, *id, context).map(|()| NoContent)
    };
    request.run(&app, revoke).await
}

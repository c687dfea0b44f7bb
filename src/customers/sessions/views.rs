//! Request and response bodies of sessions.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::models::Session;
use crate::platform::api::{Resource, View};
use crate::platform::http::request_body;
use crate::platform::types::{SessionId, UserId};

/// Session of the signed-in user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnSession, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d59", "is_current": true,
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "address": "203.0.113.7",
    "created_at": "2026-11-02T09:00:00Z", "last_used_at": "2026-11-21T08:00:00Z",
    "expires_at": "2026-12-02T09:00:00Z",
}))]
pub struct OwnSessionView {
    pub id: SessionId,
    /// True for the session of this request.
    pub is_current: bool,
    /// `User-Agent` header of the sign-in.
    pub user_agent: String,
    /// Network address of the sign-in.
    pub address: String,
    pub created_at: DateTime<Utc>,
    /// Time of the last request, to the minute.
    pub last_used_at: DateTime<Utc>,
    /// Time at which the session expires, however often it is refreshed.
    pub expires_at: DateTime<Utc>,
}

impl Resource for OwnSessionView {}

impl OwnSessionView {
    pub(super) fn new(session: Session, current: SessionId) -> Self {
        let Session { id, user_agent, address, created_at, last_used_at, expires_at, .. } = session;
        Self { id, is_current: id == current, user_agent, address, created_at, last_used_at, expires_at }
    }
}

/// Session of any user, for staff.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = Session, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d59", "user": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d02",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "address": "203.0.113.7",
    "created_at": "2026-11-02T09:00:00Z", "last_used_at": "2026-11-21T08:00:00Z",
    "expires_at": "2026-12-02T09:00:00Z",
}))]
#[view(row = Session)]
pub struct SessionView {
    pub id: SessionId,
    #[view(field = user_id)]
    pub user: UserId,
    /// `User-Agent` header of the sign-in.
    pub user_agent: String,
    /// Network address of the sign-in.
    pub address: String,
    pub created_at: DateTime<Utc>,
    /// Time of the last request, to the minute.
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

#[request_body(EndSessionsRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({"keep_current": true}))]
pub struct EndSessionsBody {
    /// False revokes the session of this request as well. Defaults to true.
    pub keep_current: Option<bool>,
}

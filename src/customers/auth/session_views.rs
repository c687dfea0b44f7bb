//! Sessions as JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::models::Session;
use crate::platform::api::Resource;
use crate::platform::http::body;
use crate::platform::types::{SessionId, UserId};

/// Where one is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnSession)]
pub struct OwnSessionView {
    pub id: SessionId,
    /// Whether this request was made in it.
    pub is_current: bool,
    /// The program, as it says of itself.
    pub user_agent: String,
    /// The address it was opened from.
    pub address: String,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_used_at: DateTime<Utc>,
    /// It ends then, however much it is used.
    pub expires_at: DateTime<Utc>,
}

impl Resource for OwnSessionView {}

impl OwnSessionView {
    pub(super) fn new(session: Session, current: SessionId) -> Self {
        let Session { id, user_agent, address, created_at, last_used_at, expires_at, .. } = session;
        Self { id, is_current: id == current, user_agent, address, created_at, last_used_at, expires_at }
    }
}

/// Where somebody is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    pub id: SessionId,
    pub user: UserId,
    /// The program, as it says of itself.
    pub user_agent: String,
    /// The address it was opened from.
    pub address: String,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl Resource for SessionView {}

impl From<Session> for SessionView {
    fn from(session: Session) -> Self {
        let Session { id, user_id: user, user_agent, address, created_at, last_used_at, expires_at, .. } = session;
        Self { id, user, user_agent, address, created_at, last_used_at, expires_at }
    }
}

body! {
    #[schema(as = EndSessionsRequest, example = json!({"keep_current": true}))]
    pub struct EndSessionsBody {
        /// Whether this session goes on; it does unless this says otherwise.
        pub keep_current: Option<bool>,
    }
}

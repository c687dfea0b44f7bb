//! Lists of sessions.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use super::models::Session;
use crate::platform::api::{
    Choices, ListRequest, Moments, Ordering, Slice, SortColumn, Texts, filter, narrow, paginate,
};
use crate::platform::error::Problem;
use crate::platform::types::UserId;
use crate::schema::sessions;

filter! {
    pub struct SessionFilter {
        /// The id of whoever is signed in.
        "user" => pub user: Choices<UserId>,
        "address" => pub address: Texts,
        "created_at" => pub created_at: Moments,
        "last_used_at" => pub last_used_at: Moments,
    }
}

/// The last used first.
pub struct SessionOrdering;

impl Ordering for SessionOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("last_used_at", "sessions.last_used_at", "timestamptz"),
        SortColumn::new("created_at", "sessions.created_at", "timestamptz"),
    ];
    const DEFAULT: &'static str = "-last_used_at";
    const ID: SortColumn = SortColumn::new("id", "sessions.id", "uuid");
}

pub(super) type SessionList = ListRequest<SessionFilter, SessionOrdering>;

impl SessionFilter {
    /// A page of those that have not ended.
    pub(super) fn page(
        conn: &mut PgConnection,
        list: &SessionList,
        now: DateTime<Utc>,
    ) -> Result<Slice<Session>, Problem> {
        Ok(paginate!(conn, || list.filter.query(now), Session, list))
    }

    fn query<'a>(&self, now: DateTime<Utc>) -> sessions::BoxedQuery<'a, Pg> {
        let live = sessions::revoked_at.is_null().and(sessions::expires_at.gt(now));
        let mut query = sessions::table.filter(live).into_boxed();
        narrow!(query, choices, sessions::user_id, &self.user);
        narrow!(query, texts, sessions::address, &self.address);
        narrow!(query, moments, sessions::created_at, &self.created_at);
        narrow!(query, moments, sessions::last_used_at, &self.last_used_at);
        query
    }
}

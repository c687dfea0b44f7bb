//! Rows of `personal_data_exports`.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::views::ExportStatus;
use crate::platform::types::{CustomerId, typed_id};
use crate::schema::personal_data_exports as exports;

typed_id!(
    /// An export of what the shop knows of somebody.
    ExportId
);

/// How long an export waits to be downloaded.
pub(super) const HOURS: i64 = 48;

#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = exports)]
pub struct Export {
    pub id: ExportId,
    pub customer_id: CustomerId,
    pub created_at: DateTime<Utc>,
    pub ready_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub downloaded_at: Option<DateTime<Utc>>,
}

impl Export {
    pub(super) fn insert(conn: &mut PgConnection, customer: CustomerId, now: DateTime<Utc>) -> QueryResult<Self> {
        diesel::insert_into(exports::table)
            .values((
                exports::id.eq(ExportId::generate()),
                exports::customer_id.eq(customer),
                exports::created_at.eq(now),
                exports::expires_at.eq(now + TimeDelta::hours(HOURS)),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    pub(super) fn find(conn: &mut PgConnection, id: ExportId) -> QueryResult<Option<Self>> {
        Self::query().filter(exports::id.eq(id)).first(conn).optional()
    }

    pub(super) fn find_of(conn: &mut PgConnection, id: ExportId, customer: CustomerId) -> QueryResult<Option<Self>> {
        Self::query().filter(exports::id.eq(id)).filter(exports::customer_id.eq(customer)).first(conn).optional()
    }

    /// The one that somebody has asked for and can still download.
    pub(super) fn open_of(
        conn: &mut PgConnection,
        customer: CustomerId,
        now: DateTime<Utc>,
    ) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(exports::customer_id.eq(customer))
            .filter(exports::downloaded_at.is_null())
            .filter(exports::expires_at.gt(now))
            .first(conn)
            .optional()
    }

    /// Locks somebody's export, so that of two who download it one does.
    pub(super) fn lock_of(
        conn: &mut PgConnection,
        id: ExportId,
        customer: CustomerId,
    ) -> QueryResult<Option<(Self, Option<Vec<u8>>)>> {
        exports::table
            .find(id)
            .filter(exports::customer_id.eq(customer))
            .select((Self::as_select(), exports::sealed))
            .for_update()
            .first(conn)
            .optional()
    }

    /// Keeps what was made; false where somebody was quicker.
    pub(super) fn fill(conn: &mut PgConnection, id: ExportId, sealed: &[u8], now: DateTime<Utc>) -> QueryResult<bool> {
        let waiting = exports::table.find(id).filter(exports::ready_at.is_null());
        let filled =
            diesel::update(waiting).set((exports::sealed.eq(sealed), exports::ready_at.eq(now))).execute(conn)?;
        Ok(filled == 1)
    }

    /// It was downloaded: nothing of it stays.
    pub(super) fn empty(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(exports::table.find(self.id))
            .set((exports::sealed.eq(None::<Vec<u8>>), exports::downloaded_at.eq(now)))
            .execute(conn)
    }

    pub(super) fn delete_of(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<usize> {
        diesel::delete(exports::table.filter(exports::customer_id.eq(customer))).execute(conn)
    }

    /// Deletes those whose time is over.
    pub(super) fn delete_expired(conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::delete(exports::table.filter(exports::expires_at.lt(now))).execute(conn)
    }

    pub(super) fn status(&self, now: DateTime<Utc>) -> ExportStatus {
        match (self.downloaded_at, self.ready_at) {
            (Some(_), _) => ExportStatus::Downloaded,
            _ if self.expires_at <= now => ExportStatus::Expired,
            (None, Some(_)) => ExportStatus::Ready,
            (None, None) => ExportStatus::Pending,
        }
    }
}

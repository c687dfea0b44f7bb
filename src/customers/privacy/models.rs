//! Rows of `personal_data_exports`.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::platform::types::{CustomerId, text_enum, typed_id};
use crate::schema::personal_data_exports as exports;

typed_id!(
    /// Id of an export.
    ExportId
);

text_enum! {
    /// Status of an export.
    pub enum ExportStatus {
        /// The export is being created.
        Pending = "pending",
        /// The export can be downloaded once.
        Ready = "ready",
        /// The export was downloaded and its contents are deleted.
        Downloaded = "downloaded",
        /// The export was not downloaded in time.
        Expired = "expired",
    }
}

/// Hours after the request in which an export can be downloaded.
pub(super) const EXPORT_LIFETIME_HOURS: i64 = 48;

/// Row of `personal_data_exports`, without the encrypted contents.
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
                exports::expires_at.eq(now + TimeDelta::hours(EXPORT_LIFETIME_HOURS)),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    pub(super) fn find(conn: &mut PgConnection, id: ExportId) -> QueryResult<Option<Self>> {
        Self::query().filter(exports::id.eq(id)).first(conn).optional()
    }

    pub(super) fn find_for_customer(
        conn: &mut PgConnection,
        id: ExportId,
        customer: CustomerId,
    ) -> QueryResult<Option<Self>> {
        Self::query().filter(exports::id.eq(id)).filter(exports::customer_id.eq(customer)).first(conn).optional()
    }

    /// Returns the customer's export that has neither been downloaded nor expired.
    pub(super) fn find_open(
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

    /// Returns the customer's export with its encrypted contents, locked so that only one request can download it.
    pub(super) fn lock_for_customer(
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

    /// Stores the encrypted contents. Returns false if another run stored them before.
    pub(super) fn mark_ready(
        conn: &mut PgConnection,
        id: ExportId,
        encrypted: &[u8],
        now: DateTime<Utc>,
    ) -> QueryResult<bool> {
        let pending = exports::table.find(id).filter(exports::ready_at.is_null());
        let updated =
            diesel::update(pending).set((exports::sealed.eq(encrypted), exports::ready_at.eq(now))).execute(conn)?;
        Ok(updated == 1)
    }

    /// Records the download and deletes the contents.
    pub(super) fn mark_downloaded(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<usize> {
        diesel::update(exports::table.find(self.id))
            .set((exports::sealed.eq(None::<Vec<u8>>), exports::downloaded_at.eq(now)))
            .execute(conn)
    }

    pub(super) fn delete_for_customer(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<usize> {
        diesel::delete(exports::table.filter(exports::customer_id.eq(customer))).execute(conn)
    }

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

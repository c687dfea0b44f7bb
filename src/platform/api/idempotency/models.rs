//! Rows of `idempotency_keys`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use serde_json::Value;

use crate::schema::idempotency_keys;

/// A request that was answered, and the answer.
#[derive(Debug, Clone, HasQuery, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub(super) struct StoredAnswer {
    /// SHA-256 of who asked, by which method, at which route, under which key.
    pub scope: Vec<u8>,
    /// SHA-256 of all that was asked.
    pub fingerprint: Vec<u8>,
    pub status: i16,
    pub headers: Value,
    /// Headers that are secrets, sealed under the master key.
    pub sealed_headers: Option<Vec<u8>>,
    pub body: Option<Vec<u8>>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl StoredAnswer {
    /// Whether this transaction is the only one that answers in this scope.
    pub fn try_lock(conn: &mut PgConnection, scope: &[u8; 32]) -> QueryResult<bool> {
        let [a, b, c, d, e, f, g, h, ..] = *scope;
        let number = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let lock = diesel::dsl::sql::<Bool>("pg_try_advisory_xact_lock(").bind::<BigInt, _>(number).sql(")");
        diesel::select(lock).get_result(conn)
    }

    pub fn find(conn: &mut PgConnection, scope: &[u8; 32], now: DateTime<Utc>) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(idempotency_keys::scope.eq(scope.as_slice()))
            .filter(idempotency_keys::expires_at.gt(now))
            .first(conn)
            .optional()
    }

    /// Takes the place of one whose time is over.
    pub fn insert(&self, conn: &mut PgConnection) -> QueryResult<()> {
        diesel::delete(idempotency_keys::table.find(&self.scope)).execute(conn)?;
        diesel::insert_into(idempotency_keys::table).values(self).execute(conn).map(|_| ())
    }
}

/// Forgets up to `limit` answers whose time is over, and tells how many.
pub fn purge_idempotency_keys(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let over = idempotency_keys::table.filter(idempotency_keys::expires_at.le(now));
    let over: Vec<Vec<u8>> = over.select(idempotency_keys::scope).limit(limit).load(conn)?;
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::scope.eq_any(over))).execute(conn)
}

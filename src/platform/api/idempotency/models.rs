//! Rows of `idempotency_keys`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use serde_json::Value;

use crate::schema::idempotency_keys;

/// Row of `idempotency_keys`: a completed request with its response.
#[derive(Debug, Clone, HasQuery, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub(super) struct StoredResponse {
    /// SHA-256 of client, method, route and key.
    pub scope: Vec<u8>,
    /// SHA-256 of the complete request.
    pub fingerprint: Vec<u8>,
    pub status: i16,
    pub headers: Value,
    /// Headers with secrets, encrypted with the master key.
    pub sealed_headers: Option<Vec<u8>>,
    pub body: Option<Vec<u8>>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

impl StoredResponse {
    /// Locks the scope for this transaction. Returns false if another transaction holds the lock.
    pub fn try_lock(conn: &mut PgConnection, scope: &[u8; 32]) -> QueryResult<bool> {
        let [a, b, c, d, e, f, g, h, ..] = *scope;
        let number = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let lock = diesel::dsl::sql::<Bool>("pg_try_advisory_xact_lock(").bind::<BigInt, _>(number).sql(")");
        diesel::select(lock).get_result(conn)
    }

    /// Finds the response of a scope that has not expired.
    pub fn find(conn: &mut PgConnection, scope: &[u8; 32], now: DateTime<Utc>) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(idempotency_keys::scope.eq(scope.as_slice()))
            .filter(idempotency_keys::expires_at.gt(now))
            .first(conn)
            .optional()
    }

    /// Inserts the response and replaces an expired one with the same scope.
    pub fn insert(&self, conn: &mut PgConnection) -> QueryResult<()> {
        diesel::delete(idempotency_keys::table.find(&self.scope)).execute(conn)?;
        diesel::insert_into(idempotency_keys::table).values(self).execute(conn).map(|_| ())
    }
}

/// Deletes up to `limit` expired responses and returns their number.
pub fn purge_idempotency_keys(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    let expired = idempotency_keys::table.filter(idempotency_keys::expires_at.le(now));
    let scopes: Vec<Vec<u8>> = expired.select(idempotency_keys::scope).limit(limit).load(conn)?;
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::scope.eq_any(scopes))).execute(conn)
}

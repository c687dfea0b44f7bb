//! Customers of another shop, found or made by the id they had there.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::platform::types::{Country, CustomerId};
use crate::schema::customers;

/// A customer as the other shop knows them.
#[derive(Debug, Clone, Copy)]
pub struct ExternalCustomer<'a> {
    pub external_id: &'a str,
    pub name: &'a str,
    pub country: Option<Country>,
}

#[derive(Insertable)]
#[diesel(table_name = customers)]
struct NewExternalCustomer<'a> {
    id: CustomerId,
    external_id: &'a str,
    name: &'a str,
    metadata: Value,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The customers' ids by their external ids. Unknown ones are made; known ones stay as they are,
/// because what the shop has written about them since is worth more than the file.
pub fn upsert_external(
    conn: &mut PgConnection,
    wanted: &[ExternalCustomer<'_>],
    at: DateTime<Utc>,
) -> QueryResult<HashMap<String, CustomerId>> {
    let mut known = find_external(conn, wanted)?;
    let mut missing: Vec<_> = wanted
        .iter()
        .filter(|customer| !known.contains_key(customer.external_id))
        .map(|customer| NewExternalCustomer {
            id: CustomerId::generate(),
            external_id: customer.external_id,
            name: customer.name,
            metadata: customer.country.map_or_else(|| json!({}), |code| json!({"country": code})),
            created_at: at,
            updated_at: at,
        })
        .collect();
    if missing.is_empty() {
        return Ok(known);
    }

    // In one fixed order, so that two imports wait for each other instead of deadlocking.
    missing.sort_unstable_by_key(|customer| customer.external_id);
    for chunk in missing.chunks(CHUNK) {
        diesel::insert_into(customers::table)
            .values(chunk)
            .on_conflict(customers::external_id)
            .do_nothing()
            .execute(conn)?;
    }
    known.extend(find_external(conn, wanted)?);
    Ok(known)
}

/// Rows of one insert: PostgreSQL takes 65,535 values in a statement.
const CHUNK: usize = 1000;

fn find_external(conn: &mut PgConnection, wanted: &[ExternalCustomer<'_>]) -> QueryResult<HashMap<String, CustomerId>> {
    let external_ids: Vec<&str> = wanted.iter().map(|customer| customer.external_id).collect();
    let rows: Vec<(String, CustomerId)> = customers::table
        .filter(customers::external_id.eq_any(external_ids))
        .select((customers::external_id.assume_not_null(), customers::id))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

//! Rows of `customer_groups` and of who belongs to them.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde_json::Value;

use super::errors::GroupError;
use crate::platform::error::ConstraintExt;
use crate::platform::types::{CustomerGroupId, CustomerId};
use crate::schema::{customer_group_members, customer_groups, customers};

/// Customers who are treated alike.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = customer_groups)]
pub struct CustomerGroup {
    pub id: CustomerGroupId,
    pub name: String,
    pub description: String,
    pub metadata: Value,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Somebody who belongs to a group.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = customer_group_members)]
pub struct Member {
    pub customer_id: CustomerId,
    pub added_at: DateTime<Utc>,
}

/// A group to make.
#[derive(Debug, Clone)]
pub(super) struct NewGroup {
    pub name: String,
    pub description: String,
    pub metadata: Value,
}

#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = customer_groups)]
pub(super) struct GroupChanges {
    pub name: Option<String>,
    pub description: Option<String>,
    pub metadata: Option<Value>,
}

const NAME_KEY: &str = "customer_groups_name_key";

impl CustomerGroup {
    pub(super) fn find(conn: &mut PgConnection, id: CustomerGroupId) -> QueryResult<Option<Self>> {
        Self::query().filter(customer_groups::id.eq(id)).first(conn).optional()
    }

    /// Locked until the transaction ends.
    pub(super) fn lock(conn: &mut PgConnection, id: CustomerGroupId) -> QueryResult<Option<Self>> {
        Self::query().filter(customer_groups::id.eq(id)).for_no_key_update().first(conn).optional()
    }

    pub(super) fn insert(conn: &mut PgConnection, new: &NewGroup, now: DateTime<Utc>) -> Result<Self, GroupError> {
        diesel::insert_into(customer_groups::table)
            .values((
                customer_groups::id.eq(CustomerGroupId::generate()),
                customer_groups::name.eq(&new.name),
                customer_groups::description.eq(&new.description),
                customer_groups::metadata.eq(&new.metadata),
                customer_groups::created_at.eq(now),
                customer_groups::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .on_constraint(NAME_KEY, || GroupError::NameTaken)
    }

    pub(super) fn update(
        &self,
        conn: &mut PgConnection,
        changes: &GroupChanges,
        now: DateTime<Utc>,
    ) -> Result<Self, GroupError> {
        diesel::update(customer_groups::table.find(self.id))
            .set((
                changes,
                customer_groups::version.eq(customer_groups::version + 1),
                customer_groups::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
            .on_constraint(NAME_KEY, || GroupError::NameTaken)
    }

    pub(super) fn delete(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::delete(customer_groups::table.find(self.id)).execute(conn)
    }

    /// How many were added; those who belong to it already stay as they are.
    pub(super) fn add(&self, conn: &mut PgConnection, ids: &[CustomerId], now: DateTime<Utc>) -> QueryResult<usize> {
        let rows: Vec<_> = ids
            .iter()
            .map(|id| {
                (
                    customer_group_members::group_id.eq(self.id),
                    customer_group_members::customer_id.eq(id),
                    customer_group_members::added_at.eq(now),
                )
            })
            .collect();
        diesel::insert_into(customer_group_members::table).values(rows).on_conflict_do_nothing().execute(conn)
    }

    pub(super) fn remove(&self, conn: &mut PgConnection, ids: &[CustomerId]) -> QueryResult<usize> {
        let members = customer_group_members::table
            .filter(customer_group_members::group_id.eq(self.id))
            .filter(customer_group_members::customer_id.eq_any(ids));
        diesel::delete(members).execute(conn)
    }
}

/// How many belong to each of these.
pub(super) fn member_counts(
    conn: &mut PgConnection,
    ids: &[CustomerGroupId],
) -> QueryResult<HashMap<CustomerGroupId, i64>> {
    let rows: Vec<(CustomerGroupId, i64)> = customer_group_members::table
        .filter(customer_group_members::group_id.eq_any(ids))
        .group_by(customer_group_members::group_id)
        .select((customer_group_members::group_id, count_star()))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Those of `ids` that there are; they stay until the transaction ends.
pub(super) fn hold_customers(conn: &mut PgConnection, ids: &[CustomerId]) -> QueryResult<HashSet<CustomerId>> {
    let held = customers::table.filter(customers::id.eq_any(ids)).order(customers::id).for_key_share();
    let held: Vec<CustomerId> = held.select(customers::id).load(conn)?;
    Ok(held.into_iter().collect())
}

pub(super) fn leave_all(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<usize> {
    let theirs = customer_group_members::table.filter(customer_group_members::customer_id.eq(customer));
    diesel::delete(theirs).execute(conn)
}

//! Rows of `customer_groups` and `customer_group_members`, their filters, and the request bodies that change them.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use serde_json::Value;

use super::errors::GroupError;
use crate::customers::ids::CustomerGroupId;
use crate::platform::api::{ChoiceLookups, DateTimeLookups, ListFilter, ListRequest, Record, Search, TextLookups};
use crate::platform::http::request_body;
use crate::platform::types::{CustomerId, Metadata, NonEmptyList, NonEmptyText, Text};
use crate::schema::{customer_group_members, customer_groups, customers};

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = customer_groups, row = CustomerGroup)]
#[list(order_by(name, created_at, updated_at), default = "name")]
pub struct GroupFilter {
    pub name: TextLookups,
    pub created_at: DateTimeLookups,
    pub updated_at: DateTimeLookups,
    /// Matches groups whose name or description contains every word; a "quoted phrase" counts as one word.
    #[list(search(name, description))]
    pub search: Search,
}
pub(super) type GroupList = ListRequest<GroupFilter>;

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = customer_group_members, row = Member, id = customer_id)]
#[list(order_by(added_at), default = "-added_at")]
pub struct MemberFilter {
    #[list(column = customer_id)]
    pub customer: ChoiceLookups<CustomerId>,
    pub added_at: DateTimeLookups,
}
pub(super) type MemberList = ListRequest<MemberFilter>;

#[request_body(CustomerGroupRequest, patch = PatchedGroupBody, table = customer_groups)]
#[derive(Debug, Clone)]
#[schema(example = json!({"name": "Wholesale", "description": "Customers who order for resale.", "metadata": {}}))]
pub struct GroupBody {
    pub name: NonEmptyText<150>,
    pub description: Option<Text<1000>>,
    pub metadata: Option<Metadata>,
}

#[request_body(CustomerGroupMembersRequest)]
#[derive(Debug, Clone)]
pub struct MembersBody {
    pub customers: NonEmptyList<CustomerId, 500>,
}

/// Row of `customer_groups`.
#[derive(Debug, Clone, HasQuery, Record)]
#[diesel(table_name = customer_groups)]
#[record(object = "customer_group", error = GroupError, audit(name, description, metadata))]
#[record(constraints("customer_groups_name_key" => GroupError::NameTaken))]
#[record(create = GroupBody, update = PatchedGroupBody, delete)]
pub struct CustomerGroup {
    pub id: CustomerGroupId,
    pub name: String,
    pub description: String,
    pub metadata: Value,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Row of `customer_group_members`.
#[derive(Debug, Clone, HasQuery, Insertable)]
#[diesel(table_name = customer_group_members)]
pub struct Member {
    pub group_id: CustomerGroupId,
    pub customer_id: CustomerId,
    pub added_at: DateTime<Utc>,
}

impl Member {
    /// Selects the members of a group.
    pub(super) fn of_group(group: CustomerGroupId) -> customer_group_members::BoxedQuery<'static, Pg> {
        customer_group_members::table.filter(customer_group_members::group_id.eq(group)).into_boxed()
    }

    /// Adds customers to a group and returns the number of new members.
    pub(super) fn insert(
        conn: &mut PgConnection,
        group: CustomerGroupId,
        customers: &[CustomerId],
        now: DateTime<Utc>,
    ) -> QueryResult<usize> {
        let row = |customer_id: &CustomerId| Self { group_id: group, customer_id: *customer_id, added_at: now };
        diesel::insert_into(customer_group_members::table)
            .values(customers.iter().map(row).collect::<Vec<_>>())
            .on_conflict_do_nothing()
            .execute(conn)
    }

    /// Removes customers from a group and returns the number of removed members.
    pub(super) fn delete(
        conn: &mut PgConnection,
        group: CustomerGroupId,
        customers: &[CustomerId],
    ) -> QueryResult<usize> {
        let members = customer_group_members::table
            .filter(customer_group_members::group_id.eq(group))
            .filter(customer_group_members::customer_id.eq_any(customers));
        diesel::delete(members).execute(conn)
    }

    /// Returns the number of members of each group; groups without members are missing.
    pub(super) fn counts(
        conn: &mut PgConnection,
        groups: &[CustomerGroupId],
    ) -> QueryResult<HashMap<CustomerGroupId, i64>> {
        let rows: Vec<(CustomerGroupId, i64)> = customer_group_members::table
            .filter(customer_group_members::group_id.eq_any(groups))
            .group_by(customer_group_members::group_id)
            .select((customer_group_members::group_id, count_star()))
            .load(conn)?;
        Ok(rows.into_iter().collect())
    }
}

/// Returns the ids that exist, and prevents the deletion of these customers until the transaction ends.
pub(super) fn lock_customers(conn: &mut PgConnection, ids: &[CustomerId]) -> QueryResult<HashSet<CustomerId>> {
    let customers = customers::table.filter(customers::id.eq_any(ids)).order(customers::id).for_key_share();
    let ids: Vec<CustomerId> = customers.select(customers::id).load(conn)?;
    Ok(ids.into_iter().collect())
}

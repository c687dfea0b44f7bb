//! Rows of customers with their accounts.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{IntoBoxed, LeftJoin};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde_json::Value;

use crate::customers::ids::CustomerGroupId;
use crate::platform::types::{CustomerId, Email, Phone, UserId};
use crate::schema::{customer_group_members, customer_groups, customers, users};

/// Customer with the optional account.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct CustomerRecord {
    #[diesel(embed)]
    pub customer: DirectoryCustomer,
    #[diesel(embed)]
    pub account: Option<AccountRow>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = customers)]
pub struct DirectoryCustomer {
    pub id: CustomerId,
    pub user_id: Option<UserId>,
    pub external_id: Option<String>,
    pub name: String,
    pub email: Option<Email>,
    pub phone: Option<Phone>,
    pub language: String,
    pub metadata: Value,
    pub private_metadata: Value,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct AccountRow {
    pub email: Email,
    pub first_name: String,
    pub last_name: String,
    pub is_active: bool,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub last_login_at: Option<DateTime<Utc>>,
    pub version: i32,
}

/// Query of customers with their accounts, without filters.
pub(super) type CustomerRecordQuery = IntoBoxed<'static, LeftJoin<customers::table, users::table>, Pg>;

pub(super) fn records() -> CustomerRecordQuery {
    customers::table.left_join(users::table).into_boxed()
}

impl CustomerRecord {
    pub(super) fn find(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Self>> {
        records().filter(customers::id.eq(id)).select(Self::as_select()).first(conn).optional()
    }

    pub(super) fn list_by_ids(conn: &mut PgConnection, ids: &[CustomerId]) -> QueryResult<Vec<Self>> {
        records().filter(customers::id.eq_any(ids.to_vec())).select(Self::as_select()).load(conn)
    }

    /// Returns at most `limit` customers after `last` in the order of their ids, which is the order of creation.
    pub(super) fn list_after(
        conn: &mut PgConnection,
        query: CustomerRecordQuery,
        last: Option<CustomerId>,
        limit: i64,
    ) -> QueryResult<Vec<Self>> {
        let query = match last {
            Some(last) => query.filter(customers::id.gt(last)),
            None => query,
        };
        query.order(customers::id).limit(limit).select(Self::as_select()).load(conn)
    }

    /// Returns first and last name. The single name of a customer without an account counts as the first name.
    pub fn names(&self) -> (&str, &str) {
        match &self.account {
            Some(account) => (&account.first_name, &account.last_name),
            None => (&self.customer.name, ""),
        }
    }

    pub fn email(&self) -> Option<&Email> {
        self.account.as_ref().map(|account| &account.email).or(self.customer.email.as_ref())
    }

    /// Returns the sum of the versions of customer and account, which increases with each change of either.
    pub fn version(&self) -> i32 {
        self.customer.version + self.account.as_ref().map_or(0, |account| account.version)
    }
}

/// Id and name of a customer group.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = customer_groups)]
pub(super) struct GroupRow {
    pub id: CustomerGroupId,
    pub name: String,
}

/// Returns the groups of each customer, sorted by name.
pub(super) fn load_groups(
    conn: &mut PgConnection,
    ids: &[CustomerId],
) -> QueryResult<HashMap<CustomerId, Vec<GroupRow>>> {
    let rows: Vec<(CustomerId, GroupRow)> = customer_group_members::table
        .inner_join(customer_groups::table)
        .filter(customer_group_members::customer_id.eq_any(ids))
        .order((customer_groups::name, customer_groups::id))
        .select((customer_group_members::customer_id, GroupRow::as_select()))
        .load(conn)?;
    let mut groups: HashMap<_, Vec<_>> = HashMap::new();
    for (customer, group) in rows {
        groups.entry(customer).or_default().push(group);
    }
    Ok(groups)
}

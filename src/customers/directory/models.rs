//! Customers with their accounts, as rows.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::{IntoBoxed, LeftJoin};
use diesel::pg::Pg;
use diesel::prelude::*;
use serde_json::Value;

use crate::platform::types::{CustomerGroupId, CustomerId, Email, Phone, UserId};
use crate::schema::{customer_group_members, customer_groups, customers, users};

/// A customer with the account that they may have.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct Record {
    #[diesel(embed)]
    pub customer: CustomerRow,
    #[diesel(embed)]
    pub account: Option<AccountRow>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = customers)]
pub struct CustomerRow {
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

/// A query of customers with their accounts, to be narrowed.
pub(super) type RecordQuery = IntoBoxed<'static, LeftJoin<customers::table, users::table>, Pg>;

pub(super) fn records() -> RecordQuery {
    customers::table.left_join(users::table).into_boxed()
}

impl Record {
    pub(super) fn find(conn: &mut PgConnection, id: CustomerId) -> QueryResult<Option<Self>> {
        records().filter(customers::id.eq(id)).select(Self::as_select()).first(conn).optional()
    }

    pub(super) fn with_ids(conn: &mut PgConnection, ids: &[CustomerId]) -> QueryResult<Vec<Self>> {
        records().filter(customers::id.eq_any(ids.to_vec())).select(Self::as_select()).load(conn)
    }

    /// So many behind `last`, in the order of their ids, which is the order in which they came.
    pub(super) fn behind(
        conn: &mut PgConnection,
        query: RecordQuery,
        last: Option<CustomerId>,
        most: i64,
    ) -> QueryResult<Vec<Self>> {
        let query = match last {
            Some(last) => query.filter(customers::id.gt(last)),
            None => query,
        };
        query.order(customers::id).limit(most).select(Self::as_select()).load(conn)
    }

    /// One name of somebody without an account is not taken apart.
    pub fn names(&self) -> (&str, &str) {
        match &self.account {
            Some(account) => (&account.first_name, &account.last_name),
            None => (&self.customer.name, ""),
        }
    }

    pub fn email(&self) -> Option<&Email> {
        self.account.as_ref().map(|account| &account.email).or(self.customer.email.as_ref())
    }

    /// Of customer and account together: either change makes it grow.
    pub fn version(&self) -> i32 {
        self.customer.version + self.account.as_ref().map_or(0, |account| account.version)
    }
}

/// The groups of each of these, by name.
pub(super) fn groups_of(
    conn: &mut PgConnection,
    ids: &[CustomerId],
) -> QueryResult<HashMap<CustomerId, Vec<(CustomerGroupId, String)>>> {
    let rows: Vec<(CustomerId, CustomerGroupId, String)> = customer_group_members::table
        .inner_join(customer_groups::table)
        .filter(customer_group_members::customer_id.eq_any(ids))
        .order((customer_groups::name, customer_groups::id))
        .select((customer_group_members::customer_id, customer_groups::id, customer_groups::name))
        .load(conn)?;
    let mut groups: HashMap<_, Vec<_>> = HashMap::new();
    for (customer, id, name) in rows {
        groups.entry(customer).or_default().push((id, name));
    }
    Ok(groups)
}

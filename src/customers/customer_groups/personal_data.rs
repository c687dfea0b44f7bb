//! Export and erasure of a customer's group memberships.

use diesel::prelude::*;
use serde_json::Value;

use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;
use crate::schema::{customer_group_members, customer_groups};

/// Names of the groups that a customer belongs to.
#[derive(Debug, Clone, Copy)]
pub struct GroupData;

impl PersonalData for GroupData {
    fn section(&self) -> &'static str {
        "groups"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let names = customer_group_members::table
            .inner_join(customer_groups::table)
            .filter(customer_group_members::customer_id.eq(customer))
            .order(customer_groups::name)
            .select(customer_groups::name);
        Ok(names.load::<String>(conn)?.into())
    }

    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, _: &WriteContext) -> QueryResult<()> {
        let members = customer_group_members::table.filter(customer_group_members::customer_id.eq(customer));
        diesel::delete(members).execute(conn).map(|_| ())
    }
}

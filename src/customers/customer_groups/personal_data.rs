//! The groups that a person is in.

use diesel::prelude::*;
use serde_json::Value;

use super::services::forget;
use crate::platform::audit::Origin;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;
use crate::schema::{customer_group_members, customer_groups};

/// A customer's groups, by their names.
#[derive(Debug, Clone, Copy)]
pub struct GroupData;

impl PersonalData for GroupData {
    fn section(&self) -> &'static str {
        "groups"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let of_customer = customer_group_members::table.filter(customer_group_members::customer_id.eq(customer));
        let groups = of_customer.select(customer_group_members::group_id);
        let names = customer_groups::table.filter(customer_groups::id.eq_any(groups)).select(customer_groups::name);
        Ok(names.order(customer_groups::name).load::<String>(conn)?.into_iter().collect())
    }

    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, _: &Origin) -> QueryResult<()> {
        forget(conn, customer)
    }
}

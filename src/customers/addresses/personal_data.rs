//! Personal data in a customer's addresses.

use diesel::prelude::*;
use serde_json::Value;

use super::models::Address;
use super::services::delete_all;
use super::views::AddressView;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;
use crate::platform::write_context::WriteContext;
use crate::schema::addresses;

/// Addresses of a customer.
#[derive(Debug, Clone, Copy)]
pub struct AddressData;

impl PersonalData for AddressData {
    fn section(&self) -> &'static str {
        "addresses"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let own = Address::query().filter(addresses::customer_id.eq(customer)).order(addresses::id);
        let views: Vec<AddressView> = own.load(conn)?.into_iter().map(AddressView::from).collect();
        serde_json::to_value(views).map_err(|error| diesel::result::Error::SerializationError(error.into()))
    }

    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, _: &WriteContext) -> QueryResult<()> {
        delete_all(conn, customer)
    }
}

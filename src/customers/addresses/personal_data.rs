//! What the book of addresses knows of a person.

use diesel::prelude::*;
use serde_json::Value;

use super::models::Address;
use super::services::forget;
use super::views::AddressView;
use crate::platform::audit::Origin;
use crate::platform::personal_data::PersonalData;
use crate::platform::types::CustomerId;
use crate::schema::addresses;

/// A customer's addresses.
#[derive(Debug, Clone, Copy)]
pub struct AddressData;

impl PersonalData for AddressData {
    fn section(&self) -> &'static str {
        "addresses"
    }

    fn export(&self, conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Value> {
        let theirs = Address::query().filter(addresses::customer_id.eq(customer)).order(addresses::id);
        let views: Vec<AddressView> = theirs.load(conn)?.into_iter().map(AddressView::from).collect();
        serde_json::to_value(views).map_err(|error| diesel::result::Error::SerializationError(error.into()))
    }

    fn erase(&self, conn: &mut PgConnection, customer: CustomerId, _: &Origin) -> QueryResult<()> {
        forget(conn, customer)
    }
}

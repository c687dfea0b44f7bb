//! Filters and orderings of a customer's addresses.

use super::models::Address;
use crate::platform::api::{ChoiceLookups, DateTimeLookups, ListFilter, ListRequest, TextLookups};
use crate::platform::types::Country;
use crate::schema::addresses;

#[derive(Debug, Clone, Default, ListFilter)]
#[list(table = addresses, row = Address)]
#[list(order_by(created_at, updated_at, name, city, country), default = "created_at")]
pub struct AddressFilter {
    pub country: ChoiceLookups<Country>,
    pub city: TextLookups,
    pub postal_code: TextLookups,
    pub is_default_billing: Option<bool>,
    pub is_default_shipping: Option<bool>,
    pub created_at: DateTimeLookups,
}

pub(super) type AddressList = ListRequest<AddressFilter>;

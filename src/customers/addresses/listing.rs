//! Lists of a customer's addresses: filters and order.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::models::Address;
use crate::platform::api::{
    Choices, ListRequest, Moments, Ordering, Slice, SortColumn, Texts, filter, narrow, paginate,
};
use crate::platform::error::Problem;
use crate::platform::types::{Country, CustomerId};
use crate::schema::addresses;

filter! {
    pub struct AddressFilter {
        "country" => pub country: Choices<Country>,
        "city" => pub city: Texts,
        "postal_code" => pub postal_code: Texts,
        "is_default_billing" => pub is_default_billing: Option<bool>,
        "is_default_shipping" => pub is_default_shipping: Option<bool>,
        "created_at" => pub created_at: Moments,
    }
}

/// As they were added.
pub struct AddressOrdering;

impl Ordering for AddressOrdering {
    const COLUMNS: &'static [SortColumn] = &[
        SortColumn::new("created_at", "addresses.created_at", "timestamptz"),
        SortColumn::new("updated_at", "addresses.updated_at", "timestamptz"),
        SortColumn::new("name", "addresses.name", "text"),
        SortColumn::new("city", "addresses.city", "text"),
        SortColumn::new("country", "addresses.country", "text"),
    ];
    const DEFAULT: &'static str = "created_at";
    const ID: SortColumn = SortColumn::new("id", "addresses.id", "uuid");
}

pub(super) type AddressList = ListRequest<AddressFilter, AddressOrdering>;

impl AddressFilter {
    /// A page of a customer's that match.
    pub(super) fn page(
        conn: &mut PgConnection,
        list: &AddressList,
        customer: CustomerId,
    ) -> Result<Slice<Address>, Problem> {
        Ok(paginate!(conn, || list.filter.query(customer), Address, list))
    }

    fn query(&self, customer: CustomerId) -> addresses::BoxedQuery<'static, Pg> {
        let mut query = addresses::table.filter(addresses::customer_id.eq(customer)).into_boxed();
        narrow!(query, choices, addresses::country, &self.country);
        narrow!(query, texts, addresses::city, &self.city);
        narrow!(query, texts, addresses::postal_code, &self.postal_code);
        if let Some(is_default) = self.is_default_billing {
            query = query.filter(addresses::is_default_billing.eq(is_default));
        }
        if let Some(is_default) = self.is_default_shipping {
            query = query.filter(addresses::is_default_shipping.eq(is_default));
        }
        narrow!(query, moments, addresses::created_at, &self.created_at);
        query
    }
}

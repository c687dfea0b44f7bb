//! Rows of `addresses`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::platform::types::{Country, CustomerId, Phone, PostalAddress, typed_id};
use crate::schema::addresses;

typed_id!(
    /// Id of an address.
    AddressId
);

/// Row of `addresses`: a billing or shipping address of a customer.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = addresses)]
pub struct Address {
    pub id: AddressId,
    pub customer_id: CustomerId,
    pub name: String,
    pub company: String,
    pub line1: String,
    pub line2: String,
    pub city: String,
    pub area: String,
    pub postal_code: String,
    pub country: Country,
    pub phone: Option<Phone>,
    pub is_default_billing: bool,
    pub is_default_shipping: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Key of an address below its customer.
#[derive(Debug, Clone, Copy)]
pub(super) struct AddressKey {
    pub customer: CustomerId,
    pub address: AddressId,
}

/// Default flags of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DefaultFlags {
    pub billing: bool,
    pub shipping: bool,
}

/// Columns of an insert or update.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = addresses, treat_none_as_null = true)]
struct AddressColumns<'a> {
    name: &'a str,
    company: &'a str,
    line1: &'a str,
    line2: &'a str,
    city: &'a str,
    area: &'a str,
    postal_code: &'a str,
    country: Country,
    phone: Option<&'a Phone>,
    is_default_billing: bool,
    is_default_shipping: bool,
}

impl<'a> AddressColumns<'a> {
    fn new(address: &'a PostalAddress, defaults: DefaultFlags) -> Self {
        Self {
            name: &address.name,
            company: &address.company,
            line1: &address.line1,
            line2: &address.line2,
            city: &address.city,
            area: &address.area,
            postal_code: &address.postal_code,
            country: address.country,
            phone: address.phone.as_ref(),
            is_default_billing: defaults.billing,
            is_default_shipping: defaults.shipping,
        }
    }
}

/// Default addresses of a customer.
#[derive(Debug, Clone, Copy, Default)]
pub struct DefaultAddresses {
    pub billing: Option<AddressId>,
    pub shipping: Option<AddressId>,
}

impl Address {
    pub(super) fn find(conn: &mut PgConnection, key: AddressKey) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(addresses::id.eq(key.address))
            .filter(addresses::customer_id.eq(key.customer))
            .first(conn)
            .optional()
    }

    pub(super) fn with_ids(conn: &mut PgConnection, ids: &[AddressId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(addresses::id.eq_any(ids)).load(conn)
    }

    /// Returns the default addresses of each customer that has any.
    pub fn find_defaults(
        conn: &mut PgConnection,
        customers: &[CustomerId],
    ) -> QueryResult<HashMap<CustomerId, DefaultAddresses>> {
        let rows: Vec<(CustomerId, AddressId, bool, bool)> = addresses::table
            .filter(addresses::customer_id.eq_any(customers))
            .filter(addresses::is_default_billing.or(addresses::is_default_shipping))
            .select((
                addresses::customer_id,
                addresses::id,
                addresses::is_default_billing,
                addresses::is_default_shipping,
            ))
            .load(conn)?;
        let mut defaults: HashMap<_, DefaultAddresses> = HashMap::new();
        for (customer, id, is_billing, is_shipping) in rows {
            let found = defaults.entry(customer).or_default();
            found.billing = found.billing.or(is_billing.then_some(id));
            found.shipping = found.shipping.or(is_shipping.then_some(id));
        }
        Ok(defaults)
    }

    /// Returns the country of the default shipping address, or else of the default billing address.
    pub fn default_country(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<Option<Country>> {
        addresses::table
            .filter(addresses::customer_id.eq(customer))
            .filter(addresses::is_default_billing.or(addresses::is_default_shipping))
            .order(addresses::is_default_shipping.desc())
            .select(addresses::country)
            .first(conn)
            .optional()
    }

    pub(super) fn count(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<i64> {
        addresses::table.filter(addresses::customer_id.eq(customer)).count().get_result(conn)
    }

    /// Clears the given flags on the customer's present default addresses, because a customer has one default of each
    /// kind.
    pub(super) fn unset_defaults(
        conn: &mut PgConnection,
        customer: CustomerId,
        flags: DefaultFlags,
    ) -> QueryResult<()> {
        let own = addresses::table.filter(addresses::customer_id.eq(customer));
        let next_version = addresses::version.eq(addresses::version + 1);
        if flags.billing {
            diesel::update(own.filter(addresses::is_default_billing))
                .set((addresses::is_default_billing.eq(false), next_version))
                .execute(conn)?;
        }
        if flags.shipping {
            diesel::update(own.filter(addresses::is_default_shipping))
                .set((addresses::is_default_shipping.eq(false), next_version))
                .execute(conn)?;
        }
        Ok(())
    }

    pub(super) fn insert(
        conn: &mut PgConnection,
        customer: CustomerId,
        address: &PostalAddress,
        defaults: DefaultFlags,
        now: DateTime<Utc>,
    ) -> QueryResult<Self> {
        diesel::insert_into(addresses::table)
            .values((
                addresses::id.eq(AddressId::generate()),
                addresses::customer_id.eq(customer),
                addresses::created_at.eq(now),
                addresses::updated_at.eq(now),
                AddressColumns::new(address, defaults),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    pub(super) fn update(
        &self,
        conn: &mut PgConnection,
        address: &PostalAddress,
        defaults: DefaultFlags,
        now: DateTime<Utc>,
    ) -> QueryResult<Self> {
        diesel::update(addresses::table.find(self.id))
            .set((
                AddressColumns::new(address, defaults),
                addresses::version.eq(addresses::version + 1),
                addresses::updated_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    pub(super) fn delete(&self, conn: &mut PgConnection) -> QueryResult<usize> {
        diesel::delete(addresses::table.find(self.id)).execute(conn)
    }

    pub(super) fn delete_all(conn: &mut PgConnection, customer: CustomerId) -> QueryResult<usize> {
        diesel::delete(addresses::table.filter(addresses::customer_id.eq(customer))).execute(conn)
    }
}

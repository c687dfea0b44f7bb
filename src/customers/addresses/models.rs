//! Rows of `addresses`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::platform::types::{Country, CustomerId, Phone, PostalAddress, typed_id};
use crate::schema::addresses;

typed_id!(
    /// An address of a customer.
    AddressId
);

/// Where a customer's goods or bills go.
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

/// Which of a customer's addresses are used where none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Defaults {
    pub billing: bool,
    pub shipping: bool,
}

/// All that can be written of an address.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = addresses, treat_none_as_null = true)]
struct Columns<'a> {
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

impl<'a> Columns<'a> {
    fn of(address: &'a PostalAddress, defaults: Defaults) -> Self {
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

/// The addresses for bills and for goods, where they are chosen.
pub(super) type DefaultAddresses = (Option<AddressId>, Option<AddressId>);

impl Address {
    pub(super) fn find(conn: &mut PgConnection, customer: CustomerId, id: AddressId) -> QueryResult<Option<Self>> {
        Self::query().filter(addresses::id.eq(id)).filter(addresses::customer_id.eq(customer)).first(conn).optional()
    }

    pub(super) fn with_ids(conn: &mut PgConnection, ids: &[AddressId]) -> QueryResult<Vec<Self>> {
        Self::query().filter(addresses::id.eq_any(ids)).load(conn)
    }

    /// The defaults of these customers, for bills and for goods.
    pub fn defaults_of(
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
        for (customer, id, is_for_bills, is_for_goods) in rows {
            let (billing, shipping) = defaults.entry(customer).or_default();
            *billing = billing.or(is_for_bills.then_some(id));
            *shipping = shipping.or(is_for_goods.then_some(id));
        }
        Ok(defaults)
    }

    /// The country that a customer's goods or else bills go to, if nothing else is said.
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

    /// Makes room for the next defaults: those of now are no longer.
    pub(super) fn give_way(conn: &mut PgConnection, customer: CustomerId, next: Defaults) -> QueryResult<()> {
        let of_customer = addresses::table.filter(addresses::customer_id.eq(customer));
        let grows = addresses::version.eq(addresses::version + 1);
        if next.billing {
            diesel::update(of_customer.filter(addresses::is_default_billing))
                .set((addresses::is_default_billing.eq(false), grows))
                .execute(conn)?;
        }
        if next.shipping {
            diesel::update(of_customer.filter(addresses::is_default_shipping))
                .set((addresses::is_default_shipping.eq(false), grows))
                .execute(conn)?;
        }
        Ok(())
    }

    pub(super) fn insert(
        conn: &mut PgConnection,
        customer: CustomerId,
        address: &PostalAddress,
        defaults: Defaults,
        now: DateTime<Utc>,
    ) -> QueryResult<Self> {
        diesel::insert_into(addresses::table)
            .values((
                addresses::id.eq(AddressId::generate()),
                addresses::customer_id.eq(customer),
                addresses::created_at.eq(now),
                addresses::updated_at.eq(now),
                Columns::of(address, defaults),
            ))
            .returning(Self::as_returning())
            .get_result(conn)
    }

    pub(super) fn update(
        &self,
        conn: &mut PgConnection,
        address: &PostalAddress,
        defaults: Defaults,
        now: DateTime<Utc>,
    ) -> QueryResult<Self> {
        diesel::update(addresses::table.find(self.id))
            .set((
                Columns::of(address, defaults),
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

//! Addresses as JSON, and what may be sent to write them.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::models::{Address, AddressId};
use super::services::NewAddress;
use crate::platform::api::{Loaded, Resource, keys};
use crate::platform::auth::{Permission, Principal};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{Field, FromJson, FromObject, Members, object_from_json, patch_body};
use crate::platform::types::{Country, Paragraph, Phone, PostalAddress};

/// An address of a customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Address)]
pub struct AddressView {
    pub id: AddressId,
    pub name: String,
    pub company: String,
    pub line1: String,
    pub line2: String,
    pub city: String,
    pub postal_code: String,
    /// State, province or county.
    pub area: String,
    pub country: Country,
    pub phone: Option<Phone>,
    /// Where bills go if nothing else is said.
    pub is_default_billing: bool,
    /// Where goods go if nothing else is said.
    pub is_default_shipping: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

impl Resource for AddressView {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }
}

impl From<Address> for AddressView {
    fn from(address: Address) -> Self {
        Self {
            id: address.id,
            name: address.name,
            company: address.company,
            line1: address.line1,
            line2: address.line2,
            city: address.city,
            postal_code: address.postal_code,
            area: address.area,
            country: address.country,
            phone: address.phone,
            is_default_billing: address.is_default_billing,
            is_default_shipping: address.is_default_shipping,
            created_at: address.created_at,
            updated_at: address.updated_at,
            version: address.version,
        }
    }
}

/// Addresses in place of their ids: one's own, or anybody's for those who see customers.
pub fn expandable(conn: &mut PgConnection, principal: Option<&Principal>, ids: &[String]) -> Result<Loaded, Problem> {
    let Some(somebody) = principal else { return Ok(Loaded::default()) };
    let mut rows = Address::with_ids(conn, &keys(ids))?;
    if !somebody.may(Permission::CustomersView) {
        rows.retain(|address| somebody.customer_id() == Some(address.customer_id));
    }
    Loaded::of(rows.into_iter().map(AddressView::from).collect(), principal, |view| view.id.to_string())
}

/// An address to write: what an order's address has, and what it is the default for.
#[derive(Debug)]
pub struct AddressBody(NewAddress);

impl AddressBody {
    pub(super) fn into_new(self) -> NewAddress {
        self.0
    }
}

impl FromObject for AddressBody {
    fn from_object(members: &mut Members) -> Option<Self> {
        let address = PostalAddress::from_object(members);
        let is_default_billing = members.take("is_default_billing");
        let is_default_shipping = members.take("is_default_shipping");
        Some(Self(NewAddress {
            address: address?,
            is_default_billing: is_default_billing?,
            is_default_shipping: is_default_shipping?,
        }))
    }
}

impl FromJson for AddressBody {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        object_from_json(value)
    }
}

// By hand: the members of the one schema and two more, side by side.
impl PartialSchema for AddressBody {
    fn schema() -> RefOr<Schema> {
        let mut schema = PostalAddress::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            for flag in ["is_default_billing", "is_default_shipping"] {
                object.properties.insert(flag.to_owned(), Option::<bool>::schema());
            }
        }
        schema
    }
}

impl ToSchema for AddressBody {
    fn name() -> std::borrow::Cow<'static, str> {
        "CustomerAddressRequest".into()
    }
}

patch_body! {
    #[schema(as = PatchedCustomerAddressRequest)]
    pub struct PatchedAddressBody {
        #[schema(value_type = Option<String>, max_length = 150)]
        pub name: Option<Paragraph<150>>,
        #[schema(value_type = Option<String>, max_length = 150)]
        pub company: Option<Paragraph<150>>,
        #[schema(value_type = Option<String>, max_length = 200)]
        pub line1: Option<Paragraph<200>>,
        #[schema(value_type = Option<String>, max_length = 200)]
        pub line2: Option<Paragraph<200>>,
        #[schema(value_type = Option<String>, max_length = 100)]
        pub city: Option<Paragraph<100>>,
        #[schema(value_type = Option<String>, max_length = 20)]
        pub postal_code: Option<Paragraph<20>>,
        #[schema(value_type = Option<String>, max_length = 100)]
        pub area: Option<Paragraph<100>>,
        #[schema(value_type = Option<String>, min_length = 2, max_length = 2)]
        pub country: Option<Country>,
        /// Null forgets the number.
        #[schema(value_type = Option<String>, max_length = 40)]
        pub phone: Field<Paragraph<40>>,
        pub is_default_billing: Option<bool>,
        pub is_default_shipping: Option<bool>,
    }
}

/// Changes of an address, as members that take the place of what is there.
#[derive(Debug)]
pub(super) struct AddressChanges(Map<String, Value>);

impl PatchedAddressBody {
    pub(super) fn into_changes(self) -> AddressChanges {
        fn text<const MAX: usize>(text: Option<Paragraph<MAX>>) -> Option<Value> {
            text.map(|text| json!(text.into_inner()))
        }
        let members = [
            ("name", text(self.name)),
            ("company", text(self.company)),
            ("line1", text(self.line1)),
            ("line2", text(self.line2)),
            ("city", text(self.city)),
            ("postal_code", text(self.postal_code)),
            ("area", text(self.area)),
            ("country", self.country.map(|country| json!(country))),
            ("phone", self.phone.into_nullable().map(|phone| json!(phone.map(Paragraph::into_inner)))),
            ("is_default_billing", self.is_default_billing.map(Value::from)),
            ("is_default_shipping", self.is_default_shipping.map(Value::from)),
        ];
        let sent = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        AddressChanges(sent.collect())
    }
}

impl AddressChanges {
    /// What is there and what was sent are checked together: another country may ask for more.
    pub(super) fn applied_to(&self, address: &Address) -> Result<NewAddress, ErrorTree> {
        let mut members = Map::new();
        let now = [
            ("name", &address.name),
            ("company", &address.company),
            ("line1", &address.line1),
            ("line2", &address.line2),
            ("city", &address.city),
            ("postal_code", &address.postal_code),
            ("area", &address.area),
        ];
        members.extend(now.map(|(name, value)| (name.to_owned(), json!(value))));
        members.insert("country".to_owned(), json!(address.country));
        members.insert("phone".to_owned(), json!(address.phone));
        members.extend(self.0.clone());
        AddressBody::from_json(Value::Object(members)).map(AddressBody::into_new)
    }
}

//! JSON views and request bodies of addresses.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::models::{Address, AddressId};
use super::services::NewAddress;
use crate::customers::permissions::ViewCustomers;
use crate::platform::api::{ExpandedResources, View, parse_keys};
use crate::platform::auth::Principal;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{Field, FromJson, FromObject, Members, object_from_json, request_body};
use crate::platform::types::{Country, Phone, PostalAddress, Text};

/// Address of a customer.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = Address, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d42", "name": "Ana Wanjiru", "company": "", "line1": "Moi Avenue 12",
    "line2": "", "city": "Nairobi", "postal_code": "00100", "area": "", "country": "KE", "phone": "+254700000001",
    "is_default_billing": true, "is_default_shipping": true, "created_at": "2026-11-02T09:00:00Z",
    "updated_at": "2026-11-02T09:00:00Z",
}))]
#[view(row = Address)]
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
    /// True if this is the customer's default billing address.
    pub is_default_billing: bool,
    /// True if this is the customer's default shipping address.
    pub is_default_shipping: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

/// Loads addresses for `expand`: the principal's own, or any with the permission `customers.view`.
pub fn expand_addresses(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<ExpandedResources, Problem> {
    let Some(viewer) = principal else { return Ok(ExpandedResources::default()) };
    let mut rows = Address::with_ids(conn, &parse_keys(ids))?;
    if !viewer.has_permission(ViewCustomers::PERMISSION) {
        rows.retain(|address| viewer.customer_id() == Some(address.customer_id));
    }
    ExpandedResources::new(rows.into_iter().map(AddressView::from).collect(), principal, |view| view.id.to_string())
}

/// Request body of an address: the fields of an order's address and two default flags.
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

// Written by hand, because it extends the properties of another schema.
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

#[request_body(PatchedCustomerAddressRequest, partial)]
pub struct PatchedAddressBody {
    #[schema(value_type = Option<String>, max_length = 150)]
    pub name: Option<Text<150>>,
    #[schema(value_type = Option<String>, max_length = 150)]
    pub company: Option<Text<150>>,
    #[schema(value_type = Option<String>, max_length = 200)]
    pub line1: Option<Text<200>>,
    #[schema(value_type = Option<String>, max_length = 200)]
    pub line2: Option<Text<200>>,
    #[schema(value_type = Option<String>, max_length = 100)]
    pub city: Option<Text<100>>,
    #[schema(value_type = Option<String>, max_length = 20)]
    pub postal_code: Option<Text<20>>,
    #[schema(value_type = Option<String>, max_length = 100)]
    pub area: Option<Text<100>>,
    #[schema(value_type = Option<String>, min_length = 2, max_length = 2)]
    pub country: Option<Country>,
    /// Null removes the phone number.
    #[schema(value_type = Option<String>, max_length = 40)]
    pub phone: Field<Text<40>>,
    pub is_default_billing: Option<bool>,
    pub is_default_shipping: Option<bool>,
}

/// Changes of an address, as JSON members that replace the present ones.
#[derive(Debug)]
pub(super) struct AddressChanges(Map<String, Value>);

impl PatchedAddressBody {
    pub(super) fn into_changes(self) -> AddressChanges {
        fn text<const MAX: usize>(text: Option<Text<MAX>>) -> Option<Value> {
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
            ("phone", self.phone.into_nullable().map(|phone| json!(phone.map(Text::into_inner)))),
            ("is_default_billing", self.is_default_billing.map(Value::from)),
            ("is_default_shipping", self.is_default_shipping.map(Value::from)),
        ];
        let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        AddressChanges(present.collect())
    }
}

impl AddressChanges {
    /// Merges the changes into the address and validates the result as a whole, because another country can require
    /// other fields.
    pub(super) fn applied_to(&self, address: &Address) -> Result<NewAddress, ErrorTree> {
        let mut members = Map::new();
        let present = [
            ("name", &address.name),
            ("company", &address.company),
            ("line1", &address.line1),
            ("line2", &address.line2),
            ("city", &address.city),
            ("postal_code", &address.postal_code),
            ("area", &address.area),
        ];
        members.extend(present.map(|(name, value)| (name.to_owned(), json!(value))));
        members.insert("country".to_owned(), json!(address.country));
        members.insert("phone".to_owned(), json!(address.phone));
        members.extend(self.0.clone());
        AddressBody::from_json(Value::Object(members)).map(AddressBody::into_new)
    }
}

//! Postal addresses, validated by the rules of their country: required fields, format of postal codes, known areas.
//!
//! Validation reports the errors of all fields together.

mod rules;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

pub use rules::{AddressPart, AddressRules};

use super::{Country, NonEmptyText, Phone, Text};
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, FromObject, Members, object_from_json};

/// Postal address. `GET /api/countries/` returns the rules of each country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AddressRequest, example = json!({"name": "Ana Wanjiru", "line1": "Moi Avenue 12", "city": "Nairobi", "postal_code": "00100", "country": "KE"}))]
pub struct PostalAddress {
    #[schema(min_length = 1, max_length = 150, example = "Ana Wanjiru")]
    pub name: String,
    #[schema(value_type = Option<String>, max_length = 150)]
    pub company: String,
    #[schema(min_length = 1, max_length = 200, example = "Moi Avenue 12")]
    pub line1: String,
    #[schema(value_type = Option<String>, max_length = 200)]
    pub line2: String,
    /// Required in nearly all countries.
    #[schema(value_type = Option<String>, max_length = 100, example = "Nairobi")]
    pub city: String,
    #[schema(value_type = Option<String>, max_length = 20, example = "00100")]
    pub postal_code: String,
    /// State, province or county. If the country requires an area, it must be one of the known areas.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub area: String,
    #[schema(value_type = String, min_length = 2, max_length = 2, example = "KE")]
    pub country: Country,
    /// National format of the address's country, or international format with + and the country code.
    #[schema(value_type = Option<String>, max_length = 40, example = "+254700000001")]
    pub phone: Option<Phone>,
}

impl PostalAddress {
    /// Converts the address to the JSON that an order stores.
    pub fn into_json(self) -> Value {
        json!(self)
    }
}

/// Optional text member: `None` if it is invalid, `Some(None)` if it is absent or null.
type OptionalText = Option<Option<String>>;

fn take_text<const MAX: usize>(members: &mut Members, name: &str) -> OptionalText {
    members.take::<Option<Text<MAX>>>(name).map(|text| text.map(Text::into_inner))
}

/// Applies a rule to a member and records its error. An invalid member already has an error.
fn apply_rule<T>(
    members: &mut Members,
    name: &str,
    text: OptionalText,
    rule: impl FnOnce(Option<String>) -> Result<T, ErrorTree>,
) -> Option<T> {
    rule(text?).map_err(|tree| members.add_error(name, tree)).ok()
}

impl FromObject for PostalAddress {
    fn from_object(members: &mut Members) -> Option<Self> {
        let name = members.take::<NonEmptyText<150>>("name");
        let company = take_text::<150>(members, "company");
        let line1 = members.take::<NonEmptyText<200>>("line1");
        let line2 = take_text::<200>(members, "line2");
        let country = members.take::<Country>("country");
        let rules = country.map_or_else(AddressRules::default_rules, AddressRules::for_country);
        let city = take_text::<100>(members, "city");
        let city = apply_rule(members, "city", city, |text| rules.city(text));
        let postal_code = take_text::<20>(members, "postal_code");
        let postal_code = apply_rule(members, "postal_code", postal_code, |text| rules.postal_code(text));
        let area = take_text::<100>(members, "area");
        let area = apply_rule(members, "area", area, |text| rules.area(text));
        let phone = take_text::<40>(members, "phone");
        let phone = apply_rule(members, "phone", phone, |text| parse_phone(country, text));
        Some(Self {
            name: name?.into_inner(),
            company: company?.unwrap_or_default(),
            line1: line1?.into_inner(),
            line2: line2?.unwrap_or_default(),
            city: city?,
            postal_code: postal_code?,
            area: area?,
            country: country?,
            phone: phone?,
        })
    }
}

fn parse_phone(country: Option<Country>, text: Option<String>) -> Result<Option<Phone>, ErrorTree> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| Phone::parse_in_country(&text, country)).transpose()
}

impl FromJson for PostalAddress {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        object_from_json(value)
    }
}

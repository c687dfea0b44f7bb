//! Postal addresses, checked by the rules of their country: what is needed, how postal codes look, which areas there
//! are. All that is wrong is told at once, field by field.

mod rules;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

pub use rules::{AddressPart, AddressRules};

use super::{Country, Line, Paragraph, Phone};
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, FromObject, Members, object_from_json};

/// Where goods or bills go. `GET /api/countries/` tells what each country needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AddressRequest)]
pub struct PostalAddress {
    #[schema(min_length = 1, max_length = 150, example = "Ana Wanjiru")]
    pub name: String,
    #[schema(value_type = Option<String>, max_length = 150)]
    pub company: String,
    #[schema(min_length = 1, max_length = 200, example = "Moi Avenue 12")]
    pub line1: String,
    #[schema(value_type = Option<String>, max_length = 200)]
    pub line2: String,
    /// Needed in nearly all countries.
    #[schema(value_type = Option<String>, max_length = 100, example = "Nairobi")]
    pub city: String,
    #[schema(value_type = Option<String>, max_length = 20, example = "00100")]
    pub postal_code: String,
    /// State, province or county: where a country needs it, one of its own.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub area: String,
    #[schema(value_type = String, min_length = 2, max_length = 2, example = "KE")]
    pub country: Country,
    /// As it is dialled in that country, or with + and the country code.
    #[schema(value_type = Option<String>, max_length = 40, example = "+254700000001")]
    pub phone: Option<Phone>,
}

impl PostalAddress {
    /// As an order remembers it.
    pub fn into_json(self) -> Value {
        json!(self)
    }
}

/// What may be left out of an address, as far as it is text at all.
type Sent = Option<Option<String>>;

fn take_text<const MAX: usize>(members: &mut Members, name: &str) -> Sent {
    members.take::<Option<Paragraph<MAX>>>(name).map(|text| text.map(Paragraph::into_inner))
}

/// Notes what a rule has against a member; what is no text was refused already.
fn hold_to<T>(
    members: &mut Members,
    name: &str,
    sent: Sent,
    rule: impl FnOnce(Option<String>) -> Result<T, ErrorTree>,
) -> Option<T> {
    rule(sent?).map_err(|tree| members.refuse(name, tree)).ok()
}

impl FromObject for PostalAddress {
    fn from_object(members: &mut Members) -> Option<Self> {
        let name = members.take::<Line<150>>("name");
        let company = take_text::<150>(members, "company");
        let line1 = members.take::<Line<200>>("line1");
        let line2 = take_text::<200>(members, "line2");
        let country = members.take::<Country>("country");
        let rules = country.map_or_else(AddressRules::usual, AddressRules::of);
        let city = take_text::<100>(members, "city");
        let city = hold_to(members, "city", city, |text| rules.city(text));
        let postal_code = take_text::<20>(members, "postal_code");
        let postal_code = hold_to(members, "postal_code", postal_code, |text| rules.postal_code(text));
        let area = take_text::<100>(members, "area");
        let area = hold_to(members, "area", area, |text| rules.area(text));
        let phone = take_text::<40>(members, "phone");
        let phone = hold_to(members, "phone", phone, |text| phone_in(country, text));
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

fn phone_in(country: Option<Country>, text: Option<String>) -> Result<Option<Phone>, ErrorTree> {
    let text = text.filter(|text| !text.is_empty());
    text.map(|text| Phone::in_country(&text, country)).transpose()
}

impl FromJson for PostalAddress {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        object_from_json(value)
    }
}

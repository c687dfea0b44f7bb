//! JSON views of countries.

use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::api::Resource;
use crate::platform::types::{AddressPart, AddressRules, Country};

/// Country with its address rules.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CountryRules, example = json!({
    "code": "NL", "name": "Netherlands", "required_fields": ["line1", "city", "postal_code"],
    "used_fields": ["line1", "city", "postal_code"],
    "postal_code_pattern": "[1-9]\\d{3} ?(?:[A-RT-Z][A-Z]|S[BCE-RT-Z])",
    "postal_code_examples": ["1234 AB", "2490 AA"], "area_name": null, "areas": [],
}))]
pub struct CountryView {
    /// ISO 3166-1 alpha-2 code.
    pub code: Country,
    #[schema(example = "Kenya")]
    pub name: &'static str,
    /// Required fields beside the name: `line1`, `city`, `area`, `postal_code`.
    pub required_fields: Vec<&'static str>,
    /// Fields that addresses in this country have. A postal code is rejected if `postal_code` is not one of them.
    pub used_fields: Vec<&'static str>,
    /// Regular expression for the whole postal code in capital letters. Null if every postal code is accepted.
    pub postal_code_pattern: Option<&'static str>,
    pub postal_code_examples: &'static [String],
    /// Name of an area: `state`, `province`, `county`. Null if addresses have no area.
    pub area_name: Option<&'static str>,
    /// Known areas. If the area is a required field, it must be one of these. Empty if the server has no list of areas
    /// for the country.
    pub areas: Vec<AreaView>,
}

impl Resource for CountryView {}

/// State, province or county.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Area)]
pub struct AreaView {
    /// Code of the area in addresses.
    pub code: &'static str,
    /// Common name, in Latin letters if there is one.
    #[schema(example = "Nairobi")]
    pub name: &'static str,
}

impl From<Country> for CountryView {
    fn from(country: Country) -> Self {
        let rules = AddressRules::for_country(country);
        let names = |parts: &[AddressPart]| parts.iter().map(|part| part.as_str()).collect();
        let area = |names: &'static Vec<String>| Some(AreaView { code: names.first()?, name: names.last()? });
        Self {
            code: country,
            name: country.name(),
            required_fields: names(&rules.required),
            used_fields: names(&rules.used),
            postal_code_pattern: rules.postal_code.as_deref(),
            postal_code_examples: &rules.examples,
            area_name: rules.area_name.as_deref(),
            areas: rules.areas.iter().filter_map(area).collect(),
        }
    }
}

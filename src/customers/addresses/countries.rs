//! What an address needs in each country, over HTTP: for forms.

use actix_web::get;
use actix_web::web::{Data, Path};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::errors::AddressError;
use crate::platform::api::{Answer, ReadRequest, Resource};
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::platform::types::{AddressPart, AddressRules, Country};

/// A country, and what an address needs there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CountryRules)]
pub struct CountryView {
    /// By ISO 3166-1.
    pub code: Country,
    pub name: &'static str,
    /// What is needed beside the name: `line1`, `city`, `area`, `postal_code`.
    pub required_fields: Vec<&'static str>,
    /// What stands in addresses there; a postal code that is not among them is refused.
    pub used_fields: Vec<&'static str>,
    /// A regular expression that the whole postal code matches, in capital letters; null where any will do.
    pub postal_code_pattern: Option<&'static str>,
    pub postal_code_examples: &'static [String],
    /// What an area is called there: `state`, `province`, `county`; null where addresses have none.
    pub area_name: Option<&'static str>,
    /// Those that there are; where an area is needed, it is one of these. Empty: they are not known.
    pub areas: Vec<AreaView>,
}

impl Resource for CountryView {}

/// A state, province or county.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Area)]
pub struct AreaView {
    /// As it is kept.
    pub code: &'static str,
    /// As people call it, in Latin letters where there are any.
    pub name: &'static str,
}

impl From<Country> for CountryView {
    fn from(country: Country) -> Self {
        let rules = AddressRules::of(country);
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

/// List all countries with what an address needs there.
///
/// Everything is checked on the server too; `?omit=areas` is a tenth as long.
#[utoipa::path(tag = "countries", params(ReadRequest), responses((status = 200, body = Vec<CountryView>)))]
#[get("/")]
pub async fn list_countries(app: Data<App>, request: ReadRequest) -> Result<Answer, Problem> {
    let list = |_: &mut PgConnection| {
        let mut countries: Vec<CountryView> = Country::all().map(CountryView::from).collect();
        countries.sort_unstable_by_key(|country| country.name);
        Ok::<_, AddressError>(countries)
    };
    request.all(&app, list).await
}

/// Retrieve what an address needs in a country.
#[utoipa::path(tag = "countries", params(ReadRequest), responses((status = 200, body = CountryView)))]
#[get("/{id}/")]
pub async fn get_country(app: Data<App>, request: ReadRequest, id: Path<String>) -> Result<Answer, Problem> {
    let country: Country = id.parse().map_err(|_| AddressError::NotFound)?;
    request.one(&app, move |_| Ok::<_, AddressError>(CountryView::from(country))).await
}

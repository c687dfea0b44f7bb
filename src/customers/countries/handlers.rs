//! HTTP endpoints for countries and their address rules.

use actix_web::get;
use actix_web::web::{Data, Path};
use diesel::pg::PgConnection;

use super::views::CountryView;
use crate::platform::api::{ApiResult, ReadRequest, endpoint};
use crate::platform::app::App;
use crate::platform::error::Problem;
use crate::platform::types::Country;

/// List countries with their address rules
///
/// Use the rules to build address forms; the server validates addresses by the same rules. `?omit=areas` reduces the
/// response to a tenth of its size.
#[endpoint(tag = "countries", returns(200 = Vec<CountryView>))]
#[get("/")]
pub async fn list_countries(app: Data<App>, request: ReadRequest) -> ApiResult {
    let list = |_: &mut PgConnection| {
        let mut countries: Vec<CountryView> = Country::all().map(CountryView::from).collect();
        countries.sort_unstable_by_key(|country| country.name);
        Ok::<_, Problem>(countries)
    };
    request.all(&app, list).await
}

/// Retrieve a country with its address rules
///
/// Returns 404 if there is no country with this ISO 3166-1 alpha-2 code.
#[endpoint(tag = "countries", returns(200 = CountryView))]
#[get("/{id}/")]
pub async fn get_country(app: Data<App>, request: ReadRequest, id: Path<String>) -> ApiResult {
    let country: Country = id.parse().map_err(|_| Problem::not_found())?;
    request.one(&app, move |_| Ok::<_, Problem>(CountryView::from(country))).await
}

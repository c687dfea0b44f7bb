//! JSON representation and request bodies of channels.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::models::Channel;
use crate::platform::api::{ExpandedResources, View};
use crate::platform::auth::Principal;
use crate::platform::error::Problem;
use crate::platform::types::{ChannelId, Country, Currency, DecimalString};
use crate::products::slug::Slug;

/// Market with its currency, countries, taxes and order rules.
#[derive(Debug, Serialize, ToSchema, View)]
#[schema(as = Channel, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d14", "slug": "default", "name": "Default channel", "currency": "EUR",
    "countries": ["KE"], "prices_include_tax": false, "tax_rate": "0.1600", "confirms_orders": false,
    "expires_after_minutes": 1440, "is_default": true, "created_at": "2026-11-02T09:00:00Z",
    "updated_at": "2026-11-02T09:00:00Z",
}))]
#[view(row = Channel, last_modified = updated_at)]
pub struct ChannelView {
    pub id: ChannelId,
    pub slug: Slug,
    pub name: String,
    pub currency: Currency,
    /// ISO 3166-1 alpha-2 codes of the countries that the channel sells to. Empty means all countries.
    #[view(value = row.countries.iter().flatten().copied().collect())]
    pub countries: Vec<Country>,
    pub prices_include_tax: bool,
    /// Tax rate as a fraction: `0.1600` is 16 %.
    #[view(value = row.tax().to_decimal_string())]
    pub tax_rate: DecimalString,
    /// True if new orders are confirmed automatically.
    pub confirms_orders: bool,
    /// Minutes after which an unpaid, unconfirmed order expires. Null means never.
    pub expires_after_minutes: Option<i32>,
    pub is_default: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

/// Loads the channels that replace their slugs in an expanded response.
pub fn expandable(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    slugs: &[String],
) -> Result<ExpandedResources, Problem> {
    let mut channels = Channel::list(conn)?;
    channels.retain(|channel| slugs.iter().any(|slug| channel.slug.as_str() == slug));
    ExpandedResources::new(channels.into_iter().map(ChannelView::from).collect(), principal, |view| {
        view.slug.to_string()
    })
}

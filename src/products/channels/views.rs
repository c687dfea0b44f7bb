//! Channels on the wire.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::models::{Channel, ChannelChanges};
use crate::platform::api::{Loaded, Resource};
use crate::platform::auth::Principal;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{Field, FromJson, patch_body};
use crate::platform::types::{ChannelId, Country, Currency, DecimalString, Line, Slug, decimal_from_json};

/// A market.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Channel)]
pub struct ChannelView {
    pub id: ChannelId,
    pub slug: Slug,
    pub name: String,
    pub currency: Currency,
    /// ISO 3166 codes; empty: sells everywhere.
    pub countries: Vec<Country>,
    pub prices_include_tax: bool,
    /// As a fraction: `0.1600` is 16 %.
    pub tax_rate: DecimalString,
    /// Whether orders confirm themselves when they are placed.
    pub confirms_orders: bool,
    /// After how long an unpaid, unconfirmed order expires; null: never.
    pub expires_after_minutes: Option<i32>,
    pub is_default: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

impl Resource for ChannelView {
    fn version(&self) -> Option<i32> {
        Some(self.version)
    }

    fn last_modified(&self) -> Option<DateTime<Utc>> {
        Some(self.updated_at)
    }
}

/// Channels in place of their slugs.
pub fn expandable(conn: &mut PgConnection, principal: Option<&Principal>, slugs: &[String]) -> Result<Loaded, Problem> {
    let mut channels = Channel::list(conn)?;
    channels.retain(|channel| slugs.iter().any(|slug| channel.slug.as_str() == slug));
    Loaded::of(channels.into_iter().map(ChannelView::from).collect(), principal, |view| view.slug.to_string())
}

impl From<Channel> for ChannelView {
    fn from(channel: Channel) -> Self {
        Self {
            tax_rate: channel.tax().shown(),
            id: channel.id,
            slug: channel.slug,
            name: channel.name,
            currency: channel.currency,
            countries: channel.countries.into_iter().flatten().collect(),
            prices_include_tax: channel.prices_include_tax,
            confirms_orders: channel.confirms_orders,
            expires_after_minutes: channel.expires_after_minutes,
            is_default: channel.is_default,
            created_at: channel.created_at,
            updated_at: channel.updated_at,
            version: channel.version,
        }
    }
}

/// A tax rate on the wire: a fraction from 0 to 1.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = String, format = "decimal", example = "0.1600")]
pub struct TaxRate(Decimal);

impl FromJson for TaxRate {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let rate = decimal_from_json(value, 1, 4)?;
        if rate.is_sign_negative() && !rate.is_zero() {
            return Err(ErrorTree::min_value(0));
        }
        if rate > Decimal::ONE { Err(ErrorTree::max_value(1)) } else { Ok(Self(rate)) }
    }
}

/// Minutes, at least one.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = i32, minimum = 1)]
pub struct Minutes(i32);

impl FromJson for Minutes {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let minutes = i32::from_json(value)?;
        if minutes < 1 { Err(ErrorTree::min_value(1)) } else { Ok(Self(minutes)) }
    }
}

patch_body! {
    #[schema(as = PatchedChannelRequest)]
    pub struct PatchedChannelBody {
        #[schema(value_type = Option<String>, max_length = 100)]
        pub name: Option<Line<100>>,
        pub currency: Option<Currency>,
        pub countries: Option<Vec<Country>>,
        pub prices_include_tax: Option<bool>,
        pub tax_rate: Option<TaxRate>,
        pub confirms_orders: Option<bool>,
        #[schema(value_type = Option<i32>, minimum = 1)]
        pub expires_after_minutes: Field<Minutes>,
    }
}

impl PatchedChannelBody {
    pub(super) fn into_changes(self) -> ChannelChanges {
        ChannelChanges {
            name: self.name.map(Line::into_inner),
            currency: self.currency,
            countries: self.countries,
            prices_include_tax: self.prices_include_tax,
            tax_rate: self.tax_rate.map(|rate| rate.0),
            confirms_orders: self.confirms_orders,
            expires_after_minutes: self.expires_after_minutes.into_nullable().map(|field| field.map(|m| m.0)),
        }
    }
}

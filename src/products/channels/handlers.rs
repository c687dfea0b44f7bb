//! Channels over HTTP.

use actix_web::web::{Data, Path};
use actix_web::{get, patch};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::models::{Channel, ChannelChanges};
use crate::platform::api::{Answer, Changed, Loaded, ReadRequest, Resource, Stale, WriteRequest};
use crate::platform::app::App;
use crate::platform::audit::{self, Changes};
use crate::platform::auth::{Allowed, ManageChannels, Principal};
use crate::platform::error::{ApiError, ConstraintExt, ErrorTree, Kind, Problem};
use crate::platform::http::{Body, Field, FromJson, patch_body};
use crate::platform::types::{ChannelId, Country, Currency, DecimalString, Line, Slug, decimal_from_json};

#[derive(Debug, thiserror::Error)]
enum ChannelError {
    #[error("Not found.")]
    NotFound,
    #[error("The channel has prices in its currency.")]
    CurrencyInUse,
    #[error(transparent)]
    Stale(#[from] Stale),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for ChannelError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound => Kind::not_found("not_found"),
            Self::CurrencyInUse => Kind::conflict("currency_in_use"),
            Self::Stale(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}

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
pub struct TaxRate(rust_decimal::Decimal);

impl FromJson for TaxRate {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let rate = decimal_from_json(value, 1, 4)?;
        if rate.is_sign_negative() && !rate.is_zero() {
            return Err(ErrorTree::min_value(0));
        }
        if rate > rust_decimal::Decimal::ONE { Err(ErrorTree::max_value(1)) } else { Ok(Self(rate)) }
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
    fn into_changes(self) -> ChannelChanges {
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

/// List the channels, the default one first.
#[utoipa::path(tag = "channels", params(ReadRequest), responses((status = 200, body = Vec<ChannelView>)))]
#[get("/")]
pub async fn list_channels(app: Data<App>, request: ReadRequest) -> Result<Answer, Problem> {
    let list = |conn: &mut PgConnection| -> Result<_, ChannelError> {
        Ok(Channel::list(conn)?.into_iter().map(ChannelView::from).collect())
    };
    request.all(&app, list).await
}

/// Retrieve a channel.
#[utoipa::path(tag = "channels", params(ChannelId, ReadRequest), responses((status = 200, body = ChannelView)))]
#[get("/{id}/")]
pub async fn get_channel(app: Data<App>, request: ReadRequest, id: Path<ChannelId>) -> Result<Answer, Problem> {
    let find =
        move |conn: &mut PgConnection| Channel::find(conn, *id)?.map(ChannelView::from).ok_or(ChannelError::NotFound);
    request.one(&app, find).await
}

/// Change a channel.
///
/// Orders keep the prices and taxes they were placed with. Answers 409 `currency_in_use` for another currency while
/// there are prices in the present one.
#[utoipa::path(tag = "channels", params(ChannelId, WriteRequest), security(("jwtAuth" = ["channels.manage"])),
    request_body = PatchedChannelBody, responses((status = 200, body = ChannelView)))]
#[patch("/{id}/")]
pub async fn change_channel(
    app: Data<App>,
    _staff: Allowed<ManageChannels>,
    request: WriteRequest,
    id: Path<ChannelId>,
    body: Body<PatchedChannelBody>,
) -> Result<Answer, Problem> {
    let changes = body.0.into_changes();
    let change = move |conn: &mut PgConnection, request: &WriteRequest| {
        change(conn, *id, &changes, request).map(|channel| Changed(ChannelView::from(channel)))
    };
    request.run(&app, change).await
}

fn change(
    conn: &mut PgConnection,
    id: ChannelId,
    changes: &ChannelChanges,
    request: &WriteRequest,
) -> Result<Channel, ChannelError> {
    let channel = Channel::lock(conn, id)?.ok_or(ChannelError::NotFound)?;
    request.expected.ensure(channel.version)?;
    let changed = changes.apply(conn, id, request.origin.at);
    let in_use = || ChannelError::CurrencyInUse;
    let changed = changed.on_constraint("variant_prices_currency_is_the_channels", in_use)?;
    let changed = changed.ok_or(ChannelError::NotFound)?;
    let told = Changes::between(&ChannelView::from(channel), &ChannelView::from(changed.clone()));
    audit::record(conn, &request.origin, "channel.changed", ("channel", id.to_string()), told)?;
    Ok(changed)
}

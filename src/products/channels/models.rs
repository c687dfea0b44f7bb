//! Rows of `channels`.

use chrono::{DateTime, Utc};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{Integer, Numeric};
use rust_decimal::Decimal;
use serde_json::Value;
use utoipa::ToSchema;

use super::errors::ChannelError;
use crate::customers::ids::GroupId;
use crate::platform::api::Record;
use crate::platform::error::ErrorTree;
use crate::platform::http::{Field, FromJson, request_body};
use crate::platform::types::{ChannelId, Country, Currency, NonEmptyText, TaxRate, decimal_from_json};
use crate::products::slug::Slug;
use crate::schema::{channels, group_channels};

/// Market with its currency and rules.
#[derive(Debug, Clone, HasQuery, Record)]
#[diesel(table_name = channels)]
#[record(object = "channel", error = ChannelError, update = PatchedChannelBody)]
#[record(audit(name, currency, countries, prices_include_tax, tax_rate, confirms_orders, expires_after_minutes))]
#[record(constraints("variant_prices_currency_is_the_channels" => ChannelError::CurrencyInUse))]
pub struct Channel {
    pub id: ChannelId,
    pub slug: Slug,
    pub name: String,
    pub currency: Currency,
    pub countries: Vec<Option<Country>>,
    pub prices_include_tax: bool,
    pub tax_rate: Decimal,
    pub confirms_orders: bool,
    pub expires_after_minutes: Option<i32>,
    pub is_default: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Tax rate as a fraction from 0 to 1, such as `0.16`.
#[derive(Debug, Clone, Copy, AsExpression, ToSchema)]
#[diesel(sql_type = Numeric)]
#[schema(value_type = String, format = "decimal", example = "0.1600")]
pub struct TaxRateInput(Decimal);

impl FromJson for TaxRateInput {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let rate = decimal_from_json(value, 1, 4)?;
        if rate.is_sign_negative() && !rate.is_zero() {
            return Err(ErrorTree::min_value(0));
        }
        if rate > Decimal::ONE { Err(ErrorTree::max_value(1)) } else { Ok(Self(rate)) }
    }
}

impl ToSql<Numeric, Pg> for TaxRateInput {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Numeric, Pg>::to_sql(&self.0, out)
    }
}

/// Number of minutes, at least one.
#[derive(Debug, Clone, Copy, AsExpression, ToSchema)]
#[diesel(sql_type = Integer)]
#[schema(value_type = i32, minimum = 1)]
pub struct Minutes(i32);

impl FromJson for Minutes {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let minutes = i32::from_json(value)?;
        if minutes < 1 { Err(ErrorTree::min_value(1)) } else { Ok(Self(minutes)) }
    }
}

impl ToSql<Integer, Pg> for Minutes {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Integer, Pg>::to_sql(&self.0, out)
    }
}

/// Fields of a channel that an update can change. Only the PATCH body has an endpoint.
#[request_body(ChannelRequest, patch = PatchedChannelBody, table = channels)]
#[derive(Debug, Clone)]
pub struct ChannelBody {
    #[schema(example = "Default channel")]
    pub name: NonEmptyText<100>,
    pub currency: Currency,
    pub countries: Vec<Country>,
    pub prices_include_tax: bool,
    pub tax_rate: TaxRateInput,
    pub confirms_orders: bool,
    pub expires_after_minutes: Field<Minutes>,
}

impl Channel {
    /// Returns the channel of requests that name none.
    pub fn load_default(conn: &mut PgConnection) -> QueryResult<Self> {
        Self::query().filter(channels::is_default).first(conn)
    }

    pub fn find_by_slug(conn: &mut PgConnection, slug: &str) -> QueryResult<Option<Self>> {
        Self::query().filter(channels::slug.eq(slug)).first(conn).optional()
    }

    pub fn list(conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        Self::query().order((channels::is_default.desc(), channels::slug, channels::id)).load(conn)
    }

    /// Returns true if the channel sells to the country. A channel without countries sells to all.
    pub fn sells_to(&self, country: Country) -> bool {
        self.countries.is_empty() || self.countries.contains(&Some(country))
    }

    /// Returns the tax rate of all sales in the channel.
    pub fn tax(&self) -> TaxRate {
        TaxRate::new(self.tax_rate).unwrap_or(TaxRate::ZERO)
    }
}

/// Returns the channel restrictions of the groups. A group without a row is not restricted.
pub fn load_channel_restrictions(
    conn: &mut PgConnection,
    groups: &[GroupId],
) -> QueryResult<Vec<(GroupId, ChannelId)>> {
    group_channels::table
        .filter(group_channels::group_id.eq_any(groups))
        .select((group_channels::group_id, group_channels::channel_id))
        .load(conn)
}

/// Replaces the channels that a group is restricted to. An empty list removes the restriction.
pub(super) fn set_group_channels(conn: &mut PgConnection, group: GroupId, channels: &[ChannelId]) -> QueryResult<()> {
    diesel::delete(group_channels::table.filter(group_channels::group_id.eq(group))).execute(conn)?;
    let rows: Vec<_> = channels
        .iter()
        .map(|channel| (group_channels::group_id.eq(group), group_channels::channel_id.eq(channel)))
        .collect();
    diesel::insert_into(group_channels::table).values(rows).on_conflict_do_nothing().execute(conn).map(|_| ())
}

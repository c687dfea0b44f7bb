//! Rows of `channels`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use rust_decimal::Decimal;

use crate::platform::types::{ChannelId, Country, Currency, GroupId, Rate, Slug};
use crate::schema::{channels, group_channels};

/// A market.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = channels)]
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

impl Channel {
    /// The one that nobody has to name.
    pub fn default_one(conn: &mut PgConnection) -> QueryResult<Self> {
        Self::query().filter(channels::is_default).first(conn)
    }

    pub fn find(conn: &mut PgConnection, id: ChannelId) -> QueryResult<Option<Self>> {
        Self::query().filter(channels::id.eq(id)).first(conn).optional()
    }

    /// Locked until the transaction ends.
    pub(super) fn lock(conn: &mut PgConnection, id: ChannelId) -> QueryResult<Option<Self>> {
        Self::query().filter(channels::id.eq(id)).for_no_key_update().first(conn).optional()
    }

    pub fn find_by_slug(conn: &mut PgConnection, slug: &str) -> QueryResult<Option<Self>> {
        Self::query().filter(channels::slug.eq(slug)).first(conn).optional()
    }

    pub fn list(conn: &mut PgConnection) -> QueryResult<Vec<Self>> {
        Self::query().order((channels::is_default.desc(), channels::slug, channels::id)).load(conn)
    }

    /// Whether orders may go to this country: to any, where none is named.
    pub fn sells_to(&self, country: Country) -> bool {
        self.countries.is_empty() || self.countries.contains(&Some(country))
    }

    /// The tax on everything sold here.
    pub fn tax(&self) -> Rate {
        Rate::new(self.tax_rate).unwrap_or(Rate::ZERO)
    }
}

/// What may be changed.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = channels)]
pub(super) struct ChannelChanges {
    pub name: Option<String>,
    pub currency: Option<Currency>,
    pub countries: Option<Vec<Country>>,
    pub prices_include_tax: Option<bool>,
    pub tax_rate: Option<Decimal>,
    pub confirms_orders: Option<bool>,
    pub expires_after_minutes: Option<Option<i32>>,
}

impl ChannelChanges {
    pub fn apply(&self, conn: &mut PgConnection, id: ChannelId, now: DateTime<Utc>) -> QueryResult<Option<Channel>> {
        diesel::update(channels::table.find(id))
            .set((self, channels::version.eq(channels::version + 1), channels::updated_at.eq(now)))
            .returning(Channel::as_returning())
            .get_result(conn)
            .optional()
    }
}

/// The channels of those of these groups that are restricted to some.
pub fn restrictions_of(conn: &mut PgConnection, groups: &[GroupId]) -> QueryResult<Vec<(GroupId, ChannelId)>> {
    group_channels::table
        .filter(group_channels::group_id.eq_any(groups))
        .select((group_channels::group_id, group_channels::channel_id))
        .load(conn)
}

/// The channels of a group from now on.
pub(super) fn restrict(conn: &mut PgConnection, group: GroupId, channels: &[ChannelId]) -> QueryResult<()> {
    diesel::delete(group_channels::table.filter(group_channels::group_id.eq(group))).execute(conn)?;
    let rows: Vec<_> = channels
        .iter()
        .map(|channel| (group_channels::group_id.eq(group), group_channels::channel_id.eq(channel)))
        .collect();
    diesel::insert_into(group_channels::table).values(rows).on_conflict_do_nothing().execute(conn).map(|_| ())
}

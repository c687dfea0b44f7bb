//! Rows of `variant_prices`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use rust_decimal::Decimal;

use crate::platform::types::{ChannelId, Currency, Money};
use crate::products::channels::Channel;
use crate::products::ids::VariantId;
use crate::schema::variant_prices;

/// Unit price of a variant in one channel.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = variant_prices)]
pub struct VariantPrice {
    pub variant_id: VariantId,
    pub amount: Decimal,
    pub currency: Currency,
}

impl VariantPrice {
    /// Returns the prices of the variants in a channel. A variant without a price is not for sale there.
    pub fn load_for_variants(
        conn: &mut PgConnection,
        channel: ChannelId,
        variants: &[VariantId],
    ) -> QueryResult<HashMap<VariantId, Money>> {
        let prices = Self::query()
            .filter(variant_prices::channel_id.eq(channel))
            .filter(variant_prices::variant_id.eq_any(variants))
            .load(conn)?;
        Ok(prices.into_iter().map(|price| (price.variant_id, Money::new(price.amount, price.currency))).collect())
    }
}

/// Price to set, in the currency of the channel.
#[derive(Debug, Clone, Copy)]
pub struct NewPrice {
    pub variant_id: VariantId,
    pub amount: Decimal,
}

/// Sets the prices of variants in a channel. Replaces existing prices.
pub fn set_prices(
    conn: &mut PgConnection,
    channel: &Channel,
    prices: &[NewPrice],
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let rows: Vec<_> = prices
        .iter()
        .map(|price| {
            (
                variant_prices::variant_id.eq(price.variant_id),
                variant_prices::channel_id.eq(channel.id),
                variant_prices::amount.eq(price.amount),
                variant_prices::currency.eq(channel.currency),
                variant_prices::updated_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(variant_prices::table)
        .values(rows)
        .on_conflict((variant_prices::variant_id, variant_prices::channel_id))
        .do_update()
        .set((
            variant_prices::amount.eq(excluded(variant_prices::amount)),
            variant_prices::currency.eq(excluded(variant_prices::currency)),
            variant_prices::updated_at.eq(excluded(variant_prices::updated_at)),
        ))
        .execute(conn)
        .map(|_| ())
}

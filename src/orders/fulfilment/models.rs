//! Rows of `fulfillments` and `fulfillment_lines`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::platform::types::{OrderId, OrderLineId, new_uuid, text_enum};
use crate::schema::{fulfillment_lines, fulfillments};

text_enum! {
    /// How far a parcel has come.
    pub enum ParcelStatus {
        /// Being packed.
        Prepared = "prepared",
        /// On its way.
        Shipped = "shipped",
        /// With the customer.
        Delivered = "delivered",
        /// Unpacked again.
        Cancelled = "cancelled",
    }
}

/// A parcel: some quantities of an order's lines that go out together.
#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = fulfillments)]
pub(super) struct Fulfillment {
    pub id: Uuid,
}

#[derive(Debug, Clone, HasQuery)]
#[diesel(table_name = fulfillment_lines)]
pub(super) struct FulfillmentLine {
    pub order_line_id: OrderLineId,
    pub quantity: i32,
}

/// What is written on a parcel.
#[derive(Debug, Clone, Default)]
pub struct Label {
    pub tracking_number: String,
    pub carrier: String,
}

impl Fulfillment {
    /// The parcels of an order in this state.
    pub fn of_order(conn: &mut PgConnection, order: OrderId, status: ParcelStatus) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(fulfillments::order_id.eq(order))
            .filter(fulfillments::status.eq(status))
            .order(fulfillments::position)
            .load(conn)
    }

    /// Begins a parcel with these quantities.
    pub fn prepare(
        conn: &mut PgConnection,
        order: OrderId,
        quantities: &[(OrderLineId, i32)],
        now: DateTime<Utc>,
    ) -> QueryResult<()> {
        let id = new_uuid();
        let count: i64 = fulfillments::table.filter(fulfillments::order_id.eq(order)).count().get_result(conn)?;
        diesel::insert_into(fulfillments::table)
            .values((
                fulfillments::id.eq(id),
                fulfillments::order_id.eq(order),
                fulfillments::position.eq(i32::try_from(count).unwrap_or(i32::MAX)),
                fulfillments::status.eq(ParcelStatus::Prepared),
                fulfillments::created_at.eq(now),
                fulfillments::updated_at.eq(now),
            ))
            .execute(conn)?;
        let lines: Vec<_> = quantities
            .iter()
            .map(|(line, quantity)| {
                (
                    fulfillment_lines::fulfillment_id.eq(id),
                    fulfillment_lines::order_line_id.eq(line),
                    fulfillment_lines::quantity.eq(quantity),
                )
            })
            .collect();
        diesel::insert_into(fulfillment_lines::table).values(lines).execute(conn).map(|_| ())
    }

    pub fn lines(&self, conn: &mut PgConnection) -> QueryResult<Vec<FulfillmentLine>> {
        FulfillmentLine::query().filter(fulfillment_lines::fulfillment_id.eq(self.id)).load(conn)
    }

    pub fn ship(&self, conn: &mut PgConnection, label: &Label, now: DateTime<Utc>) -> QueryResult<()> {
        diesel::update(fulfillments::table.find(self.id))
            .set((
                fulfillments::status.eq(ParcelStatus::Shipped),
                fulfillments::tracking_number.eq(&label.tracking_number),
                fulfillments::carrier.eq(&label.carrier),
                fulfillments::shipped_at.eq(now),
                fulfillments::updated_at.eq(now),
            ))
            .execute(conn)
            .map(|_| ())
    }

    pub fn cancel(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<()> {
        diesel::update(fulfillments::table.find(self.id))
            .set((fulfillments::status.eq(ParcelStatus::Cancelled), fulfillments::updated_at.eq(now)))
            .execute(conn)
            .map(|_| ())
    }

    pub fn deliver(&self, conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<()> {
        diesel::update(fulfillments::table.find(self.id))
            .set((
                fulfillments::status.eq(ParcelStatus::Delivered),
                fulfillments::delivered_at.eq(now),
                fulfillments::updated_at.eq(now),
            ))
            .execute(conn)
            .map(|_| ())
    }
}

/// How many pieces of an order have left.
pub(super) fn shipped_pieces(conn: &mut PgConnection, order: OrderId) -> QueryResult<i64> {
    let gone = [ParcelStatus::Shipped, ParcelStatus::Delivered];
    let pieces: Option<i64> = fulfillment_lines::table
        .inner_join(fulfillments::table)
        .filter(fulfillments::order_id.eq(order))
        .filter(fulfillments::status.eq_any(gone))
        .select(diesel::dsl::sum(fulfillment_lines::quantity))
        .first(conn)?;
    Ok(pieces.unwrap_or_default())
}

//! Rows of `fulfillments` and `fulfillment_lines`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::orders::ids::{OrderId, OrderLineId};
use crate::platform::types::{new_uuid, text_enum};
use crate::schema::{fulfillment_lines, fulfillments};

text_enum! {
    /// Status of a parcel.
    pub enum ParcelStatus {
        /// Being prepared.
        Prepared = "prepared",
        /// Handed over to the carrier.
        Shipped = "shipped",
        /// Delivered to the customer.
        Delivered = "delivered",
        /// Cancelled before shipping.
        Cancelled = "cancelled",
    }
}

/// Parcel: quantities of order lines that are shipped together.
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

/// Carrier and tracking number of a parcel.
#[derive(Debug, Clone, Default)]
pub struct ShippingLabel {
    pub tracking_number: String,
    pub carrier: String,
}

impl Fulfillment {
    /// Returns the parcels of an order with this status.
    pub fn list_of_order(conn: &mut PgConnection, order: OrderId, status: ParcelStatus) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(fulfillments::order_id.eq(order))
            .filter(fulfillments::status.eq(status))
            .order(fulfillments::position)
            .load(conn)
    }

    /// Inserts a parcel with these lines.
    pub fn prepare(
        conn: &mut PgConnection,
        order: OrderId,
        lines: &[FulfillmentLine],
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
        let lines: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    fulfillment_lines::fulfillment_id.eq(id),
                    fulfillment_lines::order_line_id.eq(line.order_line_id),
                    fulfillment_lines::quantity.eq(line.quantity),
                )
            })
            .collect();
        diesel::insert_into(fulfillment_lines::table).values(lines).execute(conn).map(|_| ())
    }

    pub fn load_lines(&self, conn: &mut PgConnection) -> QueryResult<Vec<FulfillmentLine>> {
        FulfillmentLine::query().filter(fulfillment_lines::fulfillment_id.eq(self.id)).load(conn)
    }

    pub fn ship(&self, conn: &mut PgConnection, label: &ShippingLabel, now: DateTime<Utc>) -> QueryResult<()> {
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

/// Returns the number of shipped units of an order.
pub(super) fn count_shipped_units(conn: &mut PgConnection, order: OrderId) -> QueryResult<i64> {
    let shipped = [ParcelStatus::Shipped, ParcelStatus::Delivered];
    let units: Option<i64> = fulfillment_lines::table
        .inner_join(fulfillments::table)
        .filter(fulfillments::order_id.eq(order))
        .filter(fulfillments::status.eq_any(shipped))
        .select(diesel::dsl::sum(fulfillment_lines::quantity))
        .first(conn)?;
    Ok(units.unwrap_or_default())
}

/// Returns the tracking number of the last parcel of an order that has one.
pub fn find_tracking_number(conn: &mut PgConnection, order: OrderId) -> QueryResult<Option<String>> {
    fulfillments::table
        .filter(fulfillments::order_id.eq(order))
        .filter(fulfillments::tracking_number.ne(""))
        .order(fulfillments::position.desc())
        .select(fulfillments::tracking_number)
        .first(conn)
        .optional()
}

//! Orders of the demo shop: 500 orders in all statuses, the same every time.

use crate::platform::crypto::MasterKey;
use anyhow::{Context, Result};
use chrono::TimeDelta;
use diesel::PgConnection;
use serde_json::json;
use std::sync::Arc;

use super::data::{CustomerRow, opening};
use crate::orders::access::OrderAccess;
use crate::orders::checkout::{Buyer, InitialStatus, PlaceOrder, RequestedLine, place};
use crate::orders::ids::OrderId;
use crate::orders::lifecycle::OrderStatus;
use crate::orders::{expiry, fulfillment, returns};
use crate::platform::types::{CustomerId, Email, Quantity};
use crate::platform::write_context::WriteContext;
use crate::products::offers::VariantRef;

const ORDERS: i64 = 500;

/// Average time between two orders.
const AVERAGE_INTERVAL: TimeDelta = TimeDelta::minutes(900);

/// Customer of the demo shop, with the address.
#[derive(Debug)]
pub(super) struct DemoCustomer {
    pub id: CustomerId,
    pub email: Email,
    pub row: CustomerRow,
}

pub(super) fn fill_orders(
    conn: &mut PgConnection,
    customers: &[DemoCustomer],
    skus: &[String],
    key: &Arc<MasterKey>,
) -> Result<()> {
    // A fixed seed makes the orders the same every time.
    let mut random = fastrand::Rng::with_seed(20_260_105);
    let mut at = opening()?;
    for number in 0..ORDERS {
        at += AVERAGE_INTERVAL * random.i32(50..150) / 100;
        let customer = random.choice(customers).context("there are no customers")?;
        let status = choose_status(number, &mut random);
        let command = command(customer, status, choose_lines(skus, &mut random)?)?;
        let placed = place(conn, &command, &WriteContext::system(at, key))?;
        advance_to(conn, placed.order.id, status, &WriteContext::system(at, key))?;
    }
    Ok(())
}

/// Chooses a status: most old orders are delivered, the newest are in progress, and every status occurs.
fn choose_status(number: i64, random: &mut fastrand::Rng) -> OrderStatus {
    match (ORDERS - number, random.i32(0..100)) {
        (1..=8, _) => OrderStatus::Pending,
        (9..=40, _) => OrderStatus::Confirmed,
        (41..=70, _) => OrderStatus::Processing,
        (71..=110, _) => OrderStatus::Shipped,
        (_, 0..=5) => OrderStatus::Cancelled,
        (_, 6..=8) => OrderStatus::Expired,
        (_, 9..=12) => OrderStatus::Returned,
        (_, 13) => OrderStatus::Draft,
        _ => OrderStatus::Delivered,
    }
}

/// Chooses one to four different variants.
fn choose_lines(skus: &[String], random: &mut fastrand::Rng) -> Result<Vec<RequestedLine>> {
    let count = random.usize(1..=4);
    let lines = random.choose_multiple(skus, count).into_iter().map(|sku| {
        let quantity = Quantity::new(quantity_for(sku)).context("the quantity is invalid")?;
        Ok(RequestedLine { variant: VariantRef::Sku(sku.clone()), quantity })
    });
    lines.collect()
}

/// Returns a quantity between one and three that depends only on the SKU.
fn quantity_for(sku: &str) -> i32 {
    let sum: u32 = sku.bytes().map(u32::from).sum();
    1 + i32::try_from(sum % 3).unwrap_or_default()
}

fn command(customer: &DemoCustomer, status: OrderStatus, lines: Vec<RequestedLine>) -> Result<PlaceOrder> {
    let row = &customer.row;
    let country = row.country.parse().map_err(|_| anyhow::anyhow!("{:?} is not a country", row.country))?;
    let address = json!({
        "name": format!("{} {}", row.first_name, row.last_name),
        "company": "",
        "line1": row.line1,
        "line2": row.line2,
        "city": row.city,
        "postal_code": row.postal_code,
        "area": row.area,
        "country": row.country,
    });
    Ok(PlaceOrder {
        buyer: Buyer::Customer { id: customer.id, email: customer.email.clone() },
        phone: None,
        country,
        shipping_address: address.clone(),
        billing_address: address,
        currency: None,
        note: String::new(),
        initial_status: match status {
            OrderStatus::Draft => InitialStatus::Draft,
            OrderStatus::Pending | OrderStatus::Expired => InitialStatus::Pending,
            _ => InitialStatus::ChannelDefault,
        },
        lines,
    })
}

/// Moves an order to its status through all statuses before it.
fn advance_to(conn: &mut PgConnection, id: OrderId, status: OrderStatus, placed: &WriteContext) -> Result<()> {
    let hours = |hours| WriteContext { at: placed.at + TimeDelta::hours(hours), ..placed.clone() };
    match status {
        OrderStatus::Draft | OrderStatus::Pending | OrderStatus::Confirmed => {}
        OrderStatus::Expired => {
            expiry::expire(conn, id, &hours(72))?;
        }
        OrderStatus::Cancelled => {
            fulfillment::cancel(conn, id, &OrderAccess::unrestricted(), "changed their mind", &hours(2))?;
        }
        OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Returned => {
            fulfillment::process(conn, id, "", &hours(5))?;
            if status != OrderStatus::Processing {
                fulfillment::ship(conn, id, &fulfillment::ShippingLabel::default(), "", &hours(26))?;
            }
            if matches!(status, OrderStatus::Delivered | OrderStatus::Returned) {
                fulfillment::deliver(conn, id, "", &hours(74))?;
            }
            if status == OrderStatus::Returned {
                returns::return_order(conn, id, "did not fit", &hours(200))?;
            }
        }
    }
    Ok(())
}

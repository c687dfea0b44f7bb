//! The demo shop's orders: 500, in all statuses, the same every time.

use anyhow::{Context, Result};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use serde_json::json;

use super::data::{CustomerRow, opening};
use crate::orders::checkout::{Buyer, PlaceOrder, Placement, WantedLine, place};
use crate::orders::lifecycle::{self, OrderAccess, OrderStatus};
use crate::orders::{fulfilment, returns};
use crate::platform::audit::Origin;
use crate::platform::types::{CustomerId, Email, OrderId, Quantity};
use crate::products::catalogue::Pick;

const ORDERS: i64 = 500;

/// Orders come this often on average.
const PAUSE: TimeDelta = TimeDelta::minutes(900);

/// A customer of the demo shop, and where they live.
#[derive(Debug)]
pub(super) struct DemoCustomer {
    pub id: CustomerId,
    pub email: Email,
    pub row: CustomerRow,
}

pub(super) fn fill_orders(conn: &mut PgConnection, customers: &[DemoCustomer], skus: &[String]) -> Result<()> {
    // The seed makes chance the same every time.
    let mut chance = fastrand::Rng::with_seed(20_260_105);
    let mut at = opening()?;
    for number in 0..ORDERS {
        at += PAUSE * chance.i32(50..150) / 100;
        let customer = chance.choice(customers).context("no customers")?;
        let status = status_of(number, &mut chance);
        let command = command(customer, status, wanted(skus, &mut chance)?)?;
        let placed = place(conn, &command, &Origin::system(at))?;
        bring_to(conn, placed.order.id, status, at)?;
    }
    Ok(())
}

/// Old orders have mostly arrived; the newest are still on their way. Every status comes up.
fn status_of(number: i64, chance: &mut fastrand::Rng) -> OrderStatus {
    match (ORDERS - number, chance.i32(0..100)) {
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

/// One to four different things, mostly few of each.
fn wanted(skus: &[String], chance: &mut fastrand::Rng) -> Result<Vec<WantedLine>> {
    let count = chance.usize(1..=4);
    let lines = chance.choose_multiple(skus, count).into_iter().map(|sku| {
        let quantity = Quantity::new(chance_quantity(sku)).context("a quantity")?;
        Ok(WantedLine { pick: Pick::Sku(sku.clone()), quantity })
    });
    lines.collect()
}

/// Between one and three, by the SKU.
fn chance_quantity(sku: &str) -> i32 {
    let sum: u32 = sku.bytes().map(u32::from).sum();
    1 + i32::try_from(sum % 3).unwrap_or_default()
}

fn command(customer: &DemoCustomer, status: OrderStatus, lines: Vec<WantedLine>) -> Result<PlaceOrder> {
    let row = &customer.row;
    let country = row.country.parse().map_err(|_| anyhow::anyhow!("{:?} is no country", row.country))?;
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
        placement: match status {
            OrderStatus::Draft => Placement::Draft,
            OrderStatus::Pending | OrderStatus::Expired => Placement::Held,
            _ => Placement::AsChannelSays,
        },
        lines,
    })
}

/// Moves an order along the way that every order goes.
fn bring_to(conn: &mut PgConnection, id: OrderId, status: OrderStatus, placed_at: DateTime<Utc>) -> Result<()> {
    let hours = |hours| Origin::system(placed_at + TimeDelta::hours(hours));
    match status {
        OrderStatus::Draft | OrderStatus::Pending | OrderStatus::Confirmed => {}
        OrderStatus::Expired => {
            lifecycle::expire(conn, id, &hours(72))?;
        }
        OrderStatus::Cancelled => {
            fulfilment::cancel(conn, id, &OrderAccess::everything(), "changed their mind", &hours(2))?;
        }
        OrderStatus::Processing | OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Returned => {
            fulfilment::process(conn, id, "", &hours(5))?;
            if status != OrderStatus::Processing {
                fulfilment::ship(conn, id, &fulfilment::Label::default(), "", &hours(26))?;
            }
            if matches!(status, OrderStatus::Delivered | OrderStatus::Returned) {
                fulfilment::deliver(conn, id, "", &hours(74))?;
            }
            if status == OrderStatus::Returned {
                returns::take_back(conn, id, "did not fit", &hours(200))?;
            }
        }
    }
    Ok(())
}

//! Who is told what about an order, and in which words.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Map, Value, json};

use super::events::{OrderEvent, OrderTopic};
use super::models::{Order, OrderLine};
use crate::customers::accounts;
use crate::platform::config::Config;
use crate::platform::notify::{Medium, NewMessage, queue_message};
use crate::platform::types::{Email, Language};

/// What messages say besides the order.
#[derive(Debug, Clone)]
pub(super) struct Letterhead {
    pub shop_name: String,
    pub public_url: String,
    pub admin_emails: Vec<Email>,
}

impl From<&Config> for Letterhead {
    fn from(config: &Config) -> Self {
        Self {
            shop_name: config.shop_name.clone(),
            public_url: config.public_url.clone(),
            admin_emails: config.admin_emails.clone(),
        }
    }
}

/// Queues the messages of an event: once each, however often this runs.
pub(super) fn announce(
    conn: &mut PgConnection,
    event: &OrderEvent,
    letterhead: &Letterhead,
    now: chrono::DateTime<chrono::Utc>,
) -> anyhow::Result<()> {
    let Some(order) = Order::find(conn, event.order)? else {
        return Ok(());
    };
    let buyer = Buyer::of(conn, &order)?;
    let context = context(conn, &order, &buyer.name, letterhead)?;
    for (medium, recipient, template) in recipients(event.topic, &order, letterhead) {
        let (language, context) = (buyer.language.clone(), context.clone());
        let message = NewMessage { event: event.id, medium, recipient, template, language, context, sealed: None };
        queue_message(conn, &message, now)?;
    }
    Ok(())
}

fn recipients(topic: OrderTopic, order: &Order, letterhead: &Letterhead) -> Vec<(Medium, String, &'static str)> {
    let mail = |template| order.email.iter().map(move |email| (Medium::Email, email.to_string(), template));
    match topic {
        OrderTopic::Confirmed => {
            let sms = order.phone.iter().map(|phone| (Medium::Sms, phone.to_string(), "order_confirmed"));
            let admins = letterhead.admin_emails.iter();
            let admins = admins.map(|admin| (Medium::Email, admin.to_string(), "order_placed_admin"));
            mail("order_confirmed").chain(sms).chain(admins).collect()
        }
        OrderTopic::Shipped => mail("order_shipped").collect(),
        OrderTopic::Cancelled => mail("order_cancelled").collect(),
        OrderTopic::Created
        | OrderTopic::Processing
        | OrderTopic::Delivered
        | OrderTopic::Expired
        | OrderTopic::Returned => Vec::new(),
    }
}

fn context(
    conn: &mut PgConnection,
    order: &Order,
    customer_name: &str,
    letterhead: &Letterhead,
) -> anyhow::Result<Value> {
    let lines = OrderLine::of_order(conn, order.id)?;
    let shown = |amount| order.money(amount).shown();
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "product_name": line.product_name,
                "variant_name": line.variant_name,
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price": shown(line.unit_price),
                "total_gross": shown(line.total_gross),
            })
        })
        .collect();
    Ok(json!({
        "shop_name": letterhead.shop_name,
        "customer_name": customer_name,
        "order": {
            "number": order.number,
            "status": order.status,
            "placed_at": order.placed_at.format("%Y-%m-%d %H:%M UTC").to_string(),
            "currency": order.currency,
            "subtotal_net": shown(order.subtotal_net),
            "total_tax": shown(order.total_tax),
            "total_gross": shown(order.total_gross),
            "note": order.note,
            "url": format!("{}/api/orders/{}/", letterhead.public_url, order.id),
            "tracking_number": order.tracking_number(conn)?,
        },
        "lines": lines,
        "shipping_address": address_lines(&order.shipping_address),
    }))
}

/// Who bought, as far as letters need it.
struct Buyer {
    /// The name on the address; else the account's; else none.
    name: String,
    /// The customer's; a guest's is not known.
    language: String,
}

impl Buyer {
    fn of(conn: &mut PgConnection, order: &Order) -> QueryResult<Self> {
        let on_address = order.shipping_address.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let customer = order.customer_id.map(|id| accounts::find_customer(conn, id)).transpose()?.flatten();
        let Some(customer) = customer else {
            let name = on_address.unwrap_or_default().to_owned();
            return Ok(Self { name, language: Language::default().into_inner() });
        };
        if let Some(name) = on_address {
            return Ok(Self { name: name.to_owned(), language: customer.language });
        }
        let user = customer.user_id.map(|id| accounts::find_user(conn, id)).transpose()?.flatten();
        let name = user.map_or(customer.name, |user| user.full_name());
        Ok(Self { name, language: customer.language })
    }
}

fn address_lines(address: &Value) -> Vec<String> {
    let empty = Map::new();
    let members = address.as_object().unwrap_or(&empty);
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let place = format!("{} {}", text("postal_code"), text("city")).trim().to_owned();
    let lines = [text("name"), text("company"), text("line1"), text("line2"), place, text("area"), text("country")];
    lines.into_iter().filter(|line| !line.is_empty()).collect()
}

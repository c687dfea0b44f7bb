//! Messages about orders: their recipients, templates and contents.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Map, Value, json};

use crate::customers::accounts;
use crate::orders::fulfillment;
use crate::orders::lifecycle::{Order, OrderEvent, OrderLine, OrderTopic};
use crate::platform::config::Config;
use crate::platform::notify::{Medium, NewMessage, queue_message};
use crate::platform::types::{Email, Language, Phone};

/// Settings that the messages about orders need.
#[derive(Debug, Clone)]
pub(super) struct NotificationSettings {
    pub shop_name: String,
    pub public_url: String,
    pub admin_emails: Vec<Email>,
}

impl From<&Config> for NotificationSettings {
    fn from(config: &Config) -> Self {
        Self {
            shop_name: config.shop_name.clone(),
            public_url: config.public_url.clone(),
            admin_emails: config.admin_emails.clone(),
        }
    }
}

/// Queues the messages about an order event. Queues each message once, even if it runs several times for an event.
pub(super) fn queue_notifications(
    conn: &mut PgConnection,
    event: &OrderEvent,
    settings: &NotificationSettings,
    now: chrono::DateTime<chrono::Utc>,
) -> anyhow::Result<()> {
    let Some(order) = Order::find(conn, event.order)? else {
        return Ok(());
    };
    let buyer = OrderContact::load(conn, &order)?;
    let context = template_context(conn, &order, &buyer.name, settings)?;
    for Delivery { medium, recipient, template } in deliveries(event.topic, &order, settings) {
        let (language, context) = (buyer.language.clone(), context.clone());
        let message =
            NewMessage { event: event.id, medium, recipient, template, language, context, encrypted_context: None };
        queue_message(conn, &message, now)?;
    }
    Ok(())
}

/// Message to one recipient.
struct Delivery {
    medium: Medium,
    recipient: String,
    template: &'static str,
}

impl Delivery {
    fn email(address: &Email, template: &'static str) -> Self {
        Self { medium: Medium::Email, recipient: address.to_string(), template }
    }

    fn sms(phone: &Phone, template: &'static str) -> Self {
        Self { medium: Medium::Sms, recipient: phone.to_string(), template }
    }
}

fn deliveries(topic: OrderTopic, order: &Order, settings: &NotificationSettings) -> Vec<Delivery> {
    let mail = |template| order.email.iter().map(move |email| Delivery::email(email, template));
    match topic {
        OrderTopic::Confirmed => {
            let sms = order.phone.iter().map(|phone| Delivery::sms(phone, "order_confirmed"));
            let admins = settings.admin_emails.iter();
            let admins = admins.map(|admin| Delivery::email(admin, "order_placed_admin"));
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

fn template_context(
    conn: &mut PgConnection,
    order: &Order,
    customer_name: &str,
    settings: &NotificationSettings,
) -> anyhow::Result<Value> {
    let lines = OrderLine::list_of_order(conn, order.id)?;
    let decimal = |amount| order.money(amount).to_decimal_string();
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "product_name": line.product_name,
                "variant_name": line.variant_name,
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price": decimal(line.unit_price),
                "total_gross": decimal(line.total_gross),
            })
        })
        .collect();
    Ok(json!({
        "shop_name": settings.shop_name,
        "customer_name": customer_name,
        "order": {
            "number": order.number,
            "status": order.status,
            "placed_at": order.placed_at.format("%Y-%m-%d %H:%M UTC").to_string(),
            "currency": order.currency,
            "subtotal_net": decimal(order.subtotal_net),
            "total_tax": decimal(order.total_tax),
            "total_gross": decimal(order.total_gross),
            "note": order.note,
            "url": format!("{}/api/orders/{}/", settings.public_url, order.id),
            "tracking_number": fulfillment::find_tracking_number(conn, order.id)?,
        },
        "lines": lines,
        "shipping_address": address_lines(&order.shipping_address),
    }))
}

/// Name and language of the customer or guest who placed the order.
struct OrderContact {
    /// Name in the shipping address, otherwise the name of the customer, otherwise empty.
    name: String,
    /// Language of the customer; the default language for guests.
    language: String,
}

impl OrderContact {
    fn load(conn: &mut PgConnection, order: &Order) -> QueryResult<Self> {
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

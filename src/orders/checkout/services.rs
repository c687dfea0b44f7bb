//! Placing an order: one transaction, all of it or nothing.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::errors::{BadLine, CheckoutError, Unmet};
use crate::customers::accounts;
use crate::orders::lifecycle::{self, NewOrder, Order, OrderLine, OrderOrigin, OrderStatus};
use crate::orders::pricing::{LinePrice, LineToPrice, OrderTotals, TaxRule, price_line, total};
use crate::platform::audit::{self, Changes, Origin};
use crate::platform::auth::Reach;
use crate::platform::types::{
    Country, Currency, CustomerId, Email, Money, OrderId, OrderLineId, Phone, Quantity, Slug,
};
use crate::products::catalogue::{Pick, SaleableVariant, find_saleable};
use crate::products::channels::Channel;
use crate::products::stock::{self, Demand};

/// Whose order it is.
#[derive(Debug, Clone)]
pub enum Buyer {
    /// A signed-in customer buys for themselves.
    Customer { id: CustomerId, email: Email },
    /// Somebody without an account, who keeps the secret that hashes to this.
    Guest { email: Email, token_hash: Vec<u8> },
    /// Staff order for a customer, or for somebody who has only an address.
    ForCustomer { customer: Option<CustomerId>, email: Option<Email>, reach: Reach },
}

impl Buyer {
    /// Staff order for others where their permissions count.
    fn ensure_reaches(&self, channel: &Channel) -> Result<(), CheckoutError> {
        match self {
            Self::ForCustomer { reach, .. } if !reach.covers(channel.id) => Err(CheckoutError::OutOfReach),
            _ => Ok(()),
        }
    }
}

/// An order to place.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    pub buyer: Buyer,
    pub phone: Option<Phone>,
    pub country: Country,
    pub shipping_address: Value,
    pub billing_address: Value,
    /// What the client takes prices to be in, if it says so.
    pub currency: Option<Currency>,
    pub note: String,
    pub placement: Placement,
    pub lines: Vec<WantedLine>,
}

/// How far an order goes when it is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Confirmed at once where the channel says so, else pending.
    AsChannelSays,
    /// Pending, whatever the channel says.
    Held,
    /// A draft: nothing is set aside for it yet.
    Draft,
}

/// A line to order.
#[derive(Debug, Clone)]
pub struct WantedLine {
    pub pick: Pick,
    pub quantity: Quantity,
}

/// An order as it was placed, with all that is shown of it.
#[derive(Debug, Clone)]
pub struct PlacedOrder {
    pub order: Order,
    pub lines: Vec<OrderLine>,
    pub channel: Slug,
}

/// Places an order: prices are looked up and remembered, stock is set aside, the events are written.
///
/// Runs in the caller's transaction: order, allocation and events exist together or not at all.
pub fn place(conn: &mut PgConnection, command: &PlaceOrder, origin: &Origin) -> Result<PlacedOrder, CheckoutError> {
    let channel = Channel::default_one(conn)?;
    command.buyer.ensure_reaches(&channel)?;
    let mut unmet = unmet_terms(&channel, command);
    let variants = find_wanted(conn, &channel, &command.lines, &mut unmet)?;
    let contact = contact(conn, command, &mut unmet)?;
    unmet.ensure_nothing()?;
    let priced = price(&variants, &command.lines, &channel)?;
    let totals = total(&priced, channel.currency)?;

    let id = OrderId::generate();
    let lines = lines_of(id, &variants, &priced, &channel);
    if command.placement != Placement::Draft {
        stock::allocate(conn, id, &demands(&variants, &lines, &command.lines), origin)?;
    }
    let order = new_order(id, &channel, command, (contact, totals), origin);
    let order = lifecycle::create(conn, &order, &lines, origin)?;
    if matches!(command.buyer, Buyer::ForCustomer { .. }) {
        audit_order(conn, &order, &lines, origin)?;
    }
    Ok(PlacedOrder { order, lines, channel: channel.slug })
}

/// Staff who order for others stand in the audit log; whoever buys for themselves does not, their order says it all.
fn audit_order(conn: &mut PgConnection, order: &Order, lines: &[OrderLine], origin: &Origin) -> QueryResult<()> {
    let lines: Vec<Value> = lines.iter().map(|line| json!({"sku": line.sku, "quantity": line.quantity})).collect();
    let told = Changes::created(&json!({
        "number": order.number, "status": order.status, "customer": order.customer_id, "email": order.email,
        "currency": order.currency, "total_gross": order.money(order.total_gross).shown(), "lines": lines,
    }));
    let told = lifecycle::about_buyer(order, told, &["email"]);
    audit::record(conn, origin, "order.created", ("order", order.id.to_string()), told)
}

/// How far the channel lets an order go by itself.
const fn first_status(placement: Placement, channel: &Channel) -> OrderStatus {
    match placement {
        Placement::Draft => OrderStatus::Draft,
        Placement::AsChannelSays if channel.confirms_orders => OrderStatus::Confirmed,
        Placement::AsChannelSays | Placement::Held => OrderStatus::Pending,
    }
}

fn unmet_terms(channel: &Channel, command: &PlaceOrder) -> Unmet {
    let is_other = command.currency.is_some_and(|currency| currency != channel.currency);
    Unmet {
        country: !channel.sells_to(command.country),
        currency: is_other.then_some(channel.currency),
        ..Unmet::default()
    }
}

/// The variants of all lines; what is wrong with every line that has none is noted.
fn find_wanted(
    conn: &mut PgConnection,
    channel: &Channel,
    lines: &[WantedLine],
    unmet: &mut Unmet,
) -> Result<Vec<SaleableVariant>, CheckoutError> {
    let picks: Vec<Pick> = lines.iter().map(|line| line.pick.clone()).collect();
    let mut variants = Vec::with_capacity(lines.len());
    for (place, (found, pick)) in find_saleable(conn, channel, &picks)?.into_iter().zip(&picks).enumerate() {
        match found {
            Ok(variant) => variants.push(variant),
            Err(reason) => {
                let (field, value) = match pick {
                    Pick::Product(id) => ("product", id.to_string()),
                    Pick::Variant(id) => ("variant", id.to_string()),
                    Pick::Sku(sku) => ("sku", sku.clone()),
                };
                unmet.lines.push(BadLine { place, field, value, reason });
            }
        }
    }
    Ok(variants)
}

fn price(
    variants: &[SaleableVariant],
    wanted: &[WantedLine],
    channel: &Channel,
) -> Result<Vec<(LineToPrice, LinePrice)>, CheckoutError> {
    let rule = TaxRule { rate: channel.tax(), prices_include_tax: channel.prices_include_tax };
    let price = |(variant, wanted): (&SaleableVariant, &WantedLine)| {
        let discount = Money::zero(channel.currency);
        let line = LineToPrice { unit_price: variant.unit_price, quantity: wanted.quantity, discount };
        Ok((line, price_line(&line, &rule)?))
    };
    variants.iter().zip(wanted).map(price).collect()
}

fn lines_of(
    order: OrderId,
    variants: &[SaleableVariant],
    priced: &[(LineToPrice, LinePrice)],
    channel: &Channel,
) -> Vec<OrderLine> {
    let line = |((position, variant), (line, price)): ((i32, &SaleableVariant), &(LineToPrice, LinePrice))| OrderLine {
        id: OrderLineId::generate(),
        order_id: order,
        position,
        product_id: variant.product,
        variant_id: variant.variant,
        product_name: variant.product_name.clone(),
        variant_name: variant.variant_name.clone(),
        sku: variant.sku.clone(),
        options: variant.options.clone(),
        quantity: line.quantity.get(),
        unit_price: line.unit_price.amount(),
        discount: line.discount.amount(),
        tax_rate: channel.tax().fraction(),
        total_net: price.net.amount(),
        total_tax: price.tax.amount(),
        total_gross: price.gross.amount(),
    };
    (0..).zip(variants).zip(priced).map(line).collect()
}

/// What the warehouses must have: nothing for variants whose stock nobody tracks.
fn demands(variants: &[SaleableVariant], lines: &[OrderLine], wanted: &[WantedLine]) -> Vec<Demand> {
    let all = variants.iter().zip(lines).zip(wanted).enumerate();
    all.filter(|(_, ((variant, _), _))| variant.tracks_stock)
        .map(|(place, ((variant, line), wanted))| Demand {
            line: line.id,
            place,
            variant: variant.variant,
            sku: variant.sku.clone(),
            quantity: wanted.quantity,
        })
        .collect()
}

fn new_order(
    id: OrderId,
    channel: &Channel,
    command: &PlaceOrder,
    (contact, totals): (Contact, OrderTotals),
    origin: &Origin,
) -> NewOrder {
    let is_by_staff = matches!(command.buyer, Buyer::ForCustomer { .. });
    NewOrder {
        id,
        status: first_status(command.placement, channel),
        origin: if is_by_staff { OrderOrigin::Staff } else { OrderOrigin::Shop },
        channel_id: channel.id,
        customer_id: contact.customer,
        email: contact.email,
        phone: contact.phone,
        currency: totals.gross.currency(),
        subtotal_net: totals.net.amount(),
        discount: totals.discount.amount(),
        total_net: totals.net.amount(),
        total_tax: totals.tax.amount(),
        total_gross: totals.gross.amount(),
        shipping_address: command.shipping_address.clone(),
        billing_address: command.billing_address.clone(),
        note: command.note.clone(),
        access_token_hash: contact.token_hash,
        placed_at: origin.at,
        created_at: origin.at,
        updated_at: origin.at,
    }
}

/// Whose order it is and how they are reached.
struct Contact {
    customer: Option<CustomerId>,
    email: Option<Email>,
    phone: Option<Phone>,
    token_hash: Option<Vec<u8>>,
}

/// As the order says, else as the customer's profile does; a customer without one is noted.
fn contact(conn: &mut PgConnection, command: &PlaceOrder, unmet: &mut Unmet) -> Result<Contact, CheckoutError> {
    let phone = command.phone.clone();
    let contact = match &command.buyer {
        Buyer::Customer { id, email } => {
            Contact { customer: Some(*id), email: Some(email.clone()), phone, token_hash: None }
        }
        Buyer::Guest { email, token_hash } => {
            Contact { customer: None, email: Some(email.clone()), phone, token_hash: Some(token_hash.clone()) }
        }
        Buyer::ForCustomer { customer, email, .. } => {
            Contact { customer: *customer, email: email.clone(), phone, token_hash: None }
        }
    };
    let Some(id) = contact.customer else { return Ok(contact) };
    let Some(profile) = accounts::find_customer(conn, id)? else {
        unmet.customer = Some(id);
        return Ok(contact);
    };
    Ok(Contact { email: contact.email.or(profile.email), phone: contact.phone.or(profile.phone), ..contact })
}

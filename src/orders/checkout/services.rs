//! Placement of orders in one transaction.

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use serde_json::{Value, json};

use super::errors::{CheckoutError, InvalidLine, OrderProblems};
use crate::customers::accounts;
use crate::orders::ids::{OrderId, OrderLineId};
use crate::orders::lifecycle::{self, NewOrder, Order, OrderLine, OrderOrigin, OrderStatus};
use crate::orders::pricing::{LinePrice, LineToPrice, OrderTotals, TaxRule, price_line, total};
use crate::platform::audit::{self, AuditObject, Changes};
use crate::platform::auth::ChannelScope;
use crate::platform::types::{Country, Currency, CustomerId, Email, Money, Phone, Quantity};
use crate::platform::write_context::WriteContext;
use crate::products::channels::Channel;
use crate::products::offers::{SaleableVariant, VariantRef, find_saleable};
use crate::products::slug::Slug;
use crate::products::stock::{self, Demand};

/// Customer or guest that an order is placed for.
#[derive(Debug, Clone)]
pub enum Buyer {
    /// A customer who places the order.
    Customer { id: CustomerId, email: Email },
    /// A guest who places the order; the hash belongs to the order token that the guest receives.
    Guest { email: Email, token_hash: Vec<u8> },
    /// A customer, or a guest with an e-mail address, for whom a staff member places the order.
    ForCustomer { customer: Option<CustomerId>, email: Option<Email>, channel_scope: ChannelScope },
}

impl Buyer {
    /// Rejects an order by a staff member in a channel outside the staff member's scope.
    fn ensure_channel_allowed(&self, channel: &Channel) -> Result<(), CheckoutError> {
        match self {
            Self::ForCustomer { channel_scope, .. } if !channel_scope.contains(channel.id) => {
                Err(CheckoutError::ChannelNotAllowed)
            }
            _ => Ok(()),
        }
    }

    const fn is_placed_by_staff(&self) -> bool {
        matches!(self, Self::ForCustomer { .. })
    }
}

/// Command to place an order.
#[derive(Debug, Clone)]
pub struct PlaceOrder {
    pub buyer: Buyer,
    pub phone: Option<Phone>,
    pub country: Country,
    pub shipping_address: Value,
    pub billing_address: Value,
    /// Currency that the client expects the prices to be in.
    pub currency: Option<Currency>,
    pub note: String,
    pub initial_status: InitialStatus,
    pub lines: Vec<RequestedLine>,
}

/// Status that a placed order starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialStatus {
    /// Confirmed if the channel confirms orders automatically, otherwise pending.
    ChannelDefault,
    /// Pending, even if the channel confirms orders automatically.
    Pending,
    /// Draft, without allocated stock.
    Draft,
}

/// Line of an order to place.
#[derive(Debug, Clone)]
pub struct RequestedLine {
    pub variant: VariantRef,
    pub quantity: Quantity,
}

/// Placed order with the lines and the channel slug that its view needs.
#[derive(Debug, Clone)]
pub struct PlacedOrder {
    pub order: Order,
    pub lines: Vec<OrderLine>,
    pub channel: Slug,
}

/// Variant and quantity of a line whose variant is for sale.
struct SaleableLine {
    variant: SaleableVariant,
    quantity: Quantity,
}

/// Line with its price.
struct PricedLine {
    id: OrderLineId,
    variant: SaleableVariant,
    quantity: Quantity,
    price: LinePrice,
}

/// Places an order: prices its lines, allocates stock, inserts the order and publishes its events.
///
/// Runs in the caller's transaction, which commits order, allocation and events together.
pub fn place(
    conn: &mut PgConnection,
    command: &PlaceOrder,
    context: &WriteContext,
) -> Result<PlacedOrder, CheckoutError> {
    let channel = Channel::load_default(conn)?;
    command.buyer.ensure_channel_allowed(&channel)?;

    let mut problems = check_channel(&channel, command);
    let lines = find_variants(conn, &channel, &command.lines, &mut problems)?;
    let contact = find_contact(conn, command, &mut problems)?;
    problems.ensure_none()?;

    let lines = price_lines(lines, &channel)?;
    let totals = total(lines.iter().map(|line| &line.price), channel.currency)?;
    let order = new_order(&channel, command, contact, &totals, context);
    if command.initial_status != InitialStatus::Draft {
        stock::allocate(conn, order.id, &demands(&lines), context)?;
    }

    let lines = order_lines(order.id, lines, &channel);
    let order = lifecycle::create(conn, &order, &lines, context)?;
    if command.buyer.is_placed_by_staff() {
        audit_order(conn, &order, &lines, context)?;
    }
    Ok(PlacedOrder { order, lines, channel: channel.slug })
}

/// Records in the audit log that a staff member placed an order. Orders of customers and guests have no audit entry,
/// because the order itself contains the buyer and the time.
fn audit_order(conn: &mut PgConnection, order: &Order, lines: &[OrderLine], context: &WriteContext) -> QueryResult<()> {
    let lines: Vec<Value> = lines.iter().map(|line| json!({"sku": line.sku, "quantity": line.quantity})).collect();
    let changes = Changes::created(&json!({
        "number": order.number, "status": order.status, "customer": order.customer_id, "email": order.email,
        "currency": order.currency, "total_gross": order.money(order.total_gross).to_decimal_string(), "lines": lines,
    }));
    let changes = lifecycle::mark_buyer_data(order, changes, &["email"], context);
    audit::record(conn, context, "order.created", AuditObject::new("order", order.id), changes)
}

const fn first_status(initial_status: InitialStatus, channel: &Channel) -> OrderStatus {
    match initial_status {
        InitialStatus::Draft => OrderStatus::Draft,
        InitialStatus::ChannelDefault if channel.confirms_orders => OrderStatus::Confirmed,
        InitialStatus::ChannelDefault | InitialStatus::Pending => OrderStatus::Pending,
    }
}

/// Checks country and currency against the channel.
fn check_channel(channel: &Channel, command: &PlaceOrder) -> OrderProblems {
    let has_other_currency = command.currency.is_some_and(|currency| currency != channel.currency);
    OrderProblems {
        country: !channel.sells_to(command.country),
        currency: has_other_currency.then_some(channel.currency),
        ..OrderProblems::default()
    }
}

/// Finds the variants of all lines. Adds a problem for each line whose variant cannot be sold.
fn find_variants(
    conn: &mut PgConnection,
    channel: &Channel,
    lines: &[RequestedLine],
    problems: &mut OrderProblems,
) -> Result<Vec<SaleableLine>, CheckoutError> {
    let variants: Vec<VariantRef> = lines.iter().map(|line| line.variant.clone()).collect();
    let found = find_saleable(conn, channel, &variants)?;

    let mut saleable = Vec::with_capacity(lines.len());
    for (index, (line, found)) in lines.iter().zip(found).enumerate() {
        match found {
            Ok(variant) => saleable.push(SaleableLine { variant, quantity: line.quantity }),
            Err(reason) => {
                let (field, value) = match &line.variant {
                    VariantRef::Product(id) => ("product", id.to_string()),
                    VariantRef::Variant(id) => ("variant", id.to_string()),
                    VariantRef::Sku(sku) => ("sku", sku.clone()),
                };
                problems.lines.push(InvalidLine { index, field, value, reason });
            }
        }
    }
    Ok(saleable)
}

fn price_lines(lines: Vec<SaleableLine>, channel: &Channel) -> Result<Vec<PricedLine>, CheckoutError> {
    let rule = TaxRule { rate: channel.tax(), prices_include_tax: channel.prices_include_tax };
    let price = |SaleableLine { variant, quantity }| {
        let discount = Money::zero(channel.currency);
        let price = price_line(&LineToPrice { unit_price: variant.unit_price, quantity, discount }, &rule)?;
        Ok(PricedLine { id: OrderLineId::generate(), variant, quantity, price })
    };
    lines.into_iter().map(price).collect()
}

/// Returns the stock to allocate. Omits variants whose stock is not tracked.
fn demands(lines: &[PricedLine]) -> Vec<Demand> {
    let tracked = lines.iter().enumerate().filter(|(_, line)| line.variant.tracks_stock);
    tracked
        .map(|(line_index, line)| Demand {
            line: line.id,
            line_index,
            variant: line.variant.variant,
            sku: line.variant.sku.clone(),
            quantity: line.quantity,
        })
        .collect()
}

fn order_lines(order: OrderId, lines: Vec<PricedLine>, channel: &Channel) -> Vec<OrderLine> {
    let tax_rate = channel.tax().fraction();
    let row = |(position, line): (i32, PricedLine)| OrderLine {
        id: line.id,
        order_id: order,
        position,
        product_id: line.variant.product,
        variant_id: line.variant.variant,
        product_name: line.variant.product_name,
        variant_name: line.variant.variant_name,
        sku: line.variant.sku,
        options: line.variant.options,
        quantity: line.quantity.get(),
        unit_price: line.variant.unit_price.amount(),
        discount: line.price.discount.amount(),
        tax_rate,
        total_net: line.price.net.amount(),
        total_tax: line.price.tax.amount(),
        total_gross: line.price.gross.amount(),
    };
    (0..).zip(lines).map(row).collect()
}

fn new_order(
    channel: &Channel,
    command: &PlaceOrder,
    contact: Contact,
    totals: &OrderTotals,
    context: &WriteContext,
) -> NewOrder {
    NewOrder {
        id: OrderId::generate(),
        status: first_status(command.initial_status, channel),
        origin: if command.buyer.is_placed_by_staff() { OrderOrigin::Staff } else { OrderOrigin::Shop },
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
        placed_at: context.at,
        created_at: context.at,
        updated_at: context.at,
    }
}

/// Customer or guest of an order and the addresses for messages.
struct Contact {
    customer: Option<CustomerId>,
    email: Option<Email>,
    phone: Option<Phone>,
    token_hash: Option<Vec<u8>>,
}

/// Returns the contact of the order, completed from the customer's profile. Adds a problem if the customer does not
/// exist.
fn find_contact(
    conn: &mut PgConnection,
    command: &PlaceOrder,
    problems: &mut OrderProblems,
) -> Result<Contact, CheckoutError> {
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
        problems.customer = Some(id);
        return Ok(contact);
    };
    Ok(Contact { email: contact.email.or(profile.email), phone: contact.phone.or(profile.phone), ..contact })
}

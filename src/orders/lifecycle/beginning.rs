//! The lines and the first history of a new order, in one statement: placing an order waits for few round trips.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use super::models::OrderLine;
use super::status::OrderStatus;
use crate::platform::audit::Origin;
use crate::platform::db::fixed_statement;
use crate::platform::types::{OrderId, OrderLineId, ProductId, VariantId, new_uuid};

fixed_statement! {
    struct InsertBeginning {
        order_id: OrderId => SqlUuid,
        actor: Value => Jsonb,
        at: DateTime<Utc> => Timestamptz,
        history_ids: Vec<Uuid> => Array<SqlUuid>,
        history_from: Vec<Option<OrderStatus>> => Array<Nullable<Text>>,
        history_to: Vec<OrderStatus> => Array<Text>,
        ids: Vec<OrderLineId> => Array<SqlUuid>,
        positions: Vec<i32> => Array<Integer>,
        products: Vec<ProductId> => Array<SqlUuid>,
        variants: Vec<VariantId> => Array<SqlUuid>,
        product_names: Vec<String> => Array<Text>,
        variant_names: Vec<String> => Array<Text>,
        skus: Vec<String> => Array<Text>,
        options: Vec<Value> => Array<Jsonb>,
        quantities: Vec<i32> => Array<Integer>,
        unit_prices: Vec<Decimal> => Array<Numeric>,
        discounts: Vec<Decimal> => Array<Numeric>,
        tax_rates: Vec<Decimal> => Array<Numeric>,
        nets: Vec<Decimal> => Array<Numeric>,
        taxes: Vec<Decimal> => Array<Numeric>,
        gross: Vec<Decimal> => Array<Numeric>,
    } -> ();
    ", moves as ( \
         insert into order_history (id, order_id, from_status, to_status, actor, created_at) \
         select move.id, input.order_id, move.from_status, move.to_status, input.actor, input.at \
         from input, unnest(history_ids, history_from, history_to) as move (id, from_status, to_status)) \
     insert into order_lines (order_id, id, position, product_id, variant_id, product_name, variant_name, sku, options, \
                              quantity, unit_price, discount, tax_rate, total_net, total_tax, total_gross) \
     select input.order_id, line.* \
     from input, unnest(ids, positions, products, variants, product_names, variant_names, skus, options, quantities, \
                        unit_prices, discounts, tax_rates, nets, taxes, gross) as line"
}

/// A move of an order that has just been made, from where to where.
pub(super) type FirstMove = (Option<OrderStatus>, OrderStatus);

pub(super) fn insert_beginning(
    conn: &mut PgConnection,
    order: OrderId,
    lines: &[OrderLine],
    moves: &[FirstMove],
    origin: &Origin,
) -> QueryResult<()> {
    let amounts = |amount: fn(&OrderLine) -> Decimal| lines.iter().map(amount).collect();
    let texts = |text: fn(&OrderLine) -> &String| lines.iter().map(|line| text(line).clone()).collect();
    let statement = InsertBeginning {
        order_id: order,
        actor: origin.actor.to_json(),
        at: origin.at,
        // Made one after the other: their order is that of the moves.
        history_ids: moves.iter().map(|_| new_uuid()).collect(),
        history_from: moves.iter().map(|(from, _)| *from).collect(),
        history_to: moves.iter().map(|(_, to)| *to).collect(),
        ids: lines.iter().map(|line| line.id).collect(),
        positions: lines.iter().map(|line| line.position).collect(),
        products: lines.iter().map(|line| line.product_id).collect(),
        variants: lines.iter().map(|line| line.variant_id).collect(),
        product_names: texts(|line| &line.product_name),
        variant_names: texts(|line| &line.variant_name),
        skus: texts(|line| &line.sku),
        options: lines.iter().map(|line| line.options.clone()).collect(),
        quantities: lines.iter().map(|line| line.quantity).collect(),
        unit_prices: amounts(|line| line.unit_price),
        discounts: amounts(|line| line.discount),
        tax_rates: amounts(|line| line.tax_rate),
        nets: amounts(|line| line.total_net),
        taxes: amounts(|line| line.total_tax),
        gross: amounts(|line| line.total_gross),
    };
    statement.execute(conn).map(|_| ())
}

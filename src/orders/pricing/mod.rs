//! Pricing: prices of lines and totals of orders. Pure functions of values, without tables or a connection.

mod totals;

pub use totals::{LinePrice, LineToPrice, OrderTotals, TaxRule, price_line, total};

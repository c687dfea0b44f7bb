//! Pricing: what lines and orders cost. Pure functions of values; no table, no connection.

mod totals;

pub use totals::{LinePrice, LineToPrice, OrderTotals, TaxRule, price_line, total};

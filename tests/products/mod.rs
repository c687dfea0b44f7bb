//! Tests of the products domain.

mod catalogue;
mod categories;
mod channels;
mod pricing;
mod slug;
mod stock;
mod warehouses;

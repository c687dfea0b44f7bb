//! The products domain.

mod catalogue;
mod categories;
mod channels;
mod pricing;
mod stock;

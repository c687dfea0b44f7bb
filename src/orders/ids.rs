//! Typed ids of the orders domain that several rooms use.

pub use crate::products::ids::{OrderId, OrderLineId};

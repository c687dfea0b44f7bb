//! Quantity of an order line.

use serde_json::Value;
use utoipa::ToSchema;

use crate::platform::error::ErrorTree;
use crate::platform::http::FromJson;

/// Quantity from 1 to 1,000,000. A larger quantity in one line is almost certainly a typing error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = i32, minimum = 1, maximum = 1_000_000)]
pub struct Quantity(i32);

impl Quantity {
    pub const MAX: i32 = 1_000_000;

    pub const fn new(quantity: i32) -> Option<Self> {
        if quantity >= 1 && quantity <= Self::MAX { Some(Self(quantity)) } else { None }
    }

    pub const fn get(self) -> i32 {
        self.0
    }
}

impl FromJson for Quantity {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let quantity = i64::from_json(value)?;
        if quantity < 1 {
            return Err(ErrorTree::min_value(1));
        }
        i32::try_from(quantity).ok().and_then(Self::new).ok_or_else(|| ErrorTree::max_value(i64::from(Self::MAX)))
    }
}

//! Why an order is refused. Nothing of a refused order remains.

use std::collections::BTreeMap;

use crate::orders::lifecycle::OrderError;
use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::types::{Currency, CustomerId, MoneyError};
use crate::products::catalogue::Unavailable;
use crate::products::stock::StockError;

/// A line that names something that cannot be bought.
#[derive(Debug)]
pub struct BadLine {
    /// Its place in the order.
    pub place: usize,
    /// By which field it named what it wanted, and what that field held.
    pub field: &'static str,
    pub value: String,
    pub reason: Unavailable,
}

#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    #[error("Some lines cannot be bought.")]
    BadLines(Vec<BadLine>),
    #[error("Orders are not delivered to this country.")]
    CountryNotServed,
    #[error("Prices are in {0}.")]
    OtherCurrency(Currency),
    #[error("This customer does not exist.")]
    CustomerNotFound(CustomerId),
    #[error("The order's total is too large.")]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl ApiError for CheckoutError {
    fn kind(&self) -> Kind {
        let invalid = |code| ErrorTree::message(code, self.to_string());
        match self {
            Self::BadLines(lines) => {
                let errors = lines.iter().map(|line| (line.place.to_string(), line.tree()));
                Kind::invalid("lines", ErrorTree::Members(BTreeMap::from_iter(errors)))
            }
            Self::CountryNotServed => {
                Kind::invalid("shipping_address", ErrorTree::member("country", invalid("country_not_served")))
            }
            Self::OtherCurrency(_) => Kind::invalid("currency", invalid("currency_mismatch")),
            Self::CustomerNotFound(id) => Kind::invalid("customer", ErrorTree::does_not_exist(id)),
            Self::Money(_) => Kind::Invalid(ErrorTree::of_object("total_too_large", self.to_string())),
            Self::Stock(cause) => cause.kind(),
            Self::Order(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}

impl BadLine {
    fn tree(&self) -> ErrorTree {
        let message = match (self.reason, self.field) {
            (Unavailable::Unknown, "sku") => {
                let text = format!("Object with sku={} does not exist.", self.value);
                ErrorTree::message("does_not_exist", text)
            }
            (Unavailable::Unknown, _) => ErrorTree::does_not_exist(&self.value),
            (Unavailable::NotForSale, _) => ErrorTree::message("not_for_sale", "This is not for sale."),
            (Unavailable::Ambiguous, _) => {
                ErrorTree::message("ambiguous", "This product has several variants: name one by variant or sku.")
            }
        };
        ErrorTree::member(self.field, message)
    }
}

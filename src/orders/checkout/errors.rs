//! Errors of checkout.

use std::collections::BTreeMap;

use crate::orders::lifecycle::OrderError;
use crate::platform::error::{ApiError, ErrorTree, Kind};
use crate::platform::types::{Currency, CustomerId, MoneyError};
use crate::products::offers::UnavailableReason;
use crate::products::stock::StockError;

/// Line whose variant cannot be sold.
#[derive(Debug)]
pub struct InvalidLine {
    /// Index of the line in the request.
    pub index: usize,
    /// Field that refers to the variant: `product`, `variant` or `sku`.
    pub field: &'static str,
    /// Value of that field.
    pub value: String,
    pub reason: UnavailableReason,
}

/// Validation errors of an order that only the database can reveal, collected so that one response reports all of them.
#[derive(Debug, Default)]
pub struct OrderProblems {
    pub lines: Vec<InvalidLine>,
    /// True if the channel does not deliver to the country.
    pub country: bool,
    /// Currency of the channel, if the request expects another currency.
    pub currency: Option<Currency>,
    /// Customer that does not exist.
    pub customer: Option<CustomerId>,
}

#[derive(Debug, thiserror::Error, ApiError)]
pub enum CheckoutError {
    #[error("The order is invalid.")]
    #[kind(with = OrderProblems::kind)]
    Invalid(OrderProblems),
    #[error("You do not have permission to perform this action.")]
    #[kind(forbidden = "permission_denied")]
    ChannelNotAllowed,
    #[error("The order's total is too large. Order a smaller quantity.")]
    #[kind(with = total_too_large)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

fn total_too_large(_: &MoneyError) -> Kind {
    let text = "The order's total is too large. Order a smaller quantity.".to_owned();
    Kind::Invalid(ErrorTree::non_field("total_too_large", text))
}

impl OrderProblems {
    /// Returns an error if there is any problem.
    pub fn ensure_none(self) -> Result<(), CheckoutError> {
        let is_valid = self.lines.is_empty() && !self.country && self.currency.is_none() && self.customer.is_none();
        if is_valid { Ok(()) } else { Err(CheckoutError::Invalid(self)) }
    }

    fn kind(&self) -> Kind {
        Kind::Invalid(self.tree())
    }

    fn tree(&self) -> ErrorTree {
        let mut errors = BTreeMap::new();
        if !self.lines.is_empty() {
            let lines = self.lines.iter().map(|line| (line.index.to_string(), line.tree()));
            errors.insert("lines".to_owned(), ErrorTree::Members(lines.collect()));
        }
        if self.country {
            let message = ErrorTree::message("country_not_served", "We do not deliver to this country.");
            errors.insert("shipping_address".to_owned(), ErrorTree::member("country", message));
        }
        if let Some(currency) = self.currency {
            let message = ErrorTree::message(
                "currency_mismatch",
                format!("Prices are in {currency}: send this currency or omit the field."),
            );
            errors.insert("currency".to_owned(), message);
        }
        if let Some(customer) = self.customer {
            errors.insert("customer".to_owned(), ErrorTree::does_not_exist(customer));
        }
        ErrorTree::Members(errors)
    }
}

impl InvalidLine {
    fn tree(&self) -> ErrorTree {
        let message = match (self.reason, self.field) {
            (UnavailableReason::NotFound, "sku") => {
                let text = format!("Object with sku={} does not exist.", self.value);
                ErrorTree::message("does_not_exist", text)
            }
            (UnavailableReason::NotFound, _) => ErrorTree::does_not_exist(&self.value),
            (UnavailableReason::NotForSale, _) => ErrorTree::message("not_for_sale", "This product is not for sale."),
            (UnavailableReason::Ambiguous, _) => {
                ErrorTree::message("ambiguous", "This product has several variants: specify one by variant or sku.")
            }
        };
        ErrorTree::member(self.field, message)
    }
}

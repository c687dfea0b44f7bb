//! Why an order is refused. Nothing of a refused order remains.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;

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

/// All that the shop does not have or do of what an order asks for.
#[derive(Debug, Default)]
pub struct Unmet {
    pub lines: Vec<BadLine>,
    /// Orders are not delivered there.
    pub country: bool,
    /// The channel's, where the order asked for another.
    pub currency: Option<Currency>,
    /// Who does not exist.
    pub customer: Option<CustomerId>,
}

#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    #[error("The order asks for what the shop does not have.")]
    Unmet(Unmet),
    #[error("You do not have permission to perform this action.")]
    OutOfReach,
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
        match self {
            Self::Unmet(unmet) => Kind::Invalid(unmet.tree()),
            Self::OutOfReach => Kind::refused(StatusCode::FORBIDDEN, "permission_denied"),
            Self::Money(_) => Kind::Invalid(ErrorTree::of_object("total_too_large", self.to_string())),
            Self::Stock(cause) => cause.kind(),
            Self::Order(cause) => cause.kind(),
            Self::Database(cause) => cause.kind(),
        }
    }
}

impl Unmet {
    pub fn ensure_nothing(self) -> Result<(), CheckoutError> {
        let is_nothing = self.lines.is_empty() && !self.country && self.currency.is_none() && self.customer.is_none();
        if is_nothing { Ok(()) } else { Err(CheckoutError::Unmet(self)) }
    }

    fn tree(&self) -> ErrorTree {
        let mut errors = BTreeMap::new();
        if !self.lines.is_empty() {
            let lines = self.lines.iter().map(|line| (line.place.to_string(), line.tree()));
            errors.insert("lines".to_owned(), ErrorTree::Members(lines.collect()));
        }
        if self.country {
            let message = ErrorTree::message("country_not_served", "Orders are not delivered to this country.");
            errors.insert("shipping_address".to_owned(), ErrorTree::member("country", message));
        }
        if let Some(currency) = self.currency {
            let message = ErrorTree::message("currency_mismatch", format!("Prices are in {currency}."));
            errors.insert("currency".to_owned(), message);
        }
        if let Some(customer) = self.customer {
            errors.insert("customer".to_owned(), ErrorTree::does_not_exist(customer));
        }
        ErrorTree::Members(errors)
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

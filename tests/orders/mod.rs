//! The orders domain.

mod checkout;

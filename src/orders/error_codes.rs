//! Error codes of the orders domain.

use crate::platform::error::ErrorCode;

pub const ERROR_CODES: &[ErrorCode] = &[ErrorCode::new(
    "invalid_transition",
    &[409],
    "The order cannot change from its present status to the requested one. `next` lists the possible ones.",
    "Read the order, and request one of the transitions that `next` lists.",
)];

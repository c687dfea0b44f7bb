//! Error codes of the products domain.

use crate::platform::error::ErrorCode;

pub const ERROR_CODES: &[ErrorCode] = &[
    ErrorCode::new(
        "currency_in_use",
        &[409],
        "The currency of a channel cannot change while the channel has prices or orders.",
        "Create another channel with the new currency.",
    ),
    ErrorCode::new("last_variant", &[409], "A product keeps at least one variant.", "Archive the product instead."),
    ErrorCode::new(
        "out_of_stock",
        &[409],
        "The available stock is less than the requested quantity. `lines` names each line with the available quantity.",
        "Reduce the quantities and repeat the request with a new `Idempotency-Key`.",
    ),
    ErrorCode::new("protected", &[409], "The category has subcategories or products.", "Move or delete them first."),
    ErrorCode::new(
        "stock_allocated",
        &[409],
        "The new quantity is less than the quantity that orders have allocated.",
        "Cancel orders, or count at least the allocated quantity.",
    ),
];

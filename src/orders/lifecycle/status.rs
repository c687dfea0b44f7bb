//! Where an order stands: the status that is moved, and the two that follow from payments and fulfilments.

use crate::platform::types::text_enum;

text_enum! {
    /// The order's status. `may_become` is the whole table of moves.
    pub enum OrderStatus {
        /// Staff are still putting it together.
        Draft = "draft",
        /// Placed; nobody has confirmed it yet.
        Pending = "pending",
        /// Confirmed; nothing has been prepared.
        Confirmed = "confirmed",
        /// The first goods are being prepared.
        Processing = "processing",
        /// Every line has left the warehouse.
        Shipped = "shipped",
        /// The customer has it.
        Delivered = "delivered",
        /// Given up; stock is free again.
        Cancelled = "cancelled",
        /// Never paid, and given up by the clock.
        Expired = "expired",
        /// Every line came back.
        Returned = "returned",
    }
}

text_enum! {
    /// How much of an order is paid; follows from its transactions.
    pub enum PaymentStatus {
        Unpaid = "unpaid",
        Authorized = "authorized",
        PartiallyPaid = "partially_paid",
        Paid = "paid",
        PartiallyRefunded = "partially_refunded",
        Refunded = "refunded",
    }
}

text_enum! {
    /// How much of an order has gone out and come back; follows from its fulfilments.
    pub enum FulfillmentStatus {
        Unfulfilled = "unfulfilled",
        PartiallyFulfilled = "partially_fulfilled",
        Fulfilled = "fulfilled",
        PartiallyReturned = "partially_returned",
        Returned = "returned",
    }
}

impl OrderStatus {
    /// What it may become next.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Pending, Self::Cancelled],
            Self::Pending => &[Self::Confirmed, Self::Expired, Self::Cancelled],
            Self::Confirmed => &[Self::Processing, Self::Cancelled],
            Self::Processing => &[Self::Shipped, Self::Cancelled],
            Self::Shipped => &[Self::Delivered, Self::Returned],
            Self::Delivered => &[Self::Returned],
            Self::Cancelled | Self::Expired | Self::Returned => &[],
        }
    }

    pub fn may_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }

    /// Until then a customer may change their mind.
    pub const fn is_cancellable_by_customer(self) -> bool {
        matches!(self, Self::Pending | Self::Confirmed)
    }
}

#[cfg(test)]
mod tests {
    use super::OrderStatus::{self, *};

    #[test]
    fn the_table_of_moves_is_this_one() {
        let allowed = [
            (Draft, Pending),
            (Pending, Confirmed),
            (Pending, Expired),
            (Confirmed, Processing),
            (Processing, Shipped),
            (Shipped, Delivered),
            (Draft, Cancelled),
            (Pending, Cancelled),
            (Confirmed, Cancelled),
            (Processing, Cancelled),
            (Shipped, Returned),
            (Delivered, Returned),
        ];
        for from in OrderStatus::ALL {
            for to in OrderStatus::ALL {
                assert_eq!(from.may_become(*to), allowed.contains(&(*from, *to)), "{from} → {to}");
            }
        }
    }
}

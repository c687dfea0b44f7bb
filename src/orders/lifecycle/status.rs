//! Status of an order, and its payment and fulfillment status, which follow from payments and fulfillments.

use crate::platform::types::text_enum;

text_enum! {
    /// Status of an order.
    pub enum OrderStatus {
        /// Being prepared by staff, not yet placed.
        Draft = "draft",
        /// Placed, not yet confirmed.
        Pending = "pending",
        /// Confirmed, nothing prepared yet.
        Confirmed = "confirmed",
        /// Being prepared for shipping.
        Processing = "processing",
        /// All lines are shipped.
        Shipped = "shipped",
        /// All lines are delivered to the customer.
        Delivered = "delivered",
        /// Cancelled: the stock is released.
        Cancelled = "cancelled",
        /// Not paid in time: the stock is released.
        Expired = "expired",
        /// All lines are returned.
        Returned = "returned",
    }
}

text_enum! {
    /// Payment status of an order, derived from its payment transactions.
    pub enum PaymentStatus {
        /// Nothing is paid.
        Unpaid = "unpaid",
        /// The payment is authorized but not captured.
        Authorized = "authorized",
        /// A part of the total is paid.
        PartiallyPaid = "partially_paid",
        /// The total is paid.
        Paid = "paid",
        /// A part of the payment is refunded.
        PartiallyRefunded = "partially_refunded",
        /// The payment is refunded.
        Refunded = "refunded",
    }
}

text_enum! {
    /// Fulfillment status of an order, derived from its fulfillments and returns.
    pub enum FulfillmentStatus {
        /// Nothing is shipped.
        Unfulfilled = "unfulfilled",
        /// A part of the order is shipped.
        PartiallyFulfilled = "partially_fulfilled",
        /// All lines are shipped.
        Fulfilled = "fulfilled",
        /// A part of the order is returned.
        PartiallyReturned = "partially_returned",
        /// All lines are returned.
        Returned = "returned",
    }
}

impl OrderStatus {
    /// Returns the statuses that can follow this one.
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

    /// Returns true if an order can change from this status to `next`.
    pub fn can_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }

    /// Returns true if customers can cancel an order in this status.
    pub const fn is_cancellable_by_customer(self) -> bool {
        matches!(self, Self::Pending | Self::Confirmed)
    }
}

#[cfg(test)]
mod tests {
    use super::OrderStatus::{self, *};

    #[test]
    fn only_listed_transitions_are_allowed() {
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
                assert_eq!(from.can_become(*to), allowed.contains(&(*from, *to)), "{from} → {to}");
            }
        }
    }
}

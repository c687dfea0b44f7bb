//! Permissions of the orders domain.

use crate::platform::auth::permissions;

permissions! {
    /// View the orders of all customers
    ViewOrders = "orders.view";
    /// View the staff members and notes in the history of orders
    ViewOrderNotes = "orders.view_notes";
    /// Place orders for customers
    CreateOrders = "orders.create";
    /// Confirm orders
    ConfirmOrders = "orders.confirm";
    /// Cancel the orders of all customers
    CancelOrders = "orders.cancel";
    /// Start the fulfillment of orders
    PrepareFulfillments = "fulfillments.prepare";
    /// Ship orders
    ShipFulfillments = "fulfillments.ship";
    /// Mark orders as delivered
    DeliverFulfillments = "fulfillments.deliver";
    /// View returns
    ViewReturns = "returns.view";
    /// Create returns
    CreateReturns = "returns.create";
}

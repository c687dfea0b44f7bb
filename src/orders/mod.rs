//! Orders: from what somebody wants to buy to what they have received.

pub mod checkout; // placing an order in one call
pub mod fulfilment; // preparing, shipping and delivering
pub mod lifecycle; // orders, their lines, their status and history
pub mod payments; // what was paid for an order, and how
pub mod pricing; // what lines and orders cost: pure arithmetic
pub mod returns; // what came back

//! Mercer: an order system for shops. `orders` build on `products`, these on `customers`, all on the `platform`.

pub mod platform; // everything an application of this kind needs, and nothing of shops

pub mod schema; // the tables, printed by Diesel

//! Mercer: an order system for shops. `orders` build on `products`, these on `customers`, all on the `platform`.

pub mod cli; // the commands: serve, worker, migrate, seed, import, …
pub mod customers; // everyone who signs in or buys
pub mod jobs; // every background job and its schedule
pub mod orders; // from what somebody wants to buy to what they have received
pub mod personal_data; // every room that knows something of people
pub mod platform; // everything an application of this kind needs, and nothing of shops
pub mod products; // what there is to buy, at which price, and how many of it
pub mod routes; // every URL prefix and the rooms behind it
pub mod schema; // the tables, printed by Diesel
pub mod server; // middleware, routes, graceful stop
pub mod subscriptions; // which event wakes which job

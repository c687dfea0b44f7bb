//! Customers: everyone who signs in or buys, and how they show who they are.

pub mod accounts; // users and their customer profiles
pub mod addresses; // where their goods and bills go, by the rules of each country
pub mod apps; // programs of others, and their tokens
pub mod auth; // registration, sign-in, sessions
pub mod customer_groups; // which customers belong together
pub mod directory; // customers as staff see them: list, notes, history, export
pub mod identity; // who is behind a token, and what they may do
pub mod mfa; // second factors: codes, passkeys, recovery codes
pub mod oauth; // signing in with Google and other providers
pub mod privacy; // accounts switched off, personal data shown and forgotten
pub mod staff; // who works for the shop, in groups with permissions
pub mod verification; // addresses proved by mail; passwords and addresses changed

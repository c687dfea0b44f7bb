//! Customers: everyone who signs in or buys, and how they show who they are.

pub mod accounts; // users and their customer profiles
pub mod apps; // programs of others, and their tokens
pub mod auth; // registration, sign-in, sessions
pub mod identity; // who is behind a token, and what they may do
pub mod staff; // who works for the shop, in groups with permissions

//! Customers: everyone who signs in or buys, and how they show who they are.

pub mod accounts; // users and their customer profiles
pub mod auth; // registration, sign-in, sessions

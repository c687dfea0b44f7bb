//! The customers domain.

mod accounts;
mod addresses;
mod auth;
mod customer_groups;
mod directory;
mod apps;
mod identity;
mod staff;

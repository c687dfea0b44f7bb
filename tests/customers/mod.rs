//! The customers domain.

mod accounts;
mod addresses;
mod apps;
mod auth;
mod customer_groups;
mod directory;
mod identity;
mod mfa;
mod oauth;
mod privacy;
mod staff;
mod verification;

//! The customers domain.

mod accounts;
mod addresses;
mod apps;
mod auth;
mod countries;
mod customer_groups;
mod directory;
mod identity;
mod mfa;
mod oauth;
mod passkeys;
mod privacy;
mod sessions;
mod staff;
mod totp;
mod verification;

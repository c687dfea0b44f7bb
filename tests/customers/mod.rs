//! The customers domain.

mod accounts;
mod auth;

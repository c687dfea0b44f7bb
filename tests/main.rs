//! The one test binary: one link instead of many.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as loudly as tests do"
)]

mod cli;
mod customers;
mod house;
mod orders;
mod platform;
mod products;
mod security;
mod support;

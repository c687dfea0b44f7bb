//! Support code of the tests.

pub mod builders;
pub mod client;
pub mod connections;
pub mod database;
pub mod fakes;
pub mod invariants;
pub mod mercer_process;
pub mod records;
pub mod redis;
pub mod second_factors;
pub mod server;
pub mod shop;
pub mod statements;

pub use client::{Client, TestResponse};
pub use shop::TestShop;

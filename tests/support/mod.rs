//! What tests stand on.

pub mod books;
pub mod builders;
pub mod client;
pub mod connections;
pub mod contradictions;
pub mod database;
pub mod fakes;
pub mod program;
pub mod redis;
pub mod second_factors;
pub mod server;
pub mod shop;
pub mod statements;

pub use client::{Client, TestResponse};
pub use shop::TestShop;

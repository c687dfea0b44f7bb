//! Platform: infrastructure for the domains. It contains nothing about shops.

pub mod api;
pub mod api_docs;
pub mod app;
pub mod attempts;
pub mod audit;
pub mod audit_log;
pub mod auth;
pub mod cache;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod db;
pub mod error;
pub mod events;
pub mod health;
pub mod http;
pub mod jobs;
pub mod notify;
pub mod oidc;
pub mod openapi;
pub mod personal_data;
pub mod ports;
mod redis_connection;
pub mod secret;
pub mod telemetry;
pub mod types;
pub mod write_context;

//! The platform.

mod api;
mod attempts;
mod audit;
mod audit_log;
mod cache;
mod config;
mod db;
mod embedded;
mod events;
mod health;
mod http;
mod jobs;
mod notify;
mod oidc;
mod openapi;
mod telemetry;
mod throttling;
mod types;

//! The platform.

mod api;
mod audit;
mod cache;
mod config;
mod db;
mod embedded;
mod events;
mod health;
mod http;
mod jobs;
mod notify;
mod openapi;
mod telemetry;
mod throttling;
mod types;

//! Principals by session or app token: channel scope and caching.

mod caching;
mod channel_scope;

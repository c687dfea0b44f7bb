//! The platform.

mod embedded;
mod notify;

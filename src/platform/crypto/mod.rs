//! Secrets of the shop: random ones, digests, and the one key that all others hang on.

mod random;
mod seal;

pub use random::{random_bytes, random_token, sha256};
pub use seal::MasterKey;

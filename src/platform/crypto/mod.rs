//! Cryptography: random secrets, digests, and the master key that encrypts and signs.

mod master_key;
mod random;

pub use master_key::MasterKey;
pub use random::{random_bytes, random_token, sha256};

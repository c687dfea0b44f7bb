//! Passwords: the rules for new passwords, their hashes, and hashing within a limit on concurrent work.
//!
//! Owns no table. The room `accounts` stores the hash of each user.

mod hash;
mod hashing;
mod password;

pub use hash::{PasswordHash, UnsupportedHash};
pub use hashing::{PasswordCheck, check_password, hash_password, started_hash_count, verify_password};
pub use password::{NewPassword, Password};

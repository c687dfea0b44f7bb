//! What requests are compared by.

use crate::platform::auth::sha256;

/// SHA-256 of the parts, each with its length before it, so that no two lists of parts are alike.
pub(super) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&part.len().to_be_bytes());
        bytes.extend_from_slice(part);
    }
    sha256(bytes).try_into().unwrap_or_default()
}

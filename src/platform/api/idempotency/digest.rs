//! Digests of requests.

use crate::platform::auth::sha256;

/// Returns the SHA-256 of the parts, each prefixed with its length, so that different lists never collide.
pub(super) fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&part.len().to_be_bytes());
        bytes.extend_from_slice(part);
    }
    sha256(bytes).try_into().unwrap_or_default()
}

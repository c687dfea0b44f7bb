//! Cursors: signed positions of keyset pages.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::platform::auth::MasterKey;

/// Length of the signature in front of the position, in bytes.
const SIGNATURE_LENGTH: usize = 16;

/// The row after which a page starts, or before which it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Values of the ordering columns as PostgreSQL formats them. None at the start or end of the list.
    #[serde(rename = "p")]
    pub position: Option<Vec<String>>,
    /// True if the page lies before the position.
    #[serde(rename = "b")]
    pub is_backward: bool,
}

impl Cursor {
    /// Encodes and signs the cursor for a URL. `purpose` names the list and its ordering.
    pub fn encode(&self, key: &MasterKey, purpose: &str) -> String {
        let position = serde_json::to_vec(self).unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.encode([sign(key, purpose, &position).as_slice(), &position].concat())
    }

    /// Decodes a cursor. Returns None if its signature is invalid or belongs to another list or ordering.
    pub fn decode(text: &str, key: &MasterKey, purpose: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signature, position) = bytes.split_at_checked(SIGNATURE_LENGTH)?;
        let is_valid = constant_time_eq(signature, &sign(key, purpose, position));
        is_valid.then(|| serde_json::from_slice(position).ok()).flatten()
    }
}

fn sign(key: &MasterKey, purpose: &str, position: &[u8]) -> Vec<u8> {
    let mut tag = key.sign(&format!("cursor:{purpose}"), position);
    tag.truncate(SIGNATURE_LENGTH);
    tag
}

fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_is_valid_only_if_unmodified_and_only_for_its_list() {
        let key = MasterKey::new("one").unwrap();
        let cursor = Cursor { position: Some(vec!["2026-01-01 00:00:00+00".into(), "x".into()]), is_backward: false };
        let encoded = cursor.encode(&key, "orders:-placed_at");
        assert_eq!(Cursor::decode(&encoded, &key, "orders:-placed_at"), Some(cursor));
        assert_eq!(Cursor::decode(&encoded, &key, "orders:number"), None);
        assert_eq!(Cursor::decode(&encoded, &MasterKey::new("two").unwrap(), "orders:-placed_at"), None);
        assert_eq!(Cursor::decode(&format!("{encoded}A"), &key, "orders:-placed_at"), None);
        for invalid in ["", "x", "====", "AAAA", "ÿ"] {
            assert_eq!(Cursor::decode(invalid, &key, "orders:-placed_at"), None);
        }
    }
}

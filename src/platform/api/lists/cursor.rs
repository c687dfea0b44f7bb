//! Cursors: where a keyset page begins, sealed against changes.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::platform::auth::MasterKey;

/// Bytes of the signature before the position.
const SIGNATURE: usize = 16;

/// The row that a page begins behind, or ends before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// What the row has in the columns of the order, as PostgreSQL writes it; none at an end of the list.
    #[serde(rename = "p")]
    pub position: Option<Vec<String>>,
    /// Towards the beginning of the list.
    #[serde(rename = "b")]
    pub is_backward: bool,
}

impl Cursor {
    /// As text for a URL; `purpose` names the list and its order.
    pub fn seal(&self, key: &MasterKey, purpose: &str) -> String {
        let position = serde_json::to_vec(self).unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.encode([sign(key, purpose, &position).as_slice(), &position].concat())
    }

    /// None for what we did not make, or not for this list in this order.
    pub fn open(text: &str, key: &MasterKey, purpose: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signature, position) = bytes.split_at_checked(SIGNATURE)?;
        let is_ours = constant_time_eq(signature, &sign(key, purpose, position));
        is_ours.then(|| serde_json::from_slice(position).ok()).flatten()
    }
}

fn sign(key: &MasterKey, purpose: &str, position: &[u8]) -> Vec<u8> {
    let mut tag = key.sign(&format!("cursor:{purpose}"), position);
    tag.truncate(SIGNATURE);
    tag
}

fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one, other).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_unchanged_and_for_its_list() {
        let key = MasterKey::new("one").unwrap();
        let cursor = Cursor { position: Some(vec!["2026-01-01 00:00:00+00".into(), "x".into()]), is_backward: false };
        let sealed = cursor.seal(&key, "orders:-placed_at");
        assert_eq!(Cursor::open(&sealed, &key, "orders:-placed_at"), Some(cursor));
        assert_eq!(Cursor::open(&sealed, &key, "orders:number"), None);
        assert_eq!(Cursor::open(&sealed, &MasterKey::new("two").unwrap(), "orders:-placed_at"), None);
        assert_eq!(Cursor::open(&format!("{sealed}A"), &key, "orders:-placed_at"), None);
        for nonsense in ["", "x", "====", "AAAA", "ÿ"] {
            assert_eq!(Cursor::open(nonsense, &key, "orders:-placed_at"), None);
        }
    }
}

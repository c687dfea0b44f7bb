//! App tokens: the prefix `mercer_`, a secret of 256 bits, and a keyed checksum. Tokens with an invalid checksum are
//! rejected without a database query.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{MasterKey, random_token};

/// Identifies leaked tokens, for example in secret scanners.
const PREFIX: &str = "mercer_";

/// Length of the checksum: 64 bits of an HMAC in Base64.
const CHECKSUM_LENGTH: usize = 11;

/// Generates an app token.
pub fn new_app_token(key: &MasterKey) -> anyhow::Result<String> {
    let secret = random_token()?;
    Ok(format!("{PREFIX}{secret}{}", checksum(key, &secret)))
}

/// Returns true if the token has the prefix of app tokens. It can still be invalid.
pub(super) fn is_app_token(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// Returns true if the checksum is valid. The token can still be expired or revoked.
pub(super) fn has_valid_checksum(key: &MasterKey, token: &str) -> bool {
    let Some(rest) = token.strip_prefix(PREFIX) else { return false };
    let Some((secret, check)) = rest.len().checked_sub(CHECKSUM_LENGTH).and_then(|at| rest.split_at_checked(at)) else {
        return false;
    };
    verify_slices_are_equal(check.as_bytes(), checksum(key, secret).as_bytes()).is_ok()
}

fn checksum(key: &MasterKey, secret: &str) -> String {
    let mac = key.sign("app token", secret.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_identifies_genuine_tokens() {
        let key = MasterKey::new("one").unwrap();
        let token = new_app_token(&key).unwrap();

        assert!(is_app_token(&token) && has_valid_checksum(&key, &token));
        assert_eq!(token.len(), PREFIX.len() + 43 + CHECKSUM_LENGTH);
        assert!(!has_valid_checksum(&MasterKey::new("two").unwrap(), &token));
        for forged in
            ["mercer_", "mercer_x", &token[..token.len() - 1], &format!("{token}A"), &token[7..], "mercer_üüüüüü"]
        {
            assert!(!has_valid_checksum(&key, forged), "{forged}");
        }
    }
}

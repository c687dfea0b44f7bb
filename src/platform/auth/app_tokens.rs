//! The tokens of programs: `mercer_`, a secret of 256 bits, and a check that only we could have made, so that a flood
//! of invented ones asks the database nothing.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{MasterKey, random_token};

/// So that a leaked one is known for what it is.
const PREFIX: &str = "mercer_";

/// 64 bits of an HMAC, in Base64.
const CHECK_LENGTH: usize = 11;

pub fn new_app_token(key: &MasterKey) -> anyhow::Result<String> {
    let secret = random_token()?;
    Ok(format!("{PREFIX}{secret}{}", check_of(key, &secret)))
}

/// Whether it looks like one, good or not.
pub(super) fn is_app_token(token: &str) -> bool {
    token.starts_with(PREFIX)
}

/// Whether we have made it. It may have ended since.
pub(super) fn is_ours(key: &MasterKey, token: &str) -> bool {
    let Some(rest) = token.strip_prefix(PREFIX) else { return false };
    let Some((secret, check)) = rest.len().checked_sub(CHECK_LENGTH).and_then(|at| rest.split_at_checked(at)) else {
        return false;
    };
    verify_slices_are_equal(check.as_bytes(), check_of(key, secret).as_bytes()).is_ok()
}

fn check_of(key: &MasterKey, secret: &str) -> String {
    let mac = key.sign("app token", secret.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_check() {
        let key = MasterKey::new("one").unwrap();
        let token = new_app_token(&key).unwrap();

        assert!(is_app_token(&token) && is_ours(&key, &token));
        assert_eq!(token.len(), PREFIX.len() + 43 + CHECK_LENGTH);
        assert!(!is_ours(&MasterKey::new("two").unwrap(), &token));
        for forged in
            ["mercer_", "mercer_x", &token[..token.len() - 1], &format!("{token}A"), &token[7..], "mercer_üüüüüü"]
        {
            assert!(!is_ours(&key, forged), "{forged}");
        }
    }
}

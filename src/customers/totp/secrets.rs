//! Secrets of second factors: TOTP seeds and recovery codes.
//!
//! Codes have six digits, SHA-1 and steps of thirty seconds (RFC 6238), which all authenticator apps support.

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use totp_rs::{Builder, Secret, Totp};

use crate::platform::auth::{MasterKey, random_bytes, sha256};
use crate::platform::types::UserId;

/// Shared secret of an authenticator app: 160 bits, as RFC 4226 recommends.
pub(super) struct TotpSeed(Vec<u8>);

impl TotpSeed {
    pub fn generate() -> Result<Self> {
        Ok(Self(random_bytes::<20>()?.to_vec()))
    }

    /// Encrypts the seed for its user. It cannot be decrypted in the row of another user.
    pub fn encrypt(&self, key: &MasterKey, user: UserId) -> Result<Vec<u8>> {
        key.encrypt(&purpose(user), &self.0)
    }

    pub fn decrypt(key: &MasterKey, user: UserId, encrypted: &[u8]) -> Result<Self> {
        key.decrypt(&purpose(user), encrypted).map(Self)
    }

    /// Returns the seed in base 32, for typing into an app.
    pub fn to_base32(&self) -> String {
        Secret::from(self.0.clone()).to_base32()
    }

    /// Returns the URL for a QR code. A colon separates the two names in the URL, so they must not contain one.
    pub fn otpauth_url(&self, shop_name: &str, account: &str) -> Result<String> {
        let (shop_name, account) = (shop_name.replace(':', " "), account.replace(':', " "));
        let totp = Builder::new().with_secret(self.0.clone()).with_issuer(Some(shop_name)).with_account_name(account);
        let totp = totp.build().map_err(|error| anyhow!("cannot build the TOTP: {error}"))?;
        totp.to_url().map_err(|error| anyhow!("cannot build the otpauth URL: {error}"))
    }

    /// Returns the time step that a code belongs to: the current, the previous or the next one, because clocks differ.
    pub fn time_step(&self, code: &str, now: DateTime<Utc>) -> Result<Option<i64>> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let step = self.totp()?.check(&code, u64::try_from(now.timestamp())?);
        Ok(step.map(i64::try_from).transpose()?)
    }

    fn totp(&self) -> Result<Totp> {
        let totp = Builder::new().with_secret(self.0.clone()).with_skew(1).build();
        totp.map_err(|error| anyhow!("cannot build the TOTP: {error}"))
    }
}

fn purpose(user: UserId) -> String {
    format!("totp seed of {user}")
}

/// Generates a recovery code: 80 random bits in base 32, such as `abcd-efgh-ijkl-mnop`.
pub(super) fn generate_recovery_code() -> Result<String> {
    let letters = Secret::from(random_bytes::<10>()?.to_vec()).to_base32().to_ascii_lowercase();
    let letters: Vec<char> = letters.chars().collect();
    Ok(letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-"))
}

/// Hashes a recovery code. A plain hash suffices for 80 random bits. The user's id makes equal codes of two users
/// different.
pub(super) fn hash_recovery_code(user: UserId, code: &str) -> Vec<u8> {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    sha256(format!("{user}:{}", code.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// Test vectors of RFC 6238, appendix B, for SHA-1: the last six of their eight digits.
    #[test]
    fn codes_match_the_test_vectors_of_rfc_6238() {
        let seed = TotpSeed(b"12345678901234567890".to_vec());
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(seed.time_step(code, at(seconds)).unwrap(), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn code_is_accepted_one_step_early_and_one_step_late() {
        let seed = TotpSeed(b"12345678901234567890".to_vec());
        for (seconds, is_accepted) in
            [(1_234_567_890 - 30, true), (1_234_567_890 + 59, true), (1_234_567_890 - 31, false)]
        {
            assert_eq!(seed.time_step("005924", at(seconds)).unwrap().is_some(), is_accepted, "{seconds}");
        }
        assert_eq!(seed.time_step("005924", at(1_234_567_890 + 60)).unwrap(), None);
        assert_eq!(seed.time_step("005 924", at(1_234_567_890)).unwrap(), Some(41_152_263));
        for wrong in ["", "05924", "0005924", "００５９２４", "+05924"] {
            assert_eq!(seed.time_step(wrong, at(1_234_567_890)).unwrap(), None, "{wrong}");
        }
    }

    #[test]
    fn seed_can_be_decrypted_for_its_user_only() {
        let (key, user) = (MasterKey::new("one").unwrap(), UserId::generate());
        let encrypted = TotpSeed::generate().unwrap().encrypt(&key, user).unwrap();
        assert!(TotpSeed::decrypt(&key, user, &encrypted).is_ok());
        assert!(TotpSeed::decrypt(&key, UserId::generate(), &encrypted).is_err());
    }

    #[test]
    fn otpauth_url_contains_shop_name_and_account() {
        let seed = TotpSeed(b"12345678901234567890".to_vec());
        assert_eq!(
            seed.otpauth_url("Mugs: & More", "ana@example.com").unwrap(),
            "otpauth://totp/Mugs%20%20%26%20More:ana%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Mugs%20%20%26%20More"
        );
    }
}

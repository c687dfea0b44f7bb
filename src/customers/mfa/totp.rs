//! Codes by the clock (RFC 6238): six digits, SHA-1, every thirty seconds, as all authenticator apps read them.

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use totp_rs::{Builder, Secret, Totp};

use crate::platform::auth::{MasterKey, random_bytes};
use crate::platform::types::UserId;

/// What an app and the shop know together: 160 bits, as RFC 4226 recommends.
pub(super) struct Seed(Vec<u8>);

impl Seed {
    pub fn generate() -> Result<Self> {
        Ok(Self(random_bytes::<20>()?.to_vec()))
    }

    /// Bound to its user: moved to another's row, it does not open.
    pub fn seal(&self, master: &MasterKey, user: UserId) -> Result<Vec<u8>> {
        master.seal(&purpose(user), &self.0)
    }

    pub fn open(master: &MasterKey, user: UserId, sealed: &[u8]) -> Result<Self> {
        master.open(&purpose(user), sealed).map(Self)
    }

    /// For typing into an app, in base 32.
    pub fn secret(&self) -> String {
        Secret::from(self.0.clone()).to_base32()
    }

    /// What a QR code for apps says.
    pub fn url(&self, shop: &str, account: &str) -> Result<String> {
        // The colon stands between the two.
        let (shop, account) = (shop.replace(':', " "), account.replace(':', " "));
        let totp = Builder::new().with_secret(self.0.clone()).with_issuer(Some(shop)).with_account_name(account);
        let totp = totp.build().map_err(|error| anyhow!("no TOTP can be made: {error}"))?;
        totp.to_url().map_err(|error| anyhow!("no URL can be made: {error}"))
    }

    /// The step that a code belongs to: the one of now, the one before or the one after, for clocks that differ.
    pub fn step_of(&self, code: &str, now: DateTime<Utc>) -> Result<Option<i64>> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let step = self.totp()?.check(&code, u64::try_from(now.timestamp())?);
        Ok(step.map(i64::try_from).transpose()?)
    }

    fn totp(&self) -> Result<Totp> {
        let totp = Builder::new().with_secret(self.0.clone()).with_skew(1).build();
        totp.map_err(|error| anyhow!("no TOTP can be made: {error}"))
    }
}

fn purpose(user: UserId) -> String {
    format!("totp seed of {user}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 6238, appendix B, for SHA-1; of its eight digits the last six.
    #[test]
    fn codes_are_those_of_the_standard() {
        let seed = Seed(b"12345678901234567890".to_vec());
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(seed.step_of(code, at(seconds)).unwrap(), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_one_late() {
        let seed = Seed(b"12345678901234567890".to_vec());
        for (seconds, step) in [(1_234_567_890 - 30, true), (1_234_567_890 + 59, true), (1_234_567_890 - 31, false)] {
            assert_eq!(seed.step_of("005924", at(seconds)).unwrap().is_some(), step, "{seconds}");
        }
        assert_eq!(seed.step_of("005924", at(1_234_567_890 + 60)).unwrap(), None);
        assert_eq!(seed.step_of("005 924", at(1_234_567_890)).unwrap(), Some(41_152_263));
        for wrong in ["", "05924", "0005924", "００５９２４", "+05924"] {
            assert_eq!(seed.step_of(wrong, at(1_234_567_890)).unwrap(), None, "{wrong}");
        }
    }

    #[test]
    fn a_seed_opens_for_its_user_alone() {
        let (master, user) = (MasterKey::new("one").unwrap(), UserId::generate());
        let sealed = Seed::generate().unwrap().seal(&master, user).unwrap();
        assert!(Seed::open(&master, user, &sealed).is_ok());
        assert!(Seed::open(&master, UserId::generate(), &sealed).is_err());
    }

    #[test]
    fn an_app_reads_shop_and_account_from_the_url() {
        let seed = Seed(b"12345678901234567890".to_vec());
        assert_eq!(
            seed.url("Mugs: & More", "ana@example.com").unwrap(),
            "otpauth://totp/Mugs%20%20%26%20More:ana%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Mugs%20%20%26%20More"
        );
    }
}

//! Password hashes: bcrypt over base64(SHA-384(password)), because bcrypt alone ignores all bytes after the 72nd.
//!
//! Hashes that were imported from another shop are supported in their own format, which has the prefix that Django
//! gives it. Mercer replaces such a hash when its user signs in.

use std::str::FromStr;

use anyhow::Result;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bcrypt::HashParts;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;

use super::password::Password;

/// Prefix of bcrypt over the password itself. Hashes in Mercer's own format have no prefix.
const PLAIN_PREFIX: &str = "bcrypt$";

/// Prefix of bcrypt over the hexadecimal SHA-256 of the password (`BCryptSHA256PasswordHasher` of Django).
const SHA256_PREFIX: &str = "bcrypt_sha256$";

/// Highest supported bcrypt cost. A higher cost would occupy a core for longer than a client waits.
const MAX_COST: u32 = 16;

const MIN_COST: u32 = 4;

/// Stored hash of a password.
#[derive(Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct PasswordHash(String);

/// Error for a hash in an unsupported format.
#[derive(Debug, thiserror::Error)]
#[error("unsupported hash: expected a bcrypt hash of cost 4 to 16 ($2b$…, bcrypt$$2b$… or bcrypt_sha256$$2b$…)")]
pub struct UnsupportedHash;

impl PasswordHash {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Hashes a password in Mercer's own format. This is slow: see [`super::hash_password`].
    pub(super) fn new(password: &Password, cost: u32) -> Result<Self> {
        Ok(Self(bcrypt::hash(encoded_sha384(password), cost)?))
    }

    /// Reads a hash from another shop: bcrypt over the password, or one of Django's two bcrypt formats.
    pub fn import(text: &str) -> Result<Self, UnsupportedHash> {
        let text = text.trim();
        let hash = Self(if text.starts_with("$2") { format!("{PLAIN_PREFIX}{text}") } else { text.to_owned() });
        if hash.is_supported() { Ok(hash) } else { Err(UnsupportedHash) }
    }

    /// Returns true if a password can be verified against this hash. No password matches an unsupported hash.
    pub(super) fn is_supported(&self) -> bool {
        self.cost().is_some_and(|cost| (MIN_COST..=MAX_COST).contains(&cost))
    }

    /// Returns true if the hash has Mercer's own format and at least this cost.
    pub(super) fn is_current(&self, cost: u32) -> bool {
        self.0.starts_with("$2") && self.cost().is_some_and(|own| own >= cost)
    }

    /// Returns true if this is the hash of the password.
    pub(super) fn matches(&self, password: &Password) -> Result<bool> {
        let bcrypt = self.without_prefix();
        let matches = if self.0.starts_with(SHA256_PREFIX) {
            let digest = digest::digest(&digest::SHA256, password.text().as_bytes());
            bcrypt::verify(hex::encode(digest), bcrypt)
        } else if self.0.starts_with(PLAIN_PREFIX) {
            bcrypt::verify(password.text(), bcrypt)
        } else {
            bcrypt::verify(encoded_sha384(password), bcrypt)
        };
        Ok(matches?)
    }

    fn without_prefix(&self) -> &str {
        let prefixes = [SHA256_PREFIX, PLAIN_PREFIX];
        prefixes.into_iter().find_map(|prefix| self.0.strip_prefix(prefix)).unwrap_or(&self.0)
    }

    /// Returns the bcrypt cost, or None for an unsupported hash.
    fn cost(&self) -> Option<u32> {
        self.without_prefix().parse::<HashParts>().ok().map(|parts| parts.get_cost())
    }
}

fn encoded_sha384(password: &Password) -> String {
    STANDARD.encode(digest::digest(&digest::SHA384, password.text().as_bytes()))
}

impl FromStr for PasswordHash {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl diesel::serialize::ToSql<Text, diesel::pg::Pg> for PasswordHash {
    fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>) -> diesel::serialize::Result {
        <str as diesel::serialize::ToSql<Text, diesel::pg::Pg>>::to_sql(&self.0, out)
    }
}

impl diesel::deserialize::FromSql<Text, diesel::pg::Pg> for PasswordHash {
    fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
        <String as diesel::deserialize::FromSql<Text, diesel::pg::Pg>>::from_sql(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a bcrypt hash in the version that PHP ("2y"), Django ("2b") or older libraries ("2a") write.
    fn bcrypt_hash(text: &str, version: &str) -> String {
        let hash = bcrypt::hash_with_result(text, 4).unwrap();
        match version {
            "2a" => hash.format_for_version(bcrypt::Version::TwoA),
            "2y" => hash.format_for_version(bcrypt::Version::TwoY),
            _ => hash.format_for_version(bcrypt::Version::TwoB),
        }
    }

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[test]
    fn imported_hashes_match_their_password_and_are_not_current() {
        let sha256 = hex::encode(digest::digest(&digest::SHA256, b"correct horse"));
        for text in [
            bcrypt_hash("correct horse", "2a"),
            bcrypt_hash("correct horse", "2b"),
            bcrypt_hash("correct horse", "2y"),
            format!("bcrypt${}", bcrypt_hash("correct horse", "2b")),
            format!("bcrypt_sha256${}", bcrypt_hash(&sha256, "2b")),
        ] {
            let hash = PasswordHash::import(&text).unwrap();
            assert!(hash.matches(&password("correct horse")).unwrap(), "{text}");
            assert!(!hash.matches(&password("correct horsf")).unwrap(), "{text}");
            assert!(!hash.is_current(4), "{text}");
        }
        assert!(PasswordHash::new(&password("x"), 4).unwrap().is_current(4));
        assert!(!PasswordHash::new(&password("x"), 4).unwrap().is_current(5));
    }

    #[test]
    fn malformed_hashes_are_unsupported() {
        let valid = bcrypt_hash("x", "2b");
        let malformed = [
            "",
            "x",
            "$2b$",
            "bcrypt$",
            "pbkdf2_sha256$1$a$b",
            "$1$abc$def",
            "$2b$99$",
            "ü",
            "\u{0}",
            &valid.replace("$04$", "$31$"),
            &valid.replace("$04$", "$03$"),
            &valid.replace("$04$", "$-4$"),
            &valid.replace("$2b$", "$2z$"),
            &format!("{valid}$"),
            &valid[..59],
            &format!("{}ü", &valid[..58]),
            &format!("{}üüü", &valid[..24]),
        ];
        for text in malformed {
            assert!(PasswordHash::import(text).is_err(), "{text}");
            assert!(!text.parse::<PasswordHash>().unwrap().is_supported(), "{text}");
        }
    }
}

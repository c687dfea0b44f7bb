//! What is kept of a password: bcrypt over base64(SHA-384(password)), so that no byte of a long one is cut off.
//!
//! Hashes that another shop made are read too, each under the name that Django gives its form, and replaced when their
//! owner signs in.

use std::str::FromStr;

use anyhow::Result;
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;

use super::passwords::Password;

/// bcrypt of the password itself; without this name, it is of our own form.
const PLAIN: &str = "bcrypt$";

/// bcrypt of the SHA-256 of the password, in hex: Django's usual form of bcrypt.
const SHA256: &str = "bcrypt_sha256$";

/// More rounds than these would keep a core busy for longer than anybody waits.
const MOST_COST: u32 = 16;

const LEAST_COST: u32 = 4;

/// What is stored of a password.
#[derive(Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct PasswordHash(String);

/// Of no form that we read.
#[derive(Debug, thiserror::Error)]
#[error("it is no bcrypt hash of 4 to 16 rounds: $2b$…, bcrypt$$2b$… or bcrypt_sha256$$2b$…")]
pub struct ForeignHash;

impl PasswordHash {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// In our own form. Takes long: see [`super::hash_password`].
    pub(super) fn of(password: &Password, cost: u32) -> Result<Self> {
        Ok(Self(bcrypt::hash(digest(password), cost)?))
    }

    /// A hash that another shop made: bcrypt of the password, or one of Django's two forms.
    pub fn import(text: &str) -> Result<Self, ForeignHash> {
        let text = text.trim();
        let hash = Self(if text.starts_with("$2") { format!("{PLAIN}{text}") } else { text.to_owned() });
        if hash.is_readable() { Ok(hash) } else { Err(ForeignHash) }
    }

    /// Whether it can be compared with: what is not, is nobody's password.
    pub(super) fn is_readable(&self) -> bool {
        self.cost().is_some_and(|cost| (LEAST_COST..=MOST_COST).contains(&cost))
    }

    /// Of our own form, and of as many rounds as the shop wants by now.
    pub(super) fn is_current(&self, cost: u32) -> bool {
        self.0.starts_with("$2") && self.cost().is_some_and(|own| own >= cost)
    }

    pub(super) fn is_of(&self, password: &Password) -> Result<bool> {
        let bcrypt = self.bcrypt();
        let hashed = if self.0.starts_with(SHA256) {
            let digest = digest::digest(&digest::SHA256, password.text().as_bytes());
            bcrypt::verify(hex::encode(digest), bcrypt)
        } else if self.0.starts_with(PLAIN) {
            bcrypt::verify(password.text(), bcrypt)
        } else {
            bcrypt::verify(digest(password), bcrypt)
        };
        Ok(hashed?)
    }

    /// `$2b$12$` and 53 characters.
    fn bcrypt(&self) -> &str {
        [SHA256, PLAIN].into_iter().find_map(|name| self.0.strip_prefix(name)).unwrap_or(&self.0)
    }

    fn cost(&self) -> Option<u32> {
        let mut parts = self.bcrypt().split('$');
        let (nothing, version, cost, sum) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_form = nothing.is_empty()
            && ["2a", "2b", "2x", "2y"].contains(&version)
            && cost.len() == 2
            && cost.bytes().all(|byte| byte.is_ascii_digit())
            && sum.len() == 53
            && sum.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'))
            && parts.next().is_none();
        if is_form { cost.parse().ok() } else { None }
    }
}

fn digest(password: &Password) -> String {
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

    /// "correct horse", as PHP, Django and Node write it.
    fn of_another_shop(text: &str, version: &str) -> String {
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
    fn hashes_of_other_shops_are_read_and_are_not_current() {
        let sha256 = hex::encode(digest::digest(&digest::SHA256, b"correct horse"));
        for text in [
            of_another_shop("correct horse", "2a"),
            of_another_shop("correct horse", "2b"),
            of_another_shop("correct horse", "2y"),
            format!("bcrypt${}", of_another_shop("correct horse", "2b")),
            format!("bcrypt_sha256${}", of_another_shop(&sha256, "2b")),
        ] {
            let hash = PasswordHash::import(&text).unwrap();
            assert!(hash.is_of(&password("correct horse")).unwrap(), "{text}");
            assert!(!hash.is_of(&password("correct horsf")).unwrap(), "{text}");
            assert!(!hash.is_current(4), "{text}");
        }
        assert!(PasswordHash::of(&password("x"), 4).unwrap().is_current(4));
        assert!(!PasswordHash::of(&password("x"), 4).unwrap().is_current(5));
    }

    #[test]
    fn what_is_no_hash_is_neither_taken_nor_compared_with() {
        let good = of_another_shop("x", "2b");
        let garbage = [
            "",
            "x",
            "$2b$",
            "bcrypt$",
            "pbkdf2_sha256$1$a$b",
            "$1$abc$def",
            "$2b$99$",
            "ü",
            "\u{0}",
            &good.replace("$04$", "$31$"),
            &good.replace("$04$", "$03$"),
            &good.replace("$04$", "$+4$"),
            &good.replace("$2b$", "$2z$"),
            &format!("{good}$"),
            &good[..59],
            &format!("{}ü", &good[..58]),
            &format!("{}üüü", &good[..24]),
        ];
        for text in garbage {
            assert!(PasswordHash::import(text).is_err(), "{text}");
            assert!(!text.parse::<PasswordHash>().unwrap().is_readable(), "{text}");
        }
    }
}

//! Passwords: bcrypt over base64(SHA-384(password)), so that no byte of a long one is cut off.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Result, anyhow};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use serde_json::Value;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::FromJson;

const MIN_CHARACTERS: usize = 8;
const MAX_BYTES: usize = 1024;

/// Hashing keeps a core busy for a quarter of a second: more at once would starve everything else.
static HASHING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Arc::new(Semaphore::new((cores / 2).max(1)))
});

/// Within a second somebody who waits for a turn hears that there is none.
const PATIENCE: Duration = Duration::from_millis(900);

/// A password as somebody typed it: exact, not trimmed. Any string for signing in; see [`Password::check_strength`].
#[derive(Clone, ToSchema)]
#[schema(value_type = String, format = Password)]
pub struct Password(String);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    pub fn is_same_as(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// At least 8 characters, and no other rule (NIST SP 800-63B).
    pub fn check_strength(&self) -> Result<(), ErrorTree> {
        if self.0.chars().count() < MIN_CHARACTERS {
            let text = format!("This password is too short. It must contain at least {MIN_CHARACTERS} characters.");
            return Err(ErrorTree::message("password_too_short", text));
        }
        Ok(())
    }

    fn digest(&self) -> String {
        STANDARD.encode(digest::digest(&digest::SHA384, self.0.as_bytes()))
    }
}

impl FromJson for Password {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        match value {
            Value::String(text) if text.is_empty() => Err(ErrorTree::blank()),
            Value::String(text) if text.len() > MAX_BYTES => Err(ErrorTree::max_length(MAX_BYTES)),
            Value::String(text) => Ok(Self(text)),
            _ => Err(ErrorTree::message("invalid", "Not a valid string.")),
        }
    }
}

/// A password that somebody chooses: strong enough, besides.
#[derive(Debug, Clone, ToSchema)]
#[schema(value_type = String, format = Password, min_length = 8)]
pub struct NewPassword(Password);

impl NewPassword {
    pub fn is_same_as(&self, other: &Password) -> bool {
        self.0.is_same_as(other)
    }

    pub fn into_inner(self) -> Password {
        self.0
    }
}

impl FromJson for NewPassword {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let password = Password::from_json(value)?;
        password.check_strength()?;
        Ok(Self(password))
    }
}

/// What is stored of a password.
#[derive(Clone, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct PasswordHash(String);

impl PasswordHash {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for PasswordHash {
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
        <str as diesel::serialize::ToSql<Text, diesel::pg::Pg>>::to_sql(self.as_str(), out)
    }
}

impl diesel::deserialize::FromSql<Text, diesel::pg::Pg> for PasswordHash {
    fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
        <String as diesel::deserialize::FromSql<Text, diesel::pg::Pg>>::from_sql(value).map(Self)
    }
}

/// Hashes on a blocking thread, a few at a time.
pub async fn hash_password(password: Password, cost: u32) -> Result<PasswordHash, Problem> {
    off_thread(move || Ok(PasswordHash(bcrypt::hash(password.digest(), cost)?))).await
}

/// Whether it is the password. Without a hash to compare with, as much work is done and the answer is no,
/// so that nobody learns from the time it takes which accounts there are.
pub async fn verify_password(password: Password, hash: Option<PasswordHash>, cost: u32) -> Result<bool, Problem> {
    off_thread(move || match hash {
        Some(PasswordHash(hash)) => Ok(bcrypt::verify(password.digest(), &hash)?),
        None => bcrypt::hash(password.digest(), cost).map(|_| false).map_err(Into::into),
    })
    .await
}

/// The turn belongs to the work, not to who waits for it: a client that goes away frees no core.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T, Problem> {
    let turn = tokio::time::timeout(PATIENCE, Arc::clone(&HASHING).acquire_owned()).await;
    let Ok(Ok(turn)) = turn else { return Err(Problem::unavailable(anyhow!("too many passwords at once"))) };
    let result = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    result.await.map_err(anyhow::Error::from).flatten().map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn passwords_that_differ_behind_their_72nd_byte_are_different() {
        let long = "x".repeat(72);
        let hash = hash_password(password(&format!("{long}a")), 4).await.unwrap();
        assert!(verify_password(password(&format!("{long}a")), Some(hash.clone()), 4).await.unwrap());
        assert!(!verify_password(password(&format!("{long}b")), Some(hash), 4).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_signs_in_without_a_hash() {
        assert!(!verify_password(password("anything"), None, 4).await.unwrap());
    }

    #[test]
    fn a_password_needs_eight_characters_and_nothing_else() {
        assert!(password("ümläut§§").check_strength().is_ok());
        assert!(password("seven77").check_strength().is_err());
        assert!(Password::from_json(Value::String("x".repeat(1025))).is_err());
    }
}

//! Passwords: as they are typed, which are good enough to be chosen, and hashing them a few at a time.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Result, anyhow};
use serde_json::Value;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use super::hashes::PasswordHash;
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

/// What everybody tries first.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// So many characters beside a word that anybody guesses do not make a password of it.
const MOST_BESIDE: usize = 3;

fn too_common() -> ErrorTree {
    ErrorTree::message("password_too_common", "This password is too common.")
}

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

    /// At least 8 characters, none of the common ones, and no other rule (NIST SP 800-63B).
    pub fn check_strength(&self) -> Result<(), ErrorTree> {
        if self.0.chars().count() < MIN_CHARACTERS {
            let text = format!("This password is too short. It must contain at least {MIN_CHARACTERS} characters.");
            return Err(ErrorTree::message("password_too_short", text));
        }
        if COMMON.contains(self.0.to_lowercase().as_str()) {
            return Err(too_common());
        }
        Ok(())
    }

    /// Nothing that stands in the account, and not the shop's name: with at most three characters more.
    pub fn check_likeness(&self, shop_name: &str, account: &[&str]) -> Result<(), ErrorTree> {
        let password = self.0.to_lowercase();
        let is_like = |word: &str| {
            let word = word.trim().to_lowercase();
            let left = password.replace(&word, "").chars().count();
            word.chars().count() >= 3 && password.contains(&word) && left <= MOST_BESIDE
        };
        if is_like(shop_name) {
            return Err(too_common());
        }
        let mailbox = |word: &&str| word.split_once('@').map(|(mailbox, _)| mailbox.to_owned());
        let mailboxes: Vec<String> = account.iter().filter_map(mailbox).collect();
        if account.iter().copied().chain(mailboxes.iter().map(String::as_str)).any(is_like) {
            let text = "The password is too similar to your e-mail address or name.";
            return Err(ErrorTree::message("password_too_similar", text));
        }
        Ok(())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
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

    /// [`Password::check_likeness`].
    pub fn check_likeness(&self, shop_name: &str, account: &[&str]) -> Result<(), ErrorTree> {
        self.0.check_likeness(shop_name, account)
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

/// Hashes on a blocking thread, a few at a time.
pub async fn hash_password(password: Password, cost: u32) -> Result<PasswordHash, Problem> {
    off_thread(move || PasswordHash::of(&password, cost)).await
}

/// What comparing a password with a hash comes to.
#[derive(Debug)]
pub enum Checked {
    Wrong,
    Right,
    /// Right, and the hash is of another shop's form or of too few rounds: this one is to be kept instead.
    Outdated(PasswordHash),
}

impl Checked {
    pub const fn is_right(&self) -> bool {
        !matches!(self, Self::Wrong)
    }
}

/// Whether it is the password. Without a hash to compare with, as much work is done and the answer is no,
/// so that nobody learns from the time it takes which accounts there are.
pub async fn check_password(password: Password, hash: Option<PasswordHash>, cost: u32) -> Result<Checked, Problem> {
    off_thread(move || {
        let Some(hash) = hash.filter(PasswordHash::is_readable) else {
            return PasswordHash::of(&password, cost).map(|_| Checked::Wrong);
        };
        let is_right = hash.is_of(&password)?;
        if hash.is_current(cost) {
            return Ok(if is_right { Checked::Right } else { Checked::Wrong });
        }
        // Also where it is wrong: a hash of fewer rounds must not be told by its time from no hash at all.
        let new = PasswordHash::of(&password, cost)?;
        Ok(if is_right { Checked::Outdated(new) } else { Checked::Wrong })
    })
    .await
}

/// [`check_password`], for those who do not care how it is kept.
pub async fn verify_password(password: Password, hash: Option<PasswordHash>, cost: u32) -> Result<bool, Problem> {
    check_password(password, hash, cost).await.map(|checked| checked.is_right())
}

thread_local! {
    static WORKED_OUT: Cell<u64> = const { Cell::new(0) };
}

/// How many hashes this thread has asked for: what an answer costs, whatever a clock says of it.
pub fn hashes_asked_for() -> u64 {
    WORKED_OUT.get()
}

/// The turn belongs to the work, not to who waits for it: a client that goes away frees no core.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T, Problem> {
    WORKED_OUT.set(WORKED_OUT.get() + 1);
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

    #[test]
    fn what_everybody_tries_first_is_refused_in_any_case() {
        assert!(COMMON.len() >= 3000, "{}", COMMON.len());
        assert!(
            COMMON.iter().all(|common| common.chars().count() >= MIN_CHARACTERS && **common == common.to_lowercase())
        );
        for common in ["password", "PassWord1", "12345678", "qwertyuiop"] {
            assert_eq!(password(common).check_strength(), Err(too_common()), "{common}");
        }
        assert!(password("password of mine").check_strength().is_ok());
    }

    #[test]
    fn the_shops_name_and_what_stands_in_the_account_are_refused() {
        let like =
            |text: &str| password(text).check_likeness("Mug & Co", &["nia.mwangi@example.com", "Nia", "Mwangi", ""]);
        assert_eq!(like("mug & co!1"), Err(too_common()));
        for alike in ["nia.mwangi@example.com", "Nia.Mwangi7", "MWANGI123", "7niania7"] {
            let refused = like(alike).unwrap_err();
            assert!(serde_json::to_string(&refused).unwrap().contains("too similar"), "{alike}");
        }
        for fine in ["correct horse", "nia likes mugs", "mug & company"] {
            assert!(like(fine).is_ok(), "{fine}");
        }
    }
}

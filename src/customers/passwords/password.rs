//! Passwords in requests, and the rules for new passwords.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde_json::Value;
use utoipa::ToSchema;

use crate::platform::error::ErrorTree;
use crate::platform::http::FromJson;

const MIN_CHARACTERS: usize = 8;
const MAX_BYTES: usize = 1024;

/// The most common passwords, in lower case.
static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// A password that contains a guessable word needs more characters than these besides the word.
const MAX_CHARACTERS_BESIDE_WORD: usize = 3;

fn too_common() -> ErrorTree {
    ErrorTree::message("password_too_common", "This password is too common.")
}

/// Password. The server does not trim it.
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

    /// Requires at least 8 characters and rejects common passwords. There are no other rules (NIST SP 800-63B).
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

    /// Rejects a password that is the shop's name or a value of the account, plus at most three characters.
    pub fn check_similarity(&self, shop_name: &str, account: &[&str]) -> Result<(), ErrorTree> {
        let password = self.0.to_lowercase();
        let is_similar = |word: &str| {
            let word = word.trim().to_lowercase();
            let other_characters = password.replace(&word, "").chars().count();
            word.chars().count() >= 3 && password.contains(&word) && other_characters <= MAX_CHARACTERS_BESIDE_WORD
        };
        if is_similar(shop_name) {
            return Err(too_common());
        }
        let local_part = |word: &&str| word.split_once('@').map(|(local_part, _)| local_part.to_owned());
        let local_parts: Vec<String> = account.iter().filter_map(local_part).collect();
        if account.iter().copied().chain(local_parts.iter().map(String::as_str)).any(is_similar) {
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

/// Password that a user chooses, and that meets [`Password::check_strength`].
#[derive(Debug, Clone, ToSchema)]
#[schema(value_type = String, format = Password, min_length = 8)]
pub struct NewPassword(Password);

impl NewPassword {
    /// Returns true if the user has repeated the same password.
    pub fn equals(&self, repeated: &Password) -> bool {
        self.0.0 == repeated.0
    }

    /// Checks [`Password::check_similarity`].
    pub fn check_similarity(&self, shop_name: &str, account: &[&str]) -> Result<(), ErrorTree> {
        self.0.check_similarity(shop_name, account)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[test]
    fn password_needs_eight_characters_of_any_kind() {
        assert!(password("ümläut§§").check_strength().is_ok());
        assert!(password("seven77").check_strength().is_err());
        assert!(Password::from_json(Value::String("x".repeat(1025))).is_err());
    }

    #[test]
    fn common_passwords_are_rejected_case_insensitively() {
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
    fn passwords_similar_to_the_shop_name_or_the_account_are_rejected() {
        let account = ["nia.mwangi@example.com", "Nia", "Mwangi", ""];
        let check = |text: &str| password(text).check_similarity("Mug & Co", &account);
        assert_eq!(check("mug & co!1"), Err(too_common()));
        for similar in ["nia.mwangi@example.com", "Nia.Mwangi7", "MWANGI123", "7niania7"] {
            let error = check(similar).unwrap_err();
            assert!(serde_json::to_string(&error).unwrap().contains("too similar"), "{similar}");
        }
        for different in ["correct horse", "nia likes mugs", "mug & company"] {
            assert!(check(different).is_ok(), "{different}");
        }
    }
}

//! A piece of text that must not be shown: a password, a token, a key.

use std::fmt;

/// Text that never appears in logs, panics or error messages.
///
/// It has no `Display` and no `Serialize`, and its `Debug` hides what it holds, so that a
/// settings struct with `derive(Debug)` can be logged safely. There is no `PartialEq` either:
/// comparing secrets byte by byte tells an attacker how much of a guess was right.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for the one place that hands it to whoever asks for it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_exposed_only_when_asked() {
        let secret = Secret::new("open sesame".to_owned());

        assert_eq!(secret.expose(), "open sesame");
        assert_eq!(format!("{:?}", Some(&secret)), "Some(Secret(…))");
        assert!(!format!("{secret:#?}").contains("sesame"));
    }
}

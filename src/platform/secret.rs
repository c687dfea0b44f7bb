//! Text that must stay secret: a password, a token, a key.

use std::fmt;

/// Text that never appears in logs, panics or error messages.
///
/// It has no `Display` and no `Serialize`, and its `Debug` omits the text, so that a settings struct with
/// `derive(Debug)` can be logged safely. There is no `PartialEq` either: comparing secrets byte by byte reveals to an
/// attacker how much of a guess is correct.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns the text, for the code that passes it to an external system.
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
    fn secret_is_not_part_of_its_debug_output() {
        let secret = Secret::new("open sesame".to_owned());

        assert_eq!(secret.expose(), "open sesame");
        assert_eq!(format!("{:?}", Some(&secret)), "Some(Secret(…))");
        assert!(!format!("{secret:#?}").contains("sesame"));
    }
}

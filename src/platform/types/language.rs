//! Language tags.

use std::str::FromStr;

use utoipa::ToSchema;

use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, text_from_json};

/// Maximum length. Real language tags are shorter.
const MAX_LENGTH: usize = 35;

/// Language tag (BCP 47), such as `de` or `de-AT`: two or three letters, then optional subtags.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, min_length = 2, max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
    example = "de-AT")]
pub struct Language(String);

impl Language {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_inner(self) -> String {
        self.0
    }
}

/// English, the language of all default texts.
impl Default for Language {
    fn default() -> Self {
        Self("en".to_owned())
    }
}

impl FromStr for Language {
    type Err = ErrorTree;

    fn from_str(text: &str) -> Result<Self, ErrorTree> {
        let mut subtags = text.split('-');
        let primary = subtags.next().unwrap_or_default();
        let is_primary = (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_subtag =
            |tag: &str| (2..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if text.len() > MAX_LENGTH || !is_primary || !subtags.all(is_subtag) {
            return Err(ErrorTree::message("invalid", "Enter a language tag such as \"en\" or \"de-AT\"."));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromJson for Language {
    fn from_json(value: serde_json::Value) -> Result<Self, ErrorTree> {
        let text = text_from_json(value)?;
        if text.is_empty() { Err(ErrorTree::blank()) } else { text.parse() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_are_validated_by_their_form() {
        for tag in ["en", "de-AT", "sw", "zh-Hant-TW", "gsw"] {
            assert_eq!(tag.parse::<Language>().unwrap().as_str(), tag);
        }
        for text in ["", "e", "english", "de_AT", "de-", "-de", "de-A", "../de", "de-AT\n", "d3"] {
            assert!(text.parse::<Language>().is_err(), "{text:?}");
        }
        assert!(format!("de{}", "-abcdefgh".repeat(4)).parse::<Language>().is_err());
    }
}

//! Readable identifiers in URLs.

use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use utoipa::ToSchema;

use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, text_from_json};
use crate::platform::types::text_column;

/// Slug of lower-case letters, digits, `-` and `_`, at most 100 characters. It is not a UUID or a reserved word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsExpression, FromSqlRow, ToSchema)]
#[diesel(sql_type = Text)]
#[schema(value_type = String, pattern = "^[-a-z0-9_]+$", max_length = 100, example = "enamel-mug")]
pub struct Slug(String);

const MAX_LENGTH: usize = 100;

/// Path segments that routes use below a collection. They cannot be slugs.
const RESERVED: [&str; 14] = [
    "tree",
    "bulk",
    "export",
    "import",
    "me",
    "search",
    "children",
    "descendants",
    "ancestors",
    "products",
    "price-summary",
    "move",
    "new",
    "api",
];

impl Slug {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Creates a slug from a name. It is short enough to append a number (see [`Slug::numbered`]).
    pub fn from_name(name: &str) -> Self {
        let text: String = slug::slugify(name).chars().take(MAX_LENGTH - 8).collect();
        let text = text.trim_matches('-');
        match text.parse() {
            Ok(slug) => slug,
            Err(_) if text.is_empty() => Self("item".to_owned()),
            Err(_) => Self(format!("{text}-1")),
        }
    }

    /// Appends a number, for a slug that another resource already has.
    #[must_use]
    pub fn numbered(&self, number: usize) -> Self {
        Self(format!("{}-{number}", self.0))
    }
}

impl FromStr for Slug {
    type Err = ErrorTree;

    fn from_str(text: &str) -> Result<Self, ErrorTree> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ErrorTree::blank());
        }
        if text.chars().count() > MAX_LENGTH {
            return Err(ErrorTree::max_length(MAX_LENGTH));
        }
        if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_')) {
            let text = "Enter a valid \"slug\" consisting of lower-case letters, numbers, underscores or hyphens.";
            return Err(ErrorTree::message("invalid", text));
        }
        if RESERVED.contains(&text) || uuid::Uuid::parse_str(text).is_ok() {
            return Err(ErrorTree::message("reserved", format!("\"{text}\" is reserved.")));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromJson for Slug {
    fn from_json(value: serde_json::Value) -> Result<Self, ErrorTree> {
        text_from_json(value)?.parse()
    }
}

text_column!(Slug, unchecked);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slug_is_generated_from_any_name() {
        assert_eq!(Slug::from_name("Enamel mug, 0.3 l").as_str(), "enamel-mug-0-3-l");
        assert_eq!(Slug::from_name("Tasse à café").as_str(), "tasse-a-cafe");
        assert_eq!(Slug::from_name("Tree").as_str(), "tree-1");
        assert_eq!(Slug::from_name("!!!").as_str(), "item");
        assert!(Slug::from_name(&"x".repeat(500)).as_str().len() <= MAX_LENGTH);
    }

    #[test]
    fn reserved_words_uuids_and_malformed_slugs_are_rejected() {
        for text in ["tree", "me", "0190aaaa-0000-7000-8000-000000000001", "Mug", "a b", "", "a/b"] {
            assert!(text.parse::<Slug>().is_err(), "{text:?}");
        }
    }
}

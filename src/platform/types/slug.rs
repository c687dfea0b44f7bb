//! The readable name of a thing in a URL.

use std::str::FromStr;

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use utoipa::ToSchema;

use super::text_column;
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, text_from_json};

/// Lower-case letters, digits, `-` and `_`, at most 100; not a word that URLs use, and not a UUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, AsExpression, FromSqlRow, ToSchema)]
#[diesel(sql_type = Text)]
#[schema(value_type = String, pattern = "^[-a-z0-9_]+$", max_length = 100, example = "enamel-mug")]
pub struct Slug(String);

const MAX_LENGTH: usize = 100;

/// Path segments that routes use below a collection.
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

    /// A slug made from a name; `-2`, `-3`, … go behind it where one is taken (see [`Slug::numbered`]).
    pub fn from_name(name: &str) -> Self {
        let made = slug::slugify(name);
        let cut: String = made.chars().take(MAX_LENGTH - 8).collect();
        let cut = cut.trim_matches('-');
        match cut.parse() {
            Ok(slug) => slug,
            Err(_) if cut.is_empty() => Self("item".to_owned()),
            Err(_) => Self(format!("{cut}-1")),
        }
    }

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

text_column!(Slug stored as it is);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_any_name() {
        assert_eq!(Slug::from_name("Enamel mug, 0.3 l").as_str(), "enamel-mug-0-3-l");
        assert_eq!(Slug::from_name("Tasse à café").as_str(), "tasse-a-cafe");
        assert_eq!(Slug::from_name("Tree").as_str(), "tree-1");
        assert_eq!(Slug::from_name("!!!").as_str(), "item");
        assert!(Slug::from_name(&"x".repeat(500)).as_str().len() <= MAX_LENGTH);
    }

    #[test]
    fn reserved_words_and_ids_are_no_slugs() {
        for text in ["tree", "me", "0190aaaa-0000-7000-8000-000000000001", "Mug", "a b", "", "a/b"] {
            assert!(text.parse::<Slug>().is_err(), "{text:?}");
        }
    }
}

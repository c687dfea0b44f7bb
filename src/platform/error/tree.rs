//! Validation errors, nested like the input: by member name and list index, with messages at the leaves.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// Validation error of one value: a stable code and a message, worded as in Django REST framework.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldMessage {
    pub code: &'static str,
    pub text: Cow<'static, str>,
}

impl Serialize for FieldMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Validation errors: `["…"]` for a value, `{"name": …}` for an object, `{"1": …}` for a list, keyed by index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ErrorTree {
    Messages(Vec<FieldMessage>),
    Members(BTreeMap<String, ErrorTree>),
}

impl ErrorTree {
    pub fn message(code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::Messages(vec![FieldMessage { code, text: text.into() }])
    }

    /// Error of one member, `{"name": ["…"]}`.
    pub fn member(name: &str, tree: Self) -> Self {
        Self::Members(BTreeMap::from([(name.to_owned(), tree)]))
    }

    /// Error of the object as a whole, under `non_field_errors`.
    pub fn non_field(code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::member("non_field_errors", Self::message(code, text))
    }

    pub fn required() -> Self {
        Self::message("required", "This field is required.")
    }

    pub fn null() -> Self {
        Self::message("null", "This field may not be null.")
    }

    pub fn blank() -> Self {
        Self::message("blank", "This field may not be blank.")
    }

    pub fn max_length(length: usize) -> Self {
        Self::message("max_length", format!("Ensure this field has no more than {length} characters."))
    }

    pub fn min_value(least: i64) -> Self {
        Self::message("min_value", format!("Ensure this value is greater than or equal to {least}."))
    }

    pub fn max_value(most: i64) -> Self {
        Self::message("max_value", format!("Ensure this value is less than or equal to {most}."))
    }

    pub fn invalid_choice(choice: &str) -> Self {
        Self::message("invalid_choice", format!("\"{choice}\" is not a valid choice."))
    }

    /// Error of a reference to an object that does not exist, by its primary key.
    pub fn does_not_exist(key: impl std::fmt::Display) -> Self {
        Self::message("does_not_exist", format!("Invalid pk \"{key}\" - object does not exist."))
    }

    /// Returns every message with the JSON pointer (RFC 6901) of its value. `non_field_errors` point to their object.
    pub fn pointers(&self) -> Vec<(String, &FieldMessage)> {
        let mut found = Vec::new();
        self.collect_pointers("", &mut found);
        found
    }

    fn collect_pointers<'a>(&'a self, pointer: &str, found: &mut Vec<(String, &'a FieldMessage)>) {
        match self {
            Self::Messages(messages) => found.extend(messages.iter().map(|message| (pointer.to_owned(), message))),
            Self::Members(members) => {
                for (name, tree) in members {
                    match name.as_str() {
                        "non_field_errors" => tree.collect_pointers(pointer, found),
                        name => {
                            let name = name.replace('~', "~0").replace('/', "~1");
                            tree.collect_pointers(&format!("{pointer}/{name}"), found);
                        }
                    }
                }
            }
        }
    }

    /// Merges both sets of errors. If both have errors for a member, those of `others` win.
    #[must_use]
    pub fn overridden_by(self, others: Self) -> Self {
        match (self, others) {
            (Self::Members(mut members), Self::Members(others)) => {
                members.extend(others);
                Self::Members(members)
            }
            (_, others) => others,
        }
    }

    /// Sets the errors of the member `name`. If these errors are messages without a member, it replaces them.
    pub fn insert(&mut self, name: &str, tree: Self) {
        match self {
            Self::Members(members) => {
                members.insert(name.to_owned(), tree);
            }
            Self::Messages(_) => *self = Self::member(name, tree),
        }
    }
}

//! Errors of input, in the shape of the input: messages at the leaves, members and list places as branches.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// One thing that is wrong with one value: a stable code and the sentence that Django REST framework's users know.
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

/// `["…"]`, or `{"name": …}` for an object, or `{"1": …}` for a list, keyed by place.
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

    /// An error of one member, `{"name": ["…"]}`.
    pub fn member(name: &str, tree: Self) -> Self {
        Self::Members(BTreeMap::from([(name.to_owned(), tree)]))
    }

    /// An error of the object as a whole.
    pub fn of_object(code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
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

    /// A reference to something that is not there, by its primary key.
    pub fn invalid_choice(choice: &str) -> Self {
        Self::message("invalid_choice", format!("\"{choice}\" is not a valid choice."))
    }

    pub fn does_not_exist(key: impl std::fmt::Display) -> Self {
        Self::message("does_not_exist", format!("Invalid pk \"{key}\" - object does not exist."))
    }

    /// Every message with the JSON pointer (RFC 6901) of what it is about; `non_field_errors` are about their object.
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

    /// These errors and `others` together; where both speak of one member, `others` has the word.
    #[must_use]
    pub fn overlaid_with(self, others: Self) -> Self {
        match (self, others) {
            (Self::Members(mut members), Self::Members(others)) => {
                members.extend(others);
                Self::Members(members)
            }
            (_, others) => others,
        }
    }

    /// Puts `tree` in at `name`; messages without a name give way to it.
    pub fn insert(&mut self, name: &str, tree: Self) {
        match self {
            Self::Members(members) => {
                members.insert(name.to_owned(), tree);
            }
            Self::Messages(_) => *self = Self::member(name, tree),
        }
    }
}

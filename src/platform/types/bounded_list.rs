//! Lists in request bodies with a limited number of items.

use std::ops::Deref;

use serde_json::Value;

use crate::platform::error::ErrorTree;
use crate::platform::http::FromJson;

/// List of 1 to `MAX` items. The `request_body` attribute documents it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonEmptyList<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> NonEmptyList<T, MAX> {
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Deref for NonEmptyList<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: FromJson, const MAX: usize> FromJson for NonEmptyList<T, MAX> {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        if value.as_array().is_some_and(|items| items.len() > MAX) {
            let text = format!("Ensure this field has no more than {MAX} elements.");
            return Err(ErrorTree::message("max_length", text));
        }
        let items = Vec::from_json(value)?;
        if items.is_empty() {
            return Err(ErrorTree::message("empty", "This list may not be empty."));
        }
        Ok(Self(items))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn list_length_is_limited() {
        let read = |value: Value| NonEmptyList::<i32, 2>::from_json(value);
        assert_eq!(read(json!([1, "2"])).unwrap().into_inner(), [1, 2]);
        for value in [json!([]), json!([1, 2, 3]), json!(["x"]), json!("x")] {
            assert!(read(value.clone()).is_err(), "{value}");
        }
    }
}

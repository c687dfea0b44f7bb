//! Shared parts of the functions that complete the document.

use serde_json::{Value, json};

/// Path prefix of the API, which is not part of operation ids.
pub(super) const API_PREFIX: &str = "/api/";

/// Sets a value at a JSON pointer and creates missing objects.
pub(super) fn set(document: &mut Value, pointer: &str, value: Value) {
    let mut place = document;
    for name in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        let Value::Object(members) = place else { return };
        place = members.entry(name).or_insert(Value::Null);
    }
    *place = value;
}

//! The changes of a write, as an audit entry records them.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::platform::types::object_with_any_members;

/// Fields with their values before and after: `{"name": {"before": "Mug", "after": "Cup"}}`.
///
/// Omits unchanged fields, and `updated_at`, because the entry has its own time.
#[derive(Debug)]
pub struct Changes {
    fields: Result<Map<String, Value>, serde_json::Error>,
    personal: Option<PersonalFields>,
}

/// Schema of a changed field.
#[derive(Debug)]
pub struct FieldChange;

impl PartialSchema for FieldChange {
    fn schema() -> RefOr<Schema> {
        object_with_any_members(
            "Value of a field `before` and `after` the change. A new object has no `before`, a deleted object no `after`. \
             `{\"forgotten\": true}` replaces erased personal data.",
        )
    }
}

impl ToSchema for FieldChange {}

/// Changed fields that are personal data and are erased with the person.
#[derive(Debug)]
pub(super) struct PersonalFields {
    pub person: Uuid,
    pub fields: Map<String, Value>,
}

/// Texts of fields whose names contain one of these are masked.
const SECRETS: [&str; 6] = ["password", "secret", "token", "hash", "otp", "seed"];

/// Replacement of a secret.
const MASK: &str = "…";

/// Field that every update changes.
const UPDATED_AT: &str = "updated_at";

impl Changes {
    /// Creates the changes of an event without fields.
    pub fn none() -> Self {
        Self::from_fields(Ok(Map::new()))
    }

    const fn from_fields(fields: serde_json::Result<Map<String, Value>>) -> Self {
        Self { fields, personal: None }
    }

    /// Records all fields of a new object, or the details of an event, as `after`.
    pub fn created(after: &impl Serialize) -> Self {
        Self::compare(&json!({}), after)
    }

    /// Records all fields of a deleted object as `before`.
    pub fn deleted(before: &impl Serialize) -> Self {
        Self::compare(before, &json!({}))
    }

    /// Records the fields that differ between two states of an object.
    pub fn between(before: &impl Serialize, after: &impl Serialize) -> Self {
        Self::compare(before, after)
    }

    /// Combines the changes of two objects. Personal fields of both must belong to the same person.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let fields = self.fields.and_then(|ours| Ok(ours.into_iter().chain(other.fields?).collect()));
        let personal = match (self.personal, other.personal) {
            (Some(ours), Some(theirs)) => {
                Some(PersonalFields { fields: ours.fields.into_iter().chain(theirs.fields).collect(), ..ours })
            }
            (ours, theirs) => ours.or(theirs),
        };
        Self { fields, personal }
    }

    /// Marks the fields with these names as personal data of `person`. [`erase_personal_values`] erases them with the
    /// person; until then the API returns them as part of the entry.
    ///
    /// [`erase_personal_values`]: super::erase_personal_values
    #[must_use]
    pub fn mark_personal(self, person: impl Into<Uuid>, names: &[&str]) -> Self {
        let Ok(fields) = self.fields else { return self };
        let (personal, fields): (Map<_, _>, Map<_, _>) =
            fields.into_iter().partition(|(name, _)| names.contains(&name.as_str()));
        let personal = (!personal.is_empty()).then(|| PersonalFields { person: person.into(), fields: personal });
        Self { fields: Ok(fields), personal }
    }

    fn compare(before: &impl Serialize, after: &impl Serialize) -> Self {
        Self::from_fields(members(before).and_then(|before| Ok(differences(before, members(after)?))))
    }

    pub fn is_empty(&self) -> bool {
        self.personal.is_none() && self.fields.as_ref().is_ok_and(Map::is_empty)
    }

    pub(super) fn into_parts(self) -> diesel::QueryResult<(Map<String, Value>, Option<PersonalFields>)> {
        let fields = self.fields.map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        Ok((fields, self.personal))
    }
}

/// Returns the members of an object. Any other value becomes the member `value`.
fn members(value: &impl Serialize) -> serde_json::Result<Map<String, Value>> {
    Ok(match serde_json::to_value(value)? {
        Value::Object(members) => members,
        Value::Null => Map::new(),
        other => Map::from_iter([("value".to_owned(), other)]),
    })
}

fn differences(mut before: Map<String, Value>, mut after: Map<String, Value>) -> Map<String, Value> {
    let names: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    let difference = |name: String| {
        let (was, is) = (before.remove(&name), after.remove(&name));
        if was == is || name == UPDATED_AT {
            return None;
        }
        let side = |label: &str, value: Value| (label.to_owned(), without_secrets(&name, value));
        let sides = was.map(|was| side("before", was)).into_iter().chain(is.map(|is| side("after", is)));
        let change = sides.collect();
        Some((name, Value::Object(change)))
    };
    names.into_iter().filter_map(difference).collect()
}

/// Masks all texts below a member whose name is that of a secret.
fn without_secrets(name: &str, value: Value) -> Value {
    let is_secret = SECRETS.iter().any(|secret| name.to_lowercase().contains(secret));
    match value {
        Value::String(text) if is_secret && !text.is_empty() => MASK.into(),
        Value::Array(items) => items.into_iter().map(|item| without_secrets(name, item)).collect(),
        Value::Object(members) => {
            let member = |(inner, value): (String, Value)| {
                let value = without_secrets(if is_secret { name } else { &inner }, value);
                (inner, value)
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(changes: Changes) -> Value {
        let (fields, personal) = changes.into_parts().unwrap();
        assert!(personal.is_none());
        fields.into()
    }

    #[test]
    fn personal_fields_are_separated() {
        let person = Uuid::from_u128(7);
        let before = json!({"name": "Ana", "size": 1, "phone": "1"});
        let after = json!({"name": "Eva", "size": 2, "phone": "1"});

        let changes = Changes::between(&before, &after).mark_personal(person, &["name", "phone"]);

        assert!(!changes.is_empty());
        let (fields, personal) = changes.join(Changes::created(&json!({"id": 3}))).into_parts().unwrap();
        assert_eq!(Value::from(fields), json!({"size": {"before": 1, "after": 2}, "id": {"after": 3}}));
        let personal = personal.unwrap();
        assert_eq!(personal.person, person);
        assert_eq!(Value::from(personal.fields), json!({"name": {"before": "Ana", "after": "Eva"}}));
        assert!(Changes::between(&before, &before).mark_personal(person, &["name"]).is_empty());
    }

    #[test]
    fn only_changed_fields_are_recorded() {
        let before = json!({"name": "Mug", "price": "1.00", "parent": null, "updated_at": 1});
        let after = json!({"name": "Cup", "price": "1.00", "parent": "x", "updated_at": 2});
        let expected = json!({"name": {"before": "Mug", "after": "Cup"}, "parent": {"before": null, "after": "x"}});
        assert_eq!(fields(Changes::between(&before, &after)), expected);
        assert!(Changes::between(&before, &before).is_empty());
    }

    #[test]
    fn created_object_has_no_before_and_deleted_object_no_after() {
        let object = json!({"name": "Mug"});
        assert_eq!(fields(Changes::created(&object)), json!({"name": {"after": "Mug"}}));
        assert_eq!(fields(Changes::deleted(&object)), json!({"name": {"before": "Mug"}}));
        let both = Changes::created(&object).join(Changes::between(&json!({"sum": 1}), &json!({"sum": 2})));
        assert_eq!(fields(both), json!({"name": {"after": "Mug"}, "sum": {"before": 1, "after": 2}}));
    }

    #[test]
    fn secrets_are_masked_at_every_depth() {
        let object = json!({
            "password1": "hunter22", "is_token": true,
            "metadata": {"apiSecret": ["a", {"b": "c"}], "colour": "red"},
        });
        let expected = json!({
            "password1": {"after": MASK}, "is_token": {"after": true},
            "metadata": {"after": {"apiSecret": [MASK, {"b": MASK}], "colour": "red"}},
        });
        assert_eq!(fields(Changes::created(&object)), expected);
    }
}

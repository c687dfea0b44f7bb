//! What a write changed, as the audit log tells it.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Fields with what they were and what they are: `{"name": {"before": "Mug", "after": "Cup"}}`.
///
/// What stayed the same is not told, nor when it was last touched: the entry has a time of its own.
#[derive(Debug)]
pub struct Changes {
    told: Result<Map<String, Value>, serde_json::Error>,
    personal: Option<Personal>,
}

/// What is told of a person, and goes with them.
#[derive(Debug)]
pub(super) struct Personal {
    pub person: Uuid,
    pub told: Map<String, Value>,
}

/// Texts under names like these are never told, whoever passes them on.
const SECRETS: [&str; 6] = ["password", "secret", "token", "hash", "otp", "seed"];

/// Stands where a secret was.
const MASK: &str = "…";

/// Always another after a change.
const TOUCHED: &str = "updated_at";

impl Changes {
    /// Something happened, and no field says more about it.
    pub fn none() -> Self {
        Self::of(Ok(Map::new()))
    }

    const fn of(told: serde_json::Result<Map<String, Value>>) -> Self {
        Self { told, personal: None }
    }

    /// All that a new thing has, or what is to be told of an event: `after` alone.
    pub fn created(after: &impl Serialize) -> Self {
        Self::compare(&json!({}), after)
    }

    /// All that a thing had which is gone: `before` alone.
    pub fn deleted(before: &impl Serialize) -> Self {
        Self::compare(before, &json!({}))
    }

    /// What differs between a thing as it was and as it is: two views, or two objects of the same members.
    pub fn between(before: &impl Serialize, after: &impl Serialize) -> Self {
        Self::compare(before, after)
    }

    /// Both together; they are about one person, or only one of them is about any.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let told = self.told.and_then(|ours| Ok(ours.into_iter().chain(other.told?).collect()));
        let personal = match (self.personal, other.personal) {
            (Some(ours), Some(theirs)) => {
                Some(Personal { told: ours.told.into_iter().chain(theirs.told).collect(), ..ours })
            }
            (ours, theirs) => ours.or(theirs),
        };
        Self { told, personal }
    }

    /// The members of these names tell something of a person: they are forgotten with them (see
    /// [`forget`](super::forget)), and until then belong to the entry as if they stood in it.
    #[must_use]
    pub fn about(self, person: impl Into<Uuid>, names: &[&str]) -> Self {
        let Ok(told) = self.told else { return self };
        let (personal, told): (Map<_, _>, Map<_, _>) =
            told.into_iter().partition(|(name, _)| names.contains(&name.as_str()));
        let personal = (!personal.is_empty()).then(|| Personal { person: person.into(), told: personal });
        Self { told: Ok(told), personal }
    }

    fn compare(before: &impl Serialize, after: &impl Serialize) -> Self {
        Self::of(members(before).and_then(|before| Ok(differences(before, members(after)?))))
    }

    pub fn is_empty(&self) -> bool {
        self.personal.is_none() && self.told.as_ref().is_ok_and(Map::is_empty)
    }

    pub(super) fn into_parts(self) -> diesel::QueryResult<(Map<String, Value>, Option<Personal>)> {
        let told = self.told.map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        Ok((told, self.personal))
    }
}

/// The members of an object; anything else is one member without a better name.
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
        if was == is || name == TOUCHED {
            return None;
        }
        let side = |label: &str, value: Value| (label.to_owned(), without_secrets(&name, value));
        let sides = was.map(|was| side("before", was)).into_iter().chain(is.map(|is| side("after", is)));
        let change = sides.collect();
        Some((name, Value::Object(change)))
    };
    names.into_iter().filter_map(difference).collect()
}

/// The value, its texts masked wherever a name on the way to them is that of a secret.
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

    fn told(changes: Changes) -> Value {
        let (told, personal) = changes.into_parts().unwrap();
        assert!(personal.is_none());
        told.into()
    }

    #[test]
    fn what_is_personal_stands_apart() {
        let person = Uuid::from_u128(7);
        let before = json!({"name": "Ana", "size": 1, "phone": "1"});
        let after = json!({"name": "Eva", "size": 2, "phone": "1"});

        let changes = Changes::between(&before, &after).about(person, &["name", "phone"]);

        assert!(!changes.is_empty());
        let (told, personal) = changes.join(Changes::created(&json!({"id": 3}))).into_parts().unwrap();
        assert_eq!(Value::from(told), json!({"size": {"before": 1, "after": 2}, "id": {"after": 3}}));
        let personal = personal.unwrap();
        assert_eq!(personal.person, person);
        assert_eq!(Value::from(personal.told), json!({"name": {"before": "Ana", "after": "Eva"}}));
        assert!(Changes::between(&before, &before).about(person, &["name"]).is_empty());
    }

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({"name": "Mug", "price": "1.00", "parent": null, "updated_at": 1});
        let after = json!({"name": "Cup", "price": "1.00", "parent": "x", "updated_at": 2});
        let expected = json!({"name": {"before": "Mug", "after": "Cup"}, "parent": {"before": null, "after": "x"}});
        assert_eq!(told(Changes::between(&before, &after)), expected);
        assert!(Changes::between(&before, &before).is_empty());
    }

    #[test]
    fn a_new_thing_has_no_before_and_a_gone_one_no_after() {
        let thing = json!({"name": "Mug"});
        assert_eq!(told(Changes::created(&thing)), json!({"name": {"after": "Mug"}}));
        assert_eq!(told(Changes::deleted(&thing)), json!({"name": {"before": "Mug"}}));
        let both = Changes::created(&thing).join(Changes::between(&json!({"sum": 1}), &json!({"sum": 2})));
        assert_eq!(told(both), json!({"name": {"after": "Mug"}, "sum": {"before": 1, "after": 2}}));
    }

    #[test]
    fn secrets_are_masked_at_every_depth() {
        let thing = json!({
            "password1": "hunter22", "is_token": true,
            "metadata": {"apiSecret": ["a", {"b": "c"}], "colour": "red"},
        });
        let expected = json!({
            "password1": {"after": MASK}, "is_token": {"after": true},
            "metadata": {"after": {"apiSecret": [MASK, {"b": MASK}], "colour": "red"}},
        });
        assert_eq!(told(Changes::created(&thing)), expected);
    }
}

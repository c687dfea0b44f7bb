//! Strict JSON parser that rejects duplicate names in an object. Most parsers silently use the last one.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Parses all of `bytes`. The maximum depth is 128 levels, the limit of serde_json.
pub(super) fn strict_json(bytes: &[u8]) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self)?;
            if read.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate name {name:?} in an object")));
            }
            read.insert(name, value);
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_json_value_is_parsed() {
        let text = r#"{"a": [1, -2, 1.5, 18446744073709551615, "x", true, null], "b": {"a": {}}}"#;
        assert_eq!(
            strict_json(text.as_bytes()).unwrap(),
            json!({"a": [1, -2, 1.5, u64::MAX, "x", true, null], "b": {"a": {}}})
        );
    }

    #[test]
    fn ambiguous_and_malformed_json_is_rejected() {
        for text in [
            r#"{"a": 1, "a": 1}"#,
            r#"[{"b": {"a": 1, "\u0061": 2}}]"#,
            "{} {}",
            "NaN",
            "1e999",
            r#""\ud800""#,
            "",
            "\u{feff}{}",
            "{\"a\": 1,}",
        ] {
            assert!(strict_json(text.as_bytes()).is_err(), "{text}");
        }
        assert!(strict_json(b"\"\xff\"").is_err());
        assert!(strict_json("[".repeat(10_000).as_bytes()).is_err());
    }
}

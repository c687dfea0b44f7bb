//! Reading of single JSON values, with the coercions and messages of DRF's serializer fields.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::platform::error::ErrorTree;

/// Type that is read from JSON with the coercions of DRF's fields and reports all validation errors.
pub trait FromJson: Sized {
    /// Reads a value that is neither absent nor null.
    fn from_json(value: Value) -> Result<Self, ErrorTree>;

    fn from_null() -> Result<Self, ErrorTree> {
        Err(ErrorTree::null())
    }

    fn from_absent() -> Result<Self, ErrorTree> {
        Err(ErrorTree::required())
    }

    /// Handles null in a PATCH, where an absent field keeps its value.
    fn from_patch_null() -> Result<Self, ErrorTree> {
        Self::from_null()
    }
}

/// Field of a PATCH, which distinguishes absent, null and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Field<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<T> Field<T> {
    /// Converts the field for a changeset of a nullable column: `None` keeps the value, `Some(None)` sets null.
    pub fn into_nullable(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }

    /// Borrows the field for an insert or a changeset, like [`Field::into_nullable`].
    pub const fn as_nullable(&self) -> Option<Option<&T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }
}

impl<T: FromJson> FromJson for Field<T> {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        T::from_json(value).map(Self::Value)
    }

    fn from_null() -> Result<Self, ErrorTree> {
        Ok(Self::Null)
    }

    fn from_absent() -> Result<Self, ErrorTree> {
        Ok(Self::Absent)
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        T::from_json(value).map(Some)
    }

    fn from_null() -> Result<Self, ErrorTree> {
        Ok(None)
    }

    fn from_absent() -> Result<Self, ErrorTree> {
        Ok(None)
    }

    fn from_patch_null() -> Result<Self, ErrorTree> {
        Err(ErrorTree::null())
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let Value::Array(items) = value else {
            let text = format!("Expected a list of items but got type \"{}\".", python_type_name(&value));
            return Err(ErrorTree::message("not_a_list", text));
        };
        let mut read = Self::with_capacity(items.len());
        let mut errors = std::collections::BTreeMap::new();
        for (place, item) in items.into_iter().enumerate() {
            let result = if item.is_null() { T::from_null() } else { T::from_json(item) };
            match result {
                Ok(value) => read.push(value),
                Err(tree) => {
                    errors.insert(place.to_string(), tree);
                }
            }
        }
        if errors.is_empty() { Ok(read) } else { Err(ErrorTree::Members(errors)) }
    }
}

impl FromJson for String {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        text_from_json(value)
    }
}

impl FromJson for bool {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let word = match &value {
            Value::Bool(value) => return Ok(*value),
            Value::String(text) => text.trim().to_ascii_lowercase(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        match word.as_str() {
            "t" | "y" | "yes" | "true" | "on" | "1" => Ok(true),
            "f" | "n" | "no" | "false" | "off" | "0" => Ok(false),
            _ => Err(ErrorTree::message("invalid", "Must be a valid boolean.")),
        }
    }
}

impl FromJson for i64 {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let invalid = || ErrorTree::message("invalid", "A valid integer is required.");
        let text = match &value {
            // serde_json parses an integer beyond 64 bits as a float.
            Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
                Some(float) if float >= 1e18 => Self::MAX.to_string(),
                Some(float) if float <= -1e18 => Self::MIN.to_string(),
                _ => number.to_string(),
            },
            Value::String(text) => text.trim().to_owned(),
            _ => return Err(invalid()),
        };
        if text.len() > 1000 {
            return Err(ErrorTree::message("max_string_length", "String value too large."));
        }
        // DRF accepts `1.0` as an integer, but not `1.5`.
        let whole = match text.split_once('.') {
            Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
            Some(_) => return Err(invalid()),
            None => text.as_str(),
        };
        let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid());
        }
        // An integer beyond 64 bits is outside the range of every field.
        Ok(whole.parse().unwrap_or(if whole.starts_with('-') { Self::MIN } else { Self::MAX }))
    }
}

impl FromJson for i32 {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let value = i64::from_json(value)?;
        if value < i64::from(Self::MIN) {
            return Err(ErrorTree::min_value(i64::from(Self::MIN)));
        }
        Self::try_from(value).map_err(|_| ErrorTree::max_value(i64::from(Self::MAX)))
    }
}

impl FromJson for Uuid {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        value
            .as_str()
            .and_then(|text| Self::parse_str(text.trim()).ok())
            .ok_or_else(|| ErrorTree::message("invalid", "Must be a valid UUID."))
    }
}

impl FromJson for chrono::DateTime<chrono::Utc> {
    /// Reads RFC 3339. A plain date is the start of that day in UTC.
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let text = value.as_str().map(str::trim).unwrap_or_default();
        let time = chrono::DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
        let day = || text.parse::<chrono::NaiveDate>().ok()?.and_hms_opt(0, 0, 0).map(|start| start.and_utc());
        let time = time.ok().or_else(day).filter(|time| (1..=9999).contains(&chrono::Datelike::year(time)));
        time.ok_or_else(|| {
            let text = "Datetime has wrong format. Use one of these formats instead: \
                        YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
            ErrorTree::message("invalid", text)
        })
    }
}

/// Reads any JSON object, for metadata: at most 32 kB, without NUL, which PostgreSQL cannot store.
impl FromJson for Map<String, Value> {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let written = value.to_string();
        if written.len() > 32 * 1024 {
            return Err(ErrorTree::message("max_length", "Ensure this object has no more than 32768 bytes."));
        }
        if written.contains("\\u0000") {
            return Err(ErrorTree::message("null_characters_not_allowed", "Null characters are not allowed."));
        }
        match value {
            Value::Object(members) => Ok(members),
            other => {
                let text = format!("Expected a dictionary of items but got type \"{}\".", python_type_name(&other));
                Err(ErrorTree::message("not_a_dict", text))
            }
        }
    }
}

/// Reads a trimmed string. A number becomes its text, as in DRF's `CharField`.
pub fn text_from_json(value: Value) -> Result<String, ErrorTree> {
    let text = match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return Err(ErrorTree::message("invalid", "Not a valid string.")),
    };
    if text.contains('\0') {
        return Err(ErrorTree::message("null_characters_not_allowed", "Null characters are not allowed."));
    }
    Ok(text.trim().to_owned())
}

/// Returns the Python type name of a JSON value, which the messages of DRF contain.
pub fn python_type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

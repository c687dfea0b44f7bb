//! Form bodies: `a=1&address.city=X&lines[0]sku=M&lines[0]quantity=2`, with the nesting syntax of DRF.

use std::collections::BTreeMap;
use std::iter;

use actix_multipart::Multipart;
use actix_web::http::header::HeaderMap;
use actix_web::web::{self, Bytes};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

use super::from_json::FromJson;
use crate::platform::error::Problem;

/// Maximum number of fields in a form.
const MAX_FIELDS: usize = 1000;

/// Maximum nesting depth of a field.
const MAX_DEPTH: usize = 10;

/// Field of a form, such as `lines[0]sku` with the value `MUG-1`.
#[derive(Debug)]
pub(super) struct FormField {
    name: String,
    value: String,
}

/// Returns the fields of an `application/x-www-form-urlencoded` body.
pub(super) fn urlencoded_fields(bytes: &[u8]) -> Result<Vec<FormField>, Problem> {
    let parse_error = |error: &dyn std::fmt::Display| Problem::parse_error(format!("Form parse error - {error}"));
    let text = std::str::from_utf8(bytes).map_err(|error| parse_error(&error))?;
    if text.split('&').count() > MAX_FIELDS {
        return Err(too_many_fields());
    }
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text).map_err(|error| parse_error(&error))?;
    Ok(pairs.into_inner().into_iter().map(|(name, value)| FormField { name, value }).collect())
}

/// Returns the fields of a `multipart/form-data` body, without files, which no endpoint accepts.
pub(super) async fn multipart_fields(headers: &HeaderMap, bytes: Bytes) -> Result<Vec<FormField>, Problem> {
    let parse_error =
        |error: &dyn std::fmt::Display| Problem::parse_error(format!("Multipart form parse error - {error}"));
    let mut parts = Multipart::new(headers, stream::iter(iter::once(Ok(bytes))));
    let mut fields = Vec::new();
    let mut count = 0;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| parse_error(&error))?;
        count += 1;
        if count > MAX_FIELDS {
            return Err(too_many_fields());
        }
        let is_file = part.content_disposition().is_some_and(|disposition| disposition.get_filename().is_some());
        let name = part.name().unwrap_or_default().to_owned();
        let mut content = Vec::new();
        while let Some(chunk) = part.next().await {
            content.extend_from_slice(&chunk.map_err(|error| parse_error(&error))?);
        }
        if !is_file {
            fields.push(FormField { name, value: String::from_utf8(content).map_err(|error| parse_error(&error))? });
        }
    }
    Ok(fields)
}

fn too_many_fields() -> Problem {
    Problem::parse_error(format!("Form parse error - more than {MAX_FIELDS} fields"))
}

/// Interpretation of an empty field, tried in this order after an empty text is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EmptyField {
    Null,
    Absent,
    /// All interpretations are invalid: report the error of the empty text.
    Text,
}

/// Reads `T` from the fields of a form.
///
/// An empty field is an empty text. If that is invalid, it is null, as in DRF. If null is invalid too, it is absent.
pub(super) fn from_form<T: FromJson>(fields: Vec<FormField>) -> Result<T, Problem> {
    let sent = to_value(fields)?;
    let mut empty_fields: BTreeMap<String, EmptyField> = BTreeMap::new();
    loop {
        let errors = match T::from_json(interpret(sent.clone(), &empty_fields)) {
            Ok(read) => return Ok(read),
            Err(errors) => errors,
        };
        let mut is_final = true;
        for (pointer, _) in errors.pointers() {
            let next = match empty_fields.get(&pointer) {
                None if sent.pointer(&pointer).is_some_and(|value| value == "") => EmptyField::Null,
                Some(EmptyField::Null) => EmptyField::Absent,
                Some(EmptyField::Absent) => EmptyField::Text,
                None | Some(EmptyField::Text) => continue,
            };
            empty_fields.insert(pointer, next);
            is_final = false;
        }
        if is_final {
            return Err(Problem::invalid(errors));
        }
    }
}

fn interpret(mut value: Value, empty_fields: &BTreeMap<String, EmptyField>) -> Value {
    for (pointer, empty_field) in empty_fields {
        let Some((parent, name)) = pointer.rsplit_once('/') else { continue };
        // Only members of objects: removing an item of a list would shift the items after it.
        let Some(Value::Object(members)) = value.pointer_mut(parent) else { continue };
        match empty_field {
            EmptyField::Null => members.insert(name.to_owned(), Value::Null),
            EmptyField::Absent => members.shift_remove(name),
            EmptyField::Text => None,
        };
    }
    value
}

/// Node of the form's tree: values, or children by name.
#[derive(Debug, Default)]
struct FormNode {
    values: Vec<String>,
    children: BTreeMap<String, FormNode>,
    /// Names of the children in the order of the form.
    order: Vec<String>,
}

fn to_value(fields: Vec<FormField>) -> Result<Value, Problem> {
    let mut root = FormNode::default();
    for FormField { name, value } in fields {
        let path: Vec<&str> = name.split(['.', '[', ']']).filter(|part| !part.is_empty()).collect();
        if path.len() > MAX_DEPTH {
            return Err(Problem::parse_error("Form parse error - fields are nested too deep"));
        }
        root.insert(&path, value, name.ends_with("[]"));
    }
    Ok(match root.into_value() {
        Value::Object(members) => Value::Object(members),
        _ => Value::Object(Map::new()),
    })
}

impl FormNode {
    fn insert(&mut self, path: &[&str], text: String, is_list: bool) {
        let Some((name, rest)) = path.split_first() else {
            self.values.push(text);
            return;
        };
        if !self.children.contains_key(*name) {
            self.order.push((*name).to_owned());
        }
        let node = self.children.entry((*name).to_owned()).or_default();
        if is_list && rest.is_empty() {
            let index = node.children.len().to_string();
            node.insert(&[&index], text, false);
        } else {
            node.insert(rest, text, is_list);
        }
    }

    /// Converts the node to JSON. Numbered children and repeated values become lists.
    fn into_value(mut self) -> Value {
        if self.children.is_empty() {
            return match (self.values.pop(), self.values.is_empty()) {
                (None, _) => Value::Object(Map::new()),
                (Some(text), true) => Value::String(text),
                (Some(text), false) => {
                    self.values.push(text);
                    Value::from(self.values)
                }
            };
        }
        let indices: Option<BTreeMap<usize, String>> =
            self.order.iter().map(|name| Some((name.parse().ok()?, name.clone()))).collect();
        let mut take = |name: &str| self.children.remove(name).unwrap_or_default().into_value();
        match indices {
            Some(indices) => Value::Array(indices.values().map(|name| take(name)).collect()),
            None => Value::Object(self.order.iter().map(|name| (name.clone(), take(name))).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(form: &str) -> Value {
        to_value(urlencoded_fields(form.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn nested_fields_use_the_syntax_of_drf() {
        assert_eq!(
            value("email=a%40b.c&address.city=X+Y&lines[1]sku=B&lines[0]sku=A&lines[0]quantity=2"),
            json!({"email": "a@b.c", "address": {"city": "X Y"}, "lines": [{"sku": "A", "quantity": "2"}, {"sku": "B"}]})
        );
        assert_eq!(
            value("lines[0][sku]=A&tags[]=x&tags[]=y&size=1&size=2"),
            json!({"lines": [{"sku": "A"}], "tags": ["x", "y"], "size": ["1", "2"]})
        );
        assert_eq!(value("=x&[]=y"), json!({}));
    }

    #[test]
    fn oversized_and_malformed_forms_are_rejected() {
        assert!(urlencoded_fields("a&".repeat(1001).as_bytes()).is_err());
        assert!(urlencoded_fields(b"a=\xff").is_err());
        assert!(to_value(urlencoded_fields(b"a.b.c.d.e.f.g.h.i.j.k=").unwrap()).is_err());
    }
}

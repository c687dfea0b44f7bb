//! Forms in place of JSON: `a=1&address.city=X&lines[0]sku=M&lines[0]quantity=2`, as DRF's HTML input writes nesting.

use std::collections::BTreeMap;
use std::iter;

use actix_multipart::Multipart;
use actix_web::http::header::HeaderMap;
use actix_web::web::{self, Bytes};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

use super::from_json::FromJson;
use crate::platform::error::Problem;

/// More fields are an attack.
const MOST_FIELDS: usize = 1000;

/// Nothing that we read is nested deeper.
const MOST_DEPTH: usize = 10;

/// Names and texts of an `application/x-www-form-urlencoded` body.
pub(super) fn form_pairs(bytes: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| Problem::parse_error(format!("Form parse error - {error}")))?;
    if text.split('&').count() > MOST_FIELDS {
        return Err(too_many());
    }
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text);
    pairs.map(web::Query::into_inner).map_err(|error| Problem::parse_error(format!("Form parse error - {error}")))
}

/// Names and texts of a `multipart/form-data` body. Files are left out: nothing here takes any.
pub(super) async fn multipart_pairs(headers: &HeaderMap, bytes: Bytes) -> Result<Vec<(String, String)>, Problem> {
    let wrong = |error: &dyn std::fmt::Display| Problem::parse_error(format!("Multipart form parse error - {error}"));
    let mut parts = Multipart::new(headers, stream::iter(iter::once(Ok(bytes))));
    let mut pairs = Vec::new();
    let mut count = 0;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|error| wrong(&error))?;
        count += 1;
        if count > MOST_FIELDS {
            return Err(too_many());
        }
        let is_file = part.content_disposition().is_some_and(|said| said.get_filename().is_some());
        let name = part.name().unwrap_or_default().to_owned();
        let mut content = Vec::new();
        while let Some(chunk) = part.next().await {
            content.extend_from_slice(&chunk.map_err(|error| wrong(&error))?);
        }
        if !is_file {
            pairs.push((name, String::from_utf8(content).map_err(|error| wrong(&error))?));
        }
    }
    Ok(pairs)
}

fn too_many() -> Problem {
    Problem::parse_error(format!("Form parse error - more than {MOST_FIELDS} fields"))
}

/// What a field that was left empty stands for: tried in this order until nothing is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Empty {
    Null,
    LeftOut,
    /// None of them will do: what is wrong is that it is empty.
    Text,
}

/// Reads `T` from the fields of a form. An empty field is an empty text; where none is wanted it is null, as DRF has
/// it, or else it counts as left out.
pub(super) fn from_form<T: FromJson>(pairs: Vec<(String, String)>) -> Result<T, Problem> {
    let sent = to_value(pairs)?;
    let mut empties: BTreeMap<String, Empty> = BTreeMap::new();
    loop {
        let errors = match T::from_json(read_as(sent.clone(), &empties)) {
            Ok(read) => return Ok(read),
            Err(errors) => errors,
        };
        let mut is_final = true;
        for (pointer, _) in errors.pointers() {
            let next = match empties.get(&pointer) {
                None if sent.pointer(&pointer).is_some_and(|value| value == "") => Empty::Null,
                Some(Empty::Null) => Empty::LeftOut,
                Some(Empty::LeftOut) => Empty::Text,
                None | Some(Empty::Text) => continue,
            };
            empties.insert(pointer, next);
            is_final = false;
        }
        if is_final {
            return Err(Problem::invalid(errors));
        }
    }
}

fn read_as(mut value: Value, empties: &BTreeMap<String, Empty>) -> Value {
    for (pointer, empty) in empties {
        let Some((parent, name)) = pointer.rsplit_once('/') else { continue };
        // Items of a list are never left out: those behind them would be others then.
        let Some(Value::Object(members)) = value.pointer_mut(parent) else { continue };
        match empty {
            Empty::Null => members.insert(name.to_owned(), Value::Null),
            Empty::LeftOut => members.shift_remove(name),
            Empty::Text => None,
        };
    }
    value
}

/// A place in the form: texts, or what lies below it by name.
#[derive(Debug, Default)]
struct Node {
    texts: Vec<String>,
    below: BTreeMap<String, Node>,
    /// Names in the order in which they came.
    order: Vec<String>,
}

fn to_value(pairs: Vec<(String, String)>) -> Result<Value, Problem> {
    let mut root = Node::default();
    for (name, text) in pairs {
        let path: Vec<&str> = name.split(['.', '[', ']']).filter(|part| !part.is_empty()).collect();
        if path.len() > MOST_DEPTH {
            return Err(Problem::parse_error("Form parse error - fields are nested too deep"));
        }
        root.insert(&path, text, name.ends_with("[]"));
    }
    Ok(match root.into_value() {
        Value::Object(members) => Value::Object(members),
        _ => Value::Object(Map::new()),
    })
}

impl Node {
    fn insert(&mut self, path: &[&str], text: String, is_list: bool) {
        let Some((name, rest)) = path.split_first() else {
            self.texts.push(text);
            return;
        };
        if !self.below.contains_key(*name) {
            self.order.push((*name).to_owned());
        }
        let node = self.below.entry((*name).to_owned()).or_default();
        if is_list && rest.is_empty() {
            let place = node.below.len().to_string();
            node.insert(&[&place], text, false);
        } else {
            node.insert(rest, text, is_list);
        }
    }

    /// Numbers below are a list, a text that stands several times is one too.
    fn into_value(mut self) -> Value {
        if self.below.is_empty() {
            return match (self.texts.pop(), self.texts.is_empty()) {
                (None, _) => Value::Object(Map::new()),
                (Some(text), true) => Value::String(text),
                (Some(text), false) => {
                    self.texts.push(text);
                    Value::from(self.texts)
                }
            };
        }
        let places: Option<BTreeMap<usize, String>> =
            self.order.iter().map(|name| Some((name.parse().ok()?, name.clone()))).collect();
        let mut take = |name: &str| self.below.remove(name).unwrap_or_default().into_value();
        match places {
            Some(places) => Value::Array(places.values().map(|name| take(name)).collect()),
            None => Value::Object(self.order.iter().map(|name| (name.clone(), take(name))).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(form: &str) -> Value {
        to_value(form_pairs(form.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn nesting_is_written_as_drf_writes_it() {
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
    fn too_much_of_it_is_refused() {
        assert!(form_pairs("a&".repeat(1001).as_bytes()).is_err());
        assert!(form_pairs(b"a=\xff").is_err());
        assert!(to_value(vec![("a.b.c.d.e.f.g.h.i.j.k".to_owned(), String::new())]).is_err());
    }
}

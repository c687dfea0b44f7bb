//! Field selection (`fields=`, `omit=`, `expand=`): the members of each resource in a response.

use std::collections::BTreeMap;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde_json::Value;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::{Required, Type};

use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::QueryPairs;

/// Maximum depth of `expand=a.b.c`.
const MAX_DEPTH: usize = 3;

/// Maximum number of relations that one request can expand.
const MAX_EXPANSIONS: usize = 10;

/// A tree of member names: `a,b.c` is `a`, and `b` with its member `c`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(pub(super) BTreeMap<String, Names>);

impl Names {
    fn read<'a>(lists: impl Iterator<Item = &'a str>) -> Self {
        let mut names = Self::default();
        let paths = lists.flat_map(|list| list.split(','));
        for path in paths.map(str::trim).filter(|path| !path.is_empty()) {
            names.insert(path);
        }
        names
    }

    fn insert(&mut self, path: &str) {
        // No response is nested that deeply: the rest of the path matches no member.
        path.splitn(10, '.').fold(self, |names, name| names.0.entry(name.trim().to_owned()).or_default());
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn count(&self) -> usize {
        self.0.values().map(|below| 1 + below.count()).sum()
    }

    fn depth(&self) -> usize {
        self.0.values().map(|below| 1 + below.depth()).max().unwrap_or_default()
    }
}

/// Members that a request selects of each resource in the response.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelection {
    fields: Names,
    omit: Names,
    pub(super) expand: Names,
}

impl FieldSelection {
    pub(super) fn read(query: &QueryPairs) -> Result<Self, Problem> {
        let names = |name| Names::read(query.all(name));
        let selection = Self { fields: names("fields"), omit: names("omit"), expand: names("expand") };
        if selection.expand.depth() > MAX_DEPTH {
            return Err(invalid_expand("max_depth", format!("Expand at most {MAX_DEPTH} levels.")));
        }
        if selection.expand.count() > MAX_EXPANSIONS {
            return Err(invalid_expand(
                "max_length",
                format!("Expand at most {MAX_EXPANSIONS} relations per request."),
            ));
        }
        Ok(selection)
    }

    /// Returns true if the request selects nothing: the response contains all members, unexpanded.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns true if the request expands a relation.
    pub(super) fn expands(&self) -> bool {
        !self.expand.is_empty()
    }

    /// Removes the members of `value` that the request does not select.
    pub(super) fn apply(&self, value: &mut Value) {
        if !self.fields.is_empty() {
            keep(value, &self.fields);
        }
        if !self.omit.is_empty() {
            remove(value, &self.omit);
        }
    }
}

fn invalid_expand(code: &'static str, text: String) -> Problem {
    Problem::invalid(ErrorTree::member("expand", ErrorTree::message(code, text)))
}

/// Keeps only the named members. A name without nested names keeps its whole member; `*` and `~all` keep all members.
fn keep(value: &mut Value, names: &Names) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| keep(item, names)),
        Value::Object(members) if !names.0.contains_key("*") && !names.0.contains_key("~all") => {
            members.retain(|name, _| names.0.contains_key(name));
            for (name, member) in members {
                if let Some(below) = names.0.get(name).filter(|below| !below.is_empty()) {
                    keep(member, below);
                }
            }
        }
        _ => {}
    }
}

fn remove(value: &mut Value, names: &Names) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, names)),
        Value::Object(members) => {
            members.retain(|name, _| names.0.get(name).is_none_or(|below| !below.is_empty()));
            for (name, member) in members {
                if let Some(below) = names.0.get(name) {
                    remove(member, below);
                }
            }
        }
        _ => {}
    }
}

impl FromRequest for FieldSelection {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(&QueryPairs::from_request(request)))
    }
}

impl IntoParams for FieldSelection {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, description: &str| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(description))
                .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
                .build()
        };
        vec![
            parameter("fields", "Members to include, separated by commas. `a.b` selects a nested member."),
            parameter("omit", "Members to omit, separated by commas."),
            parameter(
                "expand",
                "References to expand to full objects, separated by commas: at most 10, three levels deep \
                 (`lines.product.category`).",
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn select(query: &str) -> Value {
        let mut value = json!({"id": 1, "name": "Mug", "lines": [{"sku": "A", "quantity": 1}], "address": {"city": "B", "line1": "C"}});
        FieldSelection::read(&QueryPairs::parse(query)).unwrap().apply(&mut value);
        value
    }

    #[test]
    fn fields_and_omit_select_members() {
        assert_eq!(select("fields=name,lines.sku,unknown"), json!({"name": "Mug", "lines": [{"sku": "A"}]}));
        assert_eq!(select("fields=name&fields[]=id"), json!({"id": 1, "name": "Mug"}));
        assert_eq!(select("omit=name,lines,address.city"), json!({"id": 1, "address": {"line1": "C"}}));
        assert_eq!(select("fields=*&omit=lines,address"), json!({"id": 1, "name": "Mug"}));
        assert_eq!(select("fields=none"), json!({}));
        assert_eq!(select("fields=&omit=,"), select(""));
    }

    #[test]
    fn expansions_are_limited_in_depth_and_number() {
        let expand = |names: &str| FieldSelection::read(&QueryPairs::parse(&format!("expand={names}"))).is_ok();
        assert!(expand("a.b.c"));
        assert!(!expand("a.b.c.d"));
        assert!(expand("a,b,c,d,e,f,g,h,i,j"));
        assert!(!expand("a,b,c,d,e,f,g,h,i,j,k"));
        assert!(!expand("a.b.c,d.e.f,g.h.i,j.k"));
    }
}

//! `fields=`, `omit=` and `expand=`: how much of a thing is shown.

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

/// How deep `expand=a.b.c` goes.
const MOST_DEPTH: usize = 3;

/// How many relations one request may expand.
const MOST_EXPANSIONS: usize = 10;

/// Names with names below them: `a,b.c` is `a` and `b` with `c` below it.
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
        // Nothing we show is that deep: what lies below is no name of ours.
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

/// What a request wants to see of each thing in the answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    fields: Names,
    omit: Names,
    pub(super) expand: Names,
}

impl Shape {
    pub(super) fn read(query: &QueryPairs) -> Result<Self, Problem> {
        let names = |name| Names::read(query.all(name));
        let shape = Self { fields: names("fields"), omit: names("omit"), expand: names("expand") };
        if shape.expand.depth() > MOST_DEPTH {
            return Err(refused("max_depth", format!("Expansions go at most {MOST_DEPTH} levels deep.")));
        }
        if shape.expand.count() > MOST_EXPANSIONS {
            return Err(refused("max_length", format!("At most {MOST_EXPANSIONS} relations are expanded at once.")));
        }
        Ok(shape)
    }

    /// Everything is shown as it is.
    pub(super) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Others are shown within it.
    pub(super) fn expands(&self) -> bool {
        !self.expand.is_empty()
    }

    /// Leaves out of `value` what was not asked for.
    pub(super) fn cut(&self, value: &mut Value) {
        if !self.fields.is_empty() {
            keep(value, &self.fields);
        }
        if !self.omit.is_empty() {
            remove(value, &self.omit);
        }
    }
}

fn refused(code: &'static str, text: String) -> Problem {
    Problem::invalid(ErrorTree::member("expand", ErrorTree::message(code, text)))
}

/// A name without names below it keeps all of its member; `*` and `~all` keep every member.
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

impl FromRequest for Shape {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(&QueryPairs::of(request)))
    }
}

impl IntoParams for Shape {
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
            parameter("fields", "Only these members, separated by commas; `a.b` for a member of a member."),
            parameter("omit", "All but these members."),
            parameter(
                "expand",
                "References to show in full: at most 10, three levels deep (`lines.product.category`).",
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cut(query: &str) -> Value {
        let mut value = json!({"id": 1, "name": "Mug", "lines": [{"sku": "A", "quantity": 1}], "address": {"city": "B", "line1": "C"}});
        Shape::read(&QueryPairs::parse(query)).unwrap().cut(&mut value);
        value
    }

    #[test]
    fn only_what_is_asked_for_is_kept() {
        assert_eq!(cut("fields=name,lines.sku,unknown"), json!({"name": "Mug", "lines": [{"sku": "A"}]}));
        assert_eq!(cut("fields=name&fields[]=id"), json!({"id": 1, "name": "Mug"}));
        assert_eq!(cut("omit=name,lines,address.city"), json!({"id": 1, "address": {"line1": "C"}}));
        assert_eq!(cut("fields=*&omit=lines,address"), json!({"id": 1, "name": "Mug"}));
        assert_eq!(cut("fields=none"), json!({}));
        assert_eq!(cut("fields=&omit=,"), cut(""));
    }

    #[test]
    fn expansions_have_limits() {
        let expand = |names: &str| Shape::read(&QueryPairs::parse(&format!("expand={names}"))).is_ok();
        assert!(expand("a.b.c"));
        assert!(!expand("a.b.c.d"));
        assert!(expand("a,b,c,d,e,f,g,h,i,j"));
        assert!(!expand("a,b,c,d,e,f,g,h,i,j,k"));
        assert!(!expand("a.b.c,d.e.f,g.h.i,j.k"));
    }
}

//! References shown in full: one query for each kind of thing, whatever the number of rows.

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;
use serde_json::Value;

use super::answer::Resource;
use super::shape::Names;
use crate::platform::auth::Principal;
use crate::platform::error::Problem;

/// A member that can be expanded.
#[derive(Debug, Clone, Copy)]
pub struct Relation {
    pub name: &'static str,
    pub kind: RelationKind,
}

#[derive(Debug, Clone, Copy)]
pub enum RelationKind {
    /// Objects that stand in full in their parent anyway; these are their own relations.
    Nested(&'static [Relation]),
    /// The key of another thing, and the relations of that thing.
    Reference { load: Loader, relations: fn() -> &'static [Relation] },
}

/// The things with these keys that somebody may see, each as JSON under its key; the others stay keys.
pub type Loader = fn(&mut PgConnection, Option<&Principal>, &[String]) -> Result<Loaded, Problem>;

/// Things as JSON by their keys.
#[derive(Debug, Default)]
pub struct Loaded(HashMap<String, Value>);

impl Loaded {
    /// As this principal may see them.
    pub fn of<T: Resource>(
        mut views: Vec<T>,
        principal: Option<&Principal>,
        key: impl Fn(&T) -> String,
    ) -> Result<Self, Problem> {
        views.iter_mut().for_each(|view| view.conceal(principal));
        let pairs = views.iter().map(|view| Ok((key(view), serde_json::to_value(view)?)));
        let pairs: serde_json::Result<_> = pairs.collect();
        pairs.map(Self).map_err(|error| Problem::internal(error.into()))
    }
}

impl Relation {
    pub const fn nested(name: &'static str, relations: &'static [Self]) -> Self {
        Self { name, kind: RelationKind::Nested(relations) }
    }

    pub const fn reference(name: &'static str, load: Loader, relations: fn() -> &'static [Self]) -> Self {
        Self { name, kind: RelationKind::Reference { load, relations } }
    }
}

/// Keys of a type of their own; what is none is left out.
pub fn keys<K: std::str::FromStr>(keys: &[String]) -> Vec<K> {
    keys.iter().filter_map(|key| key.parse().ok()).collect()
}

/// Expands what is asked for in all of `values`.
pub(super) fn expand(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    values: &mut [&mut Value],
    relations: &[Relation],
    asked: &Names,
) -> Result<(), Problem> {
    let all = asked.0.get("*").or_else(|| asked.0.get("~all"));
    for relation in relations {
        let Some(below) = asked.0.get(relation.name).or(all) else { continue };
        match relation.kind {
            RelationKind::Nested(relations) => {
                let members = values.iter_mut().filter_map(|value| value.get_mut(relation.name));
                let mut members: Vec<&mut Value> = members.flat_map(each).collect();
                expand(conn, principal, &mut members, relations, below)?;
            }
            RelationKind::Reference { load, relations } => {
                let keys = keys_of(values, relation.name);
                if keys.is_empty() {
                    continue;
                }
                let Loaded(mut loaded) = load(conn, principal, &keys)?;
                let mut objects: Vec<&mut Value> = loaded.values_mut().collect();
                expand(conn, principal, &mut objects, relations(), below)?;
                put_in_place(values, relation.name, &loaded);
            }
        }
    }
    Ok(())
}

/// The items of a list, or the one thing that is none.
fn each(member: &mut Value) -> Vec<&mut Value> {
    match member {
        Value::Array(items) => items.iter_mut().collect(),
        other => vec![other],
    }
}

/// Each key once.
fn keys_of(values: &[&mut Value], name: &str) -> Vec<String> {
    let keys = values.iter().filter_map(|value| value.get(name)?.as_str());
    let keys: HashSet<&str> = keys.collect();
    keys.into_iter().map(str::to_owned).collect()
}

fn put_in_place(values: &mut [&mut Value], name: &str, loaded: &HashMap<String, Value>) {
    for value in values {
        if let Some(member) = value.get_mut(name)
            && let Some(object) = member.as_str().and_then(|key| loaded.get(key))
        {
            *member = object.clone();
        }
    }
}

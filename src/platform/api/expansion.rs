//! Expansion of references to full objects (`expand=`), with one query per relation for all rows.

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;
use serde_json::Value;

use super::field_selection::Names;
use super::resource::{ExpandedResources, Relation, RelationKind};
use crate::platform::auth::Principal;
use crate::platform::error::Problem;

/// Expands the requested relations in all `values`.
pub(super) fn expand(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    values: &mut [&mut Value],
    relations: &[Relation],
    requested: &Names,
) -> Result<(), Problem> {
    let all = requested.0.get("*").or_else(|| requested.0.get("~all"));
    for relation in relations {
        let Some(below) = requested.0.get(relation.name).or(all) else { continue };
        match relation.kind {
            RelationKind::Nested(relations) => {
                let members = values.iter_mut().filter_map(|value| value.get_mut(relation.name));
                let mut members: Vec<&mut Value> = members.flat_map(items_of).collect();
                expand(conn, principal, &mut members, relations, below)?;
            }
            RelationKind::Reference { load, relations } => {
                let keys = keys_of(values, relation.name);
                if keys.is_empty() {
                    continue;
                }
                let ExpandedResources(mut loaded) = load(conn, principal, &keys)?;
                let mut objects: Vec<&mut Value> = loaded.values_mut().collect();
                expand(conn, principal, &mut objects, relations(), below)?;
                replace_keys(values, relation.name, &loaded);
            }
        }
    }
    Ok(())
}

/// Returns the items of a list, or the value itself if it is no list.
fn items_of(member: &mut Value) -> Vec<&mut Value> {
    match member {
        Value::Array(items) => items.iter_mut().collect(),
        other => vec![other],
    }
}

/// Returns the distinct keys of this member.
fn keys_of(values: &[&mut Value], name: &str) -> Vec<String> {
    let keys = values.iter().filter_map(|value| value.get(name)?.as_str());
    let keys: HashSet<&str> = keys.collect();
    keys.into_iter().map(str::to_owned).collect()
}

fn replace_keys(values: &mut [&mut Value], name: &str, loaded: &HashMap<String, Value>) {
    for value in values {
        if let Some(member) = value.get_mut(name)
            && let Some(object) = member.as_str().and_then(|key| loaded.get(key))
        {
            *member = object.clone();
        }
    }
}

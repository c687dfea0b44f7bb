//! `ordering=name,-price`: the keys a list allows, unknown ones dropped.

use std::collections::HashSet;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder};
use utoipa::openapi::{Required, Type};

use crate::platform::error::Problem;

/// What a list can be ordered by.
pub trait OrderKey: Copy + 'static {
    /// The names in the query, with their keys.
    const KEYS: &'static [(&'static str, Self)];
}

/// One key of an order, ascending or descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortedBy<K> {
    pub key: K,
    pub is_descending: bool,
}

/// The order that a list was asked for; empty means the list's own.
#[derive(Debug, Clone)]
pub struct Sort<K>(pub Vec<SortedBy<K>>);

impl<K: OrderKey> FromRequest for Sort<K> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
        let pairs = pairs.map(web::Query::into_inner).unwrap_or_default();
        let asked = pairs.iter().rev().find(|(name, _)| name == "ordering").map_or("", |(_, value)| value.as_str());
        ready(Ok(Self(read(asked))))
    }
}

/// Each key once, the first time counting: a second time changes no order, and Diesel's work doubles with every key.
fn read<K: OrderKey>(asked: &str) -> Vec<SortedBy<K>> {
    let mut seen = HashSet::new();
    let known = asked.split(',').filter_map(|name| parse(name.trim()));
    known.filter(|(name, _)| seen.insert(*name)).map(|(_, by)| by).collect()
}

fn parse<K: OrderKey>(name: &str) -> Option<(&'static str, SortedBy<K>)> {
    let (name, is_descending) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
    let (known, key) = K::KEYS.iter().find(|(known, _)| *known == name)?;
    Some((known, SortedBy { key: *key, is_descending }))
}

impl<K: OrderKey> IntoParams for Sort<K> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let names = K::KEYS.iter().flat_map(|(name, _)| [(*name).to_owned(), format!("-{name}")]);
        let item = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build();
        vec![
            ParameterBuilder::new()
                .name("ordering")
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some("Which fields to order by; a leading `-` reverses. Unknown names are ignored."))
                .schema(Some(ArrayBuilder::new().items(item).build()))
                .explode(Some(false))
                .build(),
        ]
    }
}

impl<K> Default for Sort<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Key {
        Name,
        Price,
    }

    impl OrderKey for Key {
        const KEYS: &'static [(&'static str, Self)] = &[("name", Self::Name), ("price", Self::Price)];
    }

    #[test]
    fn each_key_counts_once_and_unknown_ones_not_at_all() {
        let keys = read::<Key>("-price, name,weight,,price,name,-name");
        let keys: Vec<_> = keys.iter().map(|by| (by.key, by.is_descending)).collect();
        assert_eq!(keys, [(Key::Price, true), (Key::Name, false)]);
    }
}

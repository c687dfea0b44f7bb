//! Path parameters that are an id or a slug.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use uuid::Uuid;

use super::text::Slug;
use crate::platform::types::id_parameter;

/// Id or slug. The form distinguishes them, because no slug is a UUID.
#[derive(Debug, Clone)]
pub enum IdOrSlug<I> {
    Id(I),
    Slug(Slug),
}

impl<I: From<Uuid>> FromStr for IdOrSlug<I> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match Uuid::parse_str(text) {
            Ok(id) => Ok(Self::Id(I::from(id))),
            Err(_) => text.parse().map(Self::Slug).map_err(|_| ()),
        }
    }
}

impl<'de, I: From<Uuid>> Deserialize<'de> for IdOrSlug<I> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|()| serde::de::Error::custom("neither an id nor a slug"))
    }
}

impl<I> IntoParams for IdOrSlug<I> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        id_parameter("Id or slug")
    }
}

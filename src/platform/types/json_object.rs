//! Schema of JSON objects whose members another standard or an integration defines.

use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder};
use utoipa::openapi::{RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// Object with any members.
#[derive(Debug)]
pub struct JsonObject;

impl PartialSchema for JsonObject {
    fn schema() -> RefOr<Schema> {
        object_with_any_members("Object with any members.")
    }
}

impl ToSchema for JsonObject {}

/// Returns the schema of an object with any members.
pub(crate) fn object_with_any_members(description: &str) -> RefOr<Schema> {
    let object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::FreeForm(true)));
    object.description(Some(description)).build().into()
}

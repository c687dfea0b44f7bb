//! Typed ids that several rooms use. A room that owns a table defines the other ids itself.

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Required, Type, schema::ObjectBuilder};
use uuid::Uuid;

use super::typed_id;

typed_id!(
    /// Id of a user account.
    UserId
);
typed_id!(
    /// Id of a customer profile, with or without a user account.
    CustomerId
);
typed_id!(
    /// Id of a session, which is one family of refresh tokens.
    SessionId
);
typed_id!(
    /// Id of an app, an external program that calls the API.
    AppId
);
typed_id!(ChannelId);
typed_id!(EventId);
typed_id!(JobId);
typed_id!(MessageId);

/// Generates a UUIDv7.
#[expect(clippy::disallowed_methods, reason = "the only place that generates ids")]
pub(crate) fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

/// Describes the path parameter `{id}` for the OpenAPI document.
pub(crate) fn id_parameter(description: &str) -> Vec<Parameter> {
    let schema = ObjectBuilder::new().schema_type(Type::String).build();
    vec![
        ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(description))
            .schema(Some(schema))
            .build(),
    ]
}

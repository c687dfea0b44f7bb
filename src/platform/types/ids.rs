//! Typed ids. Those that travel between rooms stand here; the others in the room that owns their table.

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Required, Type, schema::ObjectBuilder};
use uuid::Uuid;

use super::typed_id;

typed_id!(
    /// A user: somebody who signs in.
    UserId
);
typed_id!(
    /// A customer: the business profile, with or without a user.
    CustomerId
);
typed_id!(
    /// A session: one family of refresh tokens.
    SessionId
);
typed_id!(
    /// A program of somebody else's that calls the shop.
    AppId
);
typed_id!(
    /// A group of staff: what its members may do.
    GroupId
);
typed_id!(
    /// A group of customers.
    CustomerGroupId
);
typed_id!(CategoryId);
typed_id!(ChannelId);
typed_id!(ProductId);
typed_id!(VariantId);
typed_id!(OrderId);
typed_id!(OrderLineId);
typed_id!(EventId);
typed_id!(JobId);
typed_id!(MessageId);
typed_id!(StockId);
typed_id!(WarehouseId);

/// The one place that makes ids.
#[expect(clippy::disallowed_methods, reason = "this is the maker of ids that the lint sends everybody to")]
pub(crate) fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

/// The `{id}` of a path, for the OpenAPI document.
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

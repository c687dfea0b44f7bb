//! Request body for the placement of an order.

use serde_json::Value;
use utoipa::ToSchema;

use super::services::RequestedLine;
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, FromObject, Members, object_from_json, request_body};
use crate::platform::types::{Currency, CustomerId, Email, NonEmptyText, Phone, PostalAddress, Quantity, Text};
use crate::products::ids::{ProductId, VariantId};
use crate::products::offers::VariantRef;

/// Maximum number of lines per order.
const MAX_LINES: usize = 500;

/// Line to order: a quantity of a variant, which is specified by one of `product`, `variant` and `sku`.
///
/// If a line contains several of them, `variant` takes precedence, then `sku`, then `product`.
#[derive(Debug, ToSchema)]
#[schema(as = OrderLineRequest)]
#[expect(dead_code, reason = "documents the members that `RequestedLine` is parsed from")]
pub struct LineBody {
    /// Product that has exactly one variant.
    product: Option<ProductId>,
    variant: Option<VariantId>,
    #[schema(value_type = Option<String>, example = "MUG-ENAMEL-01", max_length = 64)]
    sku: Option<NonEmptyText<64>>,
    #[schema(value_type = i32, minimum = 1, maximum = 1_000_000, example = 2)]
    quantity: Quantity,
}

impl FromObject for RequestedLine {
    fn from_object(members: &mut Members) -> Option<Self> {
        let product: Option<Option<ProductId>> = members.take("product");
        let variant: Option<Option<VariantId>> = members.take("variant");
        let sku: Option<Option<NonEmptyText<64>>> = members.take("sku");
        let quantity = members.take("quantity");
        let variant = match (variant?, sku?, product?) {
            (Some(id), _, _) => VariantRef::Variant(id),
            (None, Some(sku), _) => VariantRef::Sku(sku.into_inner()),
            (None, None, Some(id)) => VariantRef::Product(id),
            (None, None, None) => {
                let error = ErrorTree::message("required", "Specify a product, a variant or a sku.");
                members.add_error("non_field_errors", error);
                return None;
            }
        };
        Some(Self { variant, quantity: quantity? })
    }
}

impl FromJson for RequestedLine {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        object_from_json(value)
    }
}

/// Lines of an order: at least 1, at most 500.
#[derive(Debug, Clone, ToSchema)]
#[schema(value_type = Vec<LineBody>, min_items = 1, max_items = 500)]
pub struct Lines(pub Vec<RequestedLine>);

impl FromJson for Lines {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        if let Value::Array(items) = &value
            && items.len() > MAX_LINES
        {
            let text = format!("Ensure this field has no more than {MAX_LINES} elements.");
            return Err(ErrorTree::message("max_length", text));
        }
        let lines = Vec::<RequestedLine>::from_json(value)?;
        if lines.is_empty() {
            return Err(ErrorTree::message("empty", "This list may not be empty."));
        }
        Ok(Self(lines))
    }
}

/// Order to place.
#[request_body(OrderRequest)]
#[derive(Debug, Clone)]
#[schema(example = json!({
    "email": "ana@example.com",
    "shipping_address": {
        "name": "Ana Wanjiru", "line1": "Moi Avenue 12", "city": "Nairobi", "postal_code": "00100", "country": "KE",
    },
    "currency": "EUR", "lines": [{"sku": "MUG-1", "quantity": 2}],
}))]
pub struct PlaceOrderBody {
    /// Required for guests. Defaults to the customer's e-mail address.
    pub email: Option<Email>,
    pub phone: Option<Phone>,
    /// Customer for whom a staff member places the order.
    pub customer: Option<CustomerId>,
    pub shipping_address: PostalAddress,
    /// Defaults to the shipping address.
    pub billing_address: Option<PostalAddress>,
    /// Currency that the client expects. The request is rejected if the channel has another currency.
    pub currency: Option<Currency>,
    pub note: Option<Text<1000>>,
    #[schema(value_type = Vec<LineBody>, min_items = 1, max_items = 500)]
    pub lines: Lines,
}

//! What is sent to place an order.

use serde_json::Value;
use utoipa::ToSchema;

use super::services::WantedLine;
use crate::platform::error::ErrorTree;
use crate::platform::http::{FromJson, FromObject, Members, body, object_from_json};
use crate::platform::types::{
    Currency, CustomerId, Email, Line, Paragraph, Phone, PostalAddress, ProductId, Quantity, VariantId,
};
use crate::products::catalogue::Pick;

/// More lines than this are an import, not an order.
const MOST_LINES: usize = 500;

/// A line to order: one of `product`, `variant` or `sku`, and how many.
#[derive(Debug, ToSchema)]
#[schema(as = OrderLineRequest)]
pub struct LineBody {
    /// A product with one variant.
    pub product: Option<ProductId>,
    pub variant: Option<VariantId>,
    #[schema(value_type = Option<String>, example = "MUG-ENAMEL-01", max_length = 64)]
    pub sku: Option<Line<64>>,
    #[schema(value_type = i32, minimum = 1, maximum = 1_000_000, example = 2)]
    pub quantity: Quantity,
}

impl FromObject for LineBody {
    fn from_object(members: &mut Members) -> Option<Self> {
        let product: Option<Option<ProductId>> = members.take("product");
        let variant: Option<Option<VariantId>> = members.take("variant");
        let sku: Option<Option<Line<64>>> = members.take("sku");
        let quantity = members.take("quantity");
        if let (Some(None), Some(None), Some(None)) = (&product, &variant, &sku) {
            members.refuse("non_field_errors", ErrorTree::message("required", "Name a product, a variant or a sku."));
        }
        Some(Self { product: product?, variant: variant?, sku: sku?, quantity: quantity? })
    }
}

impl FromJson for LineBody {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        object_from_json(value)
    }
}

impl LineBody {
    /// The most exact name counts where there are several.
    pub fn into_wanted(self) -> Option<WantedLine> {
        let by_variant = self.variant.map(Pick::Variant);
        let by_sku = self.sku.map(|sku| Pick::Sku(sku.into_inner()));
        let pick = by_variant.or(by_sku).or(self.product.map(Pick::Product))?;
        Some(WantedLine { pick, quantity: self.quantity })
    }
}

/// One line at least, 500 at most.
#[derive(Debug, ToSchema)]
#[schema(value_type = Vec<LineBody>, min_items = 1, max_items = 500)]
pub struct Lines(pub Vec<LineBody>);

impl FromJson for Lines {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        if let Value::Array(items) = &value
            && items.len() > MOST_LINES
        {
            let text = format!("Ensure this field has no more than {MOST_LINES} elements.");
            return Err(ErrorTree::message("max_length", text));
        }
        let lines = Vec::<LineBody>::from_json(value)?;
        if lines.is_empty() {
            return Err(ErrorTree::message("empty", "This list may not be empty."));
        }
        Ok(Self(lines))
    }
}

body! {
    /// An order to place.
    #[schema(as = OrderRequest, example = json!({
        "email": "nia@example.com",
        "shipping_address": {
            "name": "Nia Otieno", "line1": "Moi Avenue 12", "city": "Nairobi", "postal_code": "00100", "country": "KE",
        },
        "lines": [{"sku": "MUG-ENAMEL-01", "quantity": 2}],
    }))]
    pub struct PlaceOrderBody {
        /// Needed from guests; a customer's own where it is left out.
        pub email: Option<Email>,
        pub phone: Option<Phone>,
        /// For staff who order for a customer.
        pub customer: Option<CustomerId>,
        pub shipping_address: PostalAddress,
        /// The shipping address where it is left out.
        pub billing_address: Option<PostalAddress>,
        /// What you take prices to be in; refused where they are not.
        pub currency: Option<Currency>,
        pub note: Option<Paragraph<1000>>,
        #[schema(value_type = Vec<LineBody>, min_items = 1, max_items = 500)]
        pub lines: Lines,
    }
}

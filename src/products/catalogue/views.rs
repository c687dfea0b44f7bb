//! JSON representation and request bodies of products and variants.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::models::{Product, ProductChanges, Variant, VariantChanges};
use super::services::{NewProduct, NewVariant, ProductUpdate, VariantUpdate};
use crate::platform::api::{ExpandedResources, LoadView, Relation, Resource, parse_keys};
use crate::platform::auth::Principal;
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{Field, FromJson, request_body};
use crate::platform::types::{Currency, DecimalString, Metadata, Money, NonEmptyText, Price, Text};
use crate::products::categories::{self, CategoryView};
use crate::products::channels::Channel;
use crate::products::ids::{CategoryId, ProductId, VariantId};
use crate::products::offers::VariantOffer;
use crate::products::permissions::{ViewCosts, ViewHiddenProducts, ViewPrivateProducts};
use crate::products::slug::Slug;
use crate::products::stock::StockQuantity;

/// Product with its variants and their prices in the default channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d11", "name": "Enamel mug", "slug": "enamel-mug",
    "description": "Enamelled steel mug, 350 ml.", "category": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d13",
    "is_active": true, "sku": "MUG-1", "price": "12.50", "currency": "EUR", "in_stock": true, "available": 38,
    "variants": [
        {
            "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d12", "sku": "MUG-1", "name": "White",
            "options": {"color": "white"}, "price": "12.50", "currency": "EUR", "available": 38,
        },
    ],
    "images": [], "metadata": {"material": "steel"}, "created_at": "2026-11-02T09:00:00Z",
    "updated_at": "2026-11-02T09:00:00Z",
}))]
pub struct ProductView {
    pub id: ProductId,
    pub name: String,
    pub slug: Slug,
    pub description: String,
    pub category: Option<CategoryId>,
    pub is_active: bool,
    /// SKU of the first variant.
    pub sku: Option<String>,
    /// Lowest price of the variants; null if no variant has a price.
    pub price: Option<DecimalString>,
    pub currency: Currency,
    /// True if at least one variant can be bought now.
    pub in_stock: bool,
    /// Quantity that can still be bought, summed over all variants whose stock is tracked.
    pub available: i64,
    pub variants: Vec<VariantView>,
    pub images: Vec<String>,
    #[schema(value_type = Metadata)]
    pub metadata: Value,
    /// Present only for principals with `products.view_private`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Metadata, required = false)]
    pub private_metadata: Option<Value>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip)]
    pub version: i32,
}

impl Resource for ProductView {
    const RELATIONS: &'static [Relation] =
        &[Relation::reference("category", categories::expandable, || CategoryView::RELATIONS)];

    fn version(&self) -> Option<i32> {
        Some(self.version)
    }

    fn redact(&mut self, principal: Option<&Principal>) {
        if !can_view_private(principal) {
            self.private_metadata = None;
        }
        self.variants.iter_mut().for_each(|variant| variant.redact(principal));
    }
}

/// Returns true if the principal can view inactive products.
pub(super) fn can_view_inactive(principal: Option<&Principal>) -> bool {
    principal.is_some_and(|principal| principal.has_permission(ViewHiddenProducts::PERMISSION))
}

fn can_view_costs(principal: Option<&Principal>) -> bool {
    principal.is_some_and(|principal| principal.has_permission(ViewCosts::PERMISSION))
}

fn can_view_private(principal: Option<&Principal>) -> bool {
    principal.is_some_and(|principal| principal.has_permission(ViewPrivateProducts::PERMISSION))
}

/// Loads the products that replace their ids in an expanded response. Omits inactive ones if the principal cannot view
/// them.
pub fn expandable_products(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<ExpandedResources, Problem> {
    let mut rows = Product::load_by_ids(conn, &parse_keys(ids))?;
    rows.retain(|product| product.is_active || can_view_inactive(principal));
    ExpandedResources::new(ProductView::load(conn, rows)?, principal, |view| view.id.to_string())
}

/// Loads the variants that replace their ids in an expanded response, as their product displays them.
pub fn expandable_variants(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<ExpandedResources, Problem> {
    let requested: Vec<VariantId> = parse_keys(ids);
    let products: Vec<ProductId> =
        Variant::load_by_ids(conn, &requested)?.into_iter().map(|variant| variant.product_id).collect();
    let mut rows = Product::load_by_ids(conn, &products)?;
    rows.retain(|product| product.is_active || can_view_inactive(principal));
    let views = ProductView::load(conn, rows)?.into_iter().flat_map(|product| product.variants);
    ExpandedResources::new(views.filter(|variant| requested.contains(&variant.id)).collect(), principal, |view| {
        view.id.to_string()
    })
}

/// Variant of a product, the unit that customers buy.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Variant, example = json!({
    "id": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d12", "sku": "MUG-1", "name": "White", "options": {"color": "white"},
    "price": "12.50", "currency": "EUR", "available": 38,
}))]
pub struct VariantView {
    pub id: VariantId,
    pub sku: String,
    pub name: String,
    #[schema(value_type = Options)]
    pub options: Value,
    pub price: Option<DecimalString>,
    pub currency: Currency,
    /// Purchase cost per unit, in the same currency; null if unknown. Present only for principals with
    /// `products.view_costs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DecimalString>, required = false)]
    pub cost: Option<Option<DecimalString>>,
    /// Quantity that can still be bought; null if stock is not tracked.
    pub available: Option<i64>,
}

impl Resource for VariantView {
    fn redact(&mut self, principal: Option<&Principal>) {
        if !can_view_costs(principal) {
            self.cost = None;
        }
    }
}

impl LoadView for ProductView {
    type Row = Product;

    /// Loads variants, prices and availability of all products in one query.
    fn load(conn: &mut PgConnection, products: Vec<Product>) -> QueryResult<Vec<Self>> {
        let offers = VariantOffer::load_for_products(conn, products.iter().map(|product| product.id).collect())?;
        let currency = match offers.first() {
            Some(offer) => offer.currency,
            None => Channel::load_default(conn)?.currency,
        };
        let mut by_product: HashMap<ProductId, Vec<VariantOffer>> = HashMap::new();
        for offer in offers {
            by_product.entry(offer.product).or_default().push(offer);
        }
        let view = |product: Product| {
            let offers = by_product.remove(&product.id).unwrap_or_default();
            Self::new(product, offers, currency)
        };
        Ok(products.into_iter().map(view).collect())
    }
}

impl ProductView {
    fn new(product: Product, offers: Vec<VariantOffer>, currency: Currency) -> Self {
        let lowest = offers.iter().filter_map(|offer| offer.price).min();
        let variants: Vec<VariantView> = offers.into_iter().map(|offer| VariantView::new(offer, currency)).collect();
        Self {
            id: product.id,
            name: product.name,
            slug: product.slug,
            description: product.description,
            category: product.category_id,
            is_active: product.is_active,
            sku: variants.first().map(|variant| variant.sku.clone()),
            price: lowest.map(|price| Money::new(price, currency).to_decimal_string()),
            currency,
            in_stock: variants.iter().any(|variant| variant.available != Some(0)),
            available: variants.iter().filter_map(|variant| variant.available).sum(),
            variants,
            images: Vec::new(),
            metadata: product.metadata,
            private_metadata: Some(product.private_metadata),
            created_at: product.created_at,
            updated_at: product.updated_at,
            version: product.version,
        }
    }
}

impl VariantView {
    fn new(offer: VariantOffer, currency: Currency) -> Self {
        let format = |amount: Decimal| Money::new(amount, currency).to_decimal_string();
        Self {
            id: offer.variant,
            sku: offer.sku,
            name: offer.name,
            options: offer.options,
            price: offer.price.map(format),
            currency,
            cost: Some(offer.cost.map(format)),
            available: offer.tracks_stock.then_some(offer.available),
        }
    }
}

/// Options of a variant: names with text values.
#[derive(Debug, Clone, Default, ToSchema)]
#[schema(as = VariantOptions, value_type = HashMap<String, String>, example = json!({"size": "M"}))]
pub struct Options(Map<String, Value>);

impl FromJson for Options {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let options = Map::from_json(value)?;
        match options.values().find(|value| !value.is_string()) {
            Some(_) => Err(ErrorTree::message("invalid", "Each option must be a string.")),
            None => Ok(Self(options)),
        }
    }
}

#[request_body(VariantRequest)]
#[derive(Debug)]
#[schema(example = json!({
    "sku": "MUG-1-BLUE", "name": "Blue", "options": {"color": "blue"}, "price": "12.50", "cost": "6.00", "stock": 40,
    "tracks_stock": true,
}))]
pub struct VariantBody {
    #[schema(example = "MUG-1-BLUE")]
    pub sku: NonEmptyText<64>,
    pub name: Option<Text<150>>,
    pub options: Option<Options>,
    pub price: Price,
    /// Purchase cost per unit. Ignored if the principal lacks `products.view_costs`.
    pub cost: Option<Price>,
    /// Initial stock in the first warehouse. Use `/api/stocks/adjust/` for later changes.
    #[schema(value_type = Option<i32>, minimum = 0)]
    pub stock: Option<StockQuantity>,
    /// False for variants that never run out. Default: true.
    pub tracks_stock: Option<bool>,
}

impl VariantBody {
    /// Converts the body. Ignores the cost if the principal cannot view costs.
    pub(super) fn into_new(self, principal: &Principal) -> NewVariant {
        NewVariant {
            sku: self.sku.into_inner(),
            name: self.name.map(Text::into_inner).unwrap_or_default(),
            options: Value::Object(self.options.unwrap_or_default().0),
            price: self.price.get(),
            cost: self.cost.filter(|_| can_view_costs(Some(principal))).map(Price::get),
            stock: self.stock.map_or(0, |stock| stock.get()),
            tracks_stock: self.tracks_stock.unwrap_or(true),
        }
    }
}

/// Product: a simple one with `sku` and `price`, or one with `variants`.
#[request_body(ProductRequest)]
#[derive(Debug)]
#[schema(example = json!({
    "name": "Enamel mug", "slug": "enamel-mug", "description": "Enamelled steel mug, 350 ml.",
    "category": "0190a5f0-7c3e-7b2a-9d1f-3c5e8a7b6d13", "is_active": true, "sku": "MUG-1", "price": "12.50",
    "stock": 40, "metadata": {"material": "steel"},
}))]
pub struct ProductBody {
    #[schema(example = "Enamel mug")]
    pub name: NonEmptyText<250>,
    /// Generated from the name if absent.
    pub slug: Option<Slug>,
    pub description: Option<Text<20_000>>,
    /// Id of the category. Null removes the product from its category.
    pub category: Field<CategoryId>,
    pub is_active: Option<bool>,
    #[schema(example = "MUG-1")]
    pub sku: Option<NonEmptyText<64>>,
    pub price: Option<Price>,
    #[schema(value_type = Option<i32>, minimum = 0)]
    pub stock: Option<StockQuantity>,
    pub variants: Option<Vec<VariantBody>>,
    pub metadata: Option<Metadata>,
    /// Ignored if the principal lacks `products.view_private`.
    pub private_metadata: Option<Metadata>,
}

/// [`ProductBody`] of a new product: requires either `variants`, or `sku` and `price`.
pub struct NewProductBody(ProductBody);

impl FromJson for NewProductBody {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let missing = missing_fields(&value);
        match (ProductBody::from_json(value), missing) {
            (Ok(body), None) => Ok(Self(body)),
            (Ok(_), Some(missing)) => Err(missing),
            (Err(wrong), None) => Err(wrong),
            (Err(wrong), Some(missing)) => Err(missing.overridden_by(wrong)),
        }
    }
}

impl PartialSchema for NewProductBody {
    fn schema() -> RefOr<Schema> {
        ProductBody::schema()
    }
}

impl ToSchema for NewProductBody {
    fn name() -> Cow<'static, str> {
        ProductBody::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ProductBody::schemas(schemas);
    }
}

impl NewProductBody {
    pub(super) const fn is_simple(&self) -> bool {
        self.0.variants.is_none()
    }

    pub(super) fn into_new(self, principal: &Principal) -> NewProduct {
        let body = self.0;
        let stock = body.stock.map_or(0, |stock| stock.get());
        let simple = body.sku.zip(body.price).map(|(sku, price)| NewVariant {
            sku: sku.into_inner(),
            name: String::new(),
            options: json!({}),
            price: price.get(),
            cost: None,
            stock,
            tracks_stock: true,
        });
        let several = body.variants.unwrap_or_default().into_iter().map(|variant| variant.into_new(principal));
        NewProduct {
            name: body.name.into_inner(),
            slug: body.slug,
            description: body.description.map(Text::into_inner).unwrap_or_default(),
            category: body.category.into_nullable().flatten(),
            is_active: body.is_active.unwrap_or(true),
            metadata: body.metadata.map_or_else(|| json!({}), Metadata::into_inner),
            private_metadata: body
                .private_metadata
                .filter(|_| can_view_private(Some(principal)))
                .map_or_else(|| json!({}), Metadata::into_inner),
            variants: several.chain(simple).collect(),
        }
    }
}

/// Returns the errors about missing or contradictory variants, independently of all other errors.
fn missing_fields(value: &Value) -> Option<ErrorTree> {
    let given = |name: &str| value.as_object()?.get(name).filter(|value| !value.is_null());
    match (given("variants"), given("sku"), given("price")) {
        (Some(Value::Array(variants)), None, None) if variants.is_empty() => {
            Some(ErrorTree::member("variants", ErrorTree::message("empty", "This list may not be empty.")))
        }
        (Some(_), None, None) | (None, Some(_), Some(_)) => None,
        (Some(_), _, _) => Some(ErrorTree::non_field("invalid", "Specify either variants, or sku and price.")),
        (None, sku, price) => {
            let missing = [("sku", sku), ("price", price)].into_iter().filter(|(_, given)| given.is_none());
            Some(ErrorTree::Members(missing.map(|(name, _)| (name.to_owned(), ErrorTree::required())).collect()))
        }
    }
}

impl ProductBody {
    /// Converts the body of a PUT. Absent fields stay unchanged.
    pub(super) fn into_update(self, principal: &Principal) -> ProductUpdate {
        let patch = PatchedProductBody {
            name: Some(self.name),
            slug: self.slug,
            description: self.description,
            category: self.category,
            is_active: self.is_active,
            sku: self.sku,
            price: self.price,
            metadata: self.metadata,
            private_metadata: self.private_metadata,
        };
        patch.into_update(principal)
    }
}

#[request_body(PatchedProductRequest, partial)]
pub struct PatchedProductBody {
    #[schema(value_type = Option<String>, max_length = 250)]
    pub name: Option<NonEmptyText<250>>,
    pub slug: Option<Slug>,
    pub description: Option<Text<20_000>>,
    /// Id of the category. Null removes the product from its category.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub category: Field<CategoryId>,
    pub is_active: Option<bool>,
    /// Only for a product with one variant.
    #[schema(value_type = Option<String>, max_length = 64)]
    pub sku: Option<NonEmptyText<64>>,
    /// Only for a product with one variant.
    pub price: Option<Price>,
    pub metadata: Option<Metadata>,
    /// Ignored if the principal lacks `products.view_private`.
    pub private_metadata: Option<Metadata>,
}

impl PatchedProductBody {
    pub(super) fn into_update(self, principal: &Principal) -> ProductUpdate {
        ProductUpdate {
            changes: ProductChanges {
                category_id: self.category.into_nullable(),
                name: self.name.map(NonEmptyText::into_inner),
                slug: self.slug,
                description: self.description.map(Text::into_inner),
                is_active: self.is_active,
                metadata: self.metadata.map(Metadata::into_inner),
                private_metadata: self
                    .private_metadata
                    .filter(|_| can_view_private(Some(principal)))
                    .map(Metadata::into_inner),
            },
            sku: self.sku.map(NonEmptyText::into_inner),
            price: self.price.map(Price::get),
        }
    }
}

#[request_body(PatchedVariantRequest, partial)]
pub struct PatchedVariantBody {
    #[schema(value_type = Option<String>, max_length = 64)]
    pub sku: Option<NonEmptyText<64>>,
    #[schema(value_type = Option<String>, max_length = 150)]
    pub name: Option<Text<150>>,
    pub options: Option<Options>,
    pub price: Option<Price>,
    /// Purchase cost per unit; null clears it. Ignored if the principal lacks `products.view_costs`.
    #[schema(value_type = Option<Price>)]
    pub cost: Field<Price>,
    pub tracks_stock: Option<bool>,
    pub sort_order: Option<i32>,
}

impl PatchedVariantBody {
    pub(super) fn into_update(self, principal: &Principal) -> VariantUpdate {
        let changes = VariantChanges {
            sku: self.sku.map(NonEmptyText::into_inner),
            name: self.name.map(Text::into_inner),
            options: self.options.map(|options| Value::Object(options.0)),
            cost: self
                .cost
                .into_nullable()
                .filter(|_| can_view_costs(Some(principal)))
                .map(|cost| cost.map(Price::get)),
            tracks_stock: self.tracks_stock,
            sort_order: self.sort_order,
        };
        VariantUpdate { changes, price: self.price.map(Price::get) }
    }
}

//! Products as JSON, and what may be sent to make and change them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{PgConnection, QueryResult};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::models::{Product, ProductChanges, Variant, VariantChanges};
use super::offers::Offer;
use super::services::{Change, NewProduct, NewVariant};
use crate::platform::api::{Loaded, Relation, Resource, keys};
use crate::platform::auth::{Permission, Principal};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::{Field, FromJson, body, patch_body};
use crate::platform::types::{
    CategoryId, Currency, DecimalString, Line, Money, Paragraph, Price, ProductId, Slug, VariantId,
};
use crate::products::categories::{self, CategoryView};
use crate::products::channels::Channel;
use crate::products::stock::Level;

/// A product with its variants, priced in the default channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductView {
    pub id: ProductId,
    pub name: String,
    pub slug: Slug,
    pub description: String,
    pub category: Option<CategoryId>,
    pub is_active: bool,
    /// Of the first variant.
    pub sku: Option<String>,
    /// The lowest of the variants' prices; null where none is priced.
    pub price: Option<DecimalString>,
    pub currency: Currency,
    /// Whether any variant can be bought now.
    pub in_stock: bool,
    /// How many may still be bought, over all variants whose stock is tracked.
    pub available: i64,
    pub variants: Vec<VariantView>,
    pub images: Vec<String>,
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// For `products.view_private` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, required = false)]
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

    fn conceal(&mut self, principal: Option<&Principal>) {
        if !sees_private(principal) {
            self.private_metadata = None;
        }
        self.variants.iter_mut().for_each(|variant| variant.conceal(principal));
    }
}

/// Whether somebody sees products that are not active.
pub(super) fn sees_inactive(principal: Option<&Principal>) -> bool {
    principal.is_some_and(|principal| principal.may(Permission::ProductsViewHidden))
}

fn sees_costs(principal: Option<&Principal>) -> bool {
    principal.is_some_and(|principal| principal.may(Permission::ProductsViewCosts))
}

fn sees_private(principal: Option<&Principal>) -> bool {
    principal.is_some_and(|principal| principal.may(Permission::ProductsViewPrivate))
}

/// Products in place of their ids.
pub fn expandable_products(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<Loaded, Problem> {
    let mut rows = Product::with_ids(conn, &keys(ids))?;
    rows.retain(|product| product.is_active || sees_inactive(principal));
    Loaded::of(ProductView::of_all(conn, rows)?, principal, |view| view.id.to_string())
}

/// Variants in place of their ids, as they stand in their product.
pub fn expandable_variants(
    conn: &mut PgConnection,
    principal: Option<&Principal>,
    ids: &[String],
) -> Result<Loaded, Problem> {
    let wanted: Vec<VariantId> = keys(ids);
    let products: Vec<ProductId> =
        Variant::with_ids(conn, &wanted)?.into_iter().map(|variant| variant.product_id).collect();
    let mut rows = Product::with_ids(conn, &products)?;
    rows.retain(|product| product.is_active || sees_inactive(principal));
    let views = ProductView::of_all(conn, rows)?.into_iter().flat_map(|product| product.variants);
    Loaded::of(views.filter(|variant| wanted.contains(&variant.id)).collect(), principal, |view| view.id.to_string())
}

/// What is bought of a product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Variant)]
pub struct VariantView {
    pub id: VariantId,
    pub sku: String,
    pub name: String,
    #[schema(value_type = Object)]
    pub options: Value,
    pub price: Option<DecimalString>,
    pub currency: Currency,
    /// What one costs the shop, in the same currency; null where nobody said. For `products.view_costs` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DecimalString>, required = false)]
    pub cost: Option<Option<DecimalString>>,
    /// How many may still be bought; null where stock is not tracked.
    pub available: Option<i64>,
}

impl Resource for VariantView {
    fn conceal(&mut self, principal: Option<&Principal>) {
        if !sees_costs(principal) {
            self.cost = None;
        }
    }
}

impl ProductView {
    pub fn of(conn: &mut PgConnection, product: Product) -> QueryResult<Option<Self>> {
        Ok(Self::of_all(conn, vec![product])?.pop())
    }

    /// The variants of all products, with prices and stock, in one query.
    pub fn of_all(conn: &mut PgConnection, products: Vec<Product>) -> QueryResult<Vec<Self>> {
        let offers = Offer::of_products(conn, products.iter().map(|product| product.id).collect())?;
        let currency = match offers.first() {
            Some(offer) => offer.currency,
            None => Channel::default_one(conn)?.currency,
        };
        let mut by_product: HashMap<ProductId, Vec<(VariantView, Option<Money>)>> = HashMap::new();
        for offer in offers {
            let price = offer.price.map(|price| Money::new(price, currency));
            let view = VariantView {
                id: offer.variant,
                sku: offer.sku,
                name: offer.name,
                options: offer.options,
                price: price.map(Money::shown),
                currency,
                cost: Some(offer.cost.map(|cost| Money::new(cost, currency).shown())),
                available: offer.tracks_stock.then_some(offer.available),
            };
            by_product.entry(offer.product).or_default().push((view, price));
        }
        let view = |product: Product| {
            let variants = by_product.remove(&product.id).unwrap_or_default();
            Self::new(product, variants, currency)
        };
        Ok(products.into_iter().map(view).collect())
    }

    fn new(product: Product, variants: Vec<(VariantView, Option<Money>)>, currency: Currency) -> Self {
        let lowest = variants.iter().filter_map(|(_, price)| *price).min_by_key(|price| price.amount());
        let variants: Vec<VariantView> = variants.into_iter().map(|(view, _)| view).collect();
        Self {
            id: product.id,
            name: product.name,
            slug: product.slug,
            description: product.description,
            category: product.category_id,
            is_active: product.is_active,
            sku: variants.first().map(|variant| variant.sku.clone()),
            price: lowest.map(Money::shown),
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

/// The options of a variant: short names with short values.
#[derive(Debug, Clone, Default, ToSchema)]
#[schema(value_type = Object, example = json!({"size": "M"}))]
pub struct Options(Map<String, Value>);

impl FromJson for Options {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let options = Map::from_json(value)?;
        match options.values().find(|value| !value.is_string()) {
            Some(_) => Err(ErrorTree::message("invalid", "Options are names with texts.")),
            None => Ok(Self(options)),
        }
    }
}

body! {
    #[schema(as = VariantRequest)]
    pub struct VariantBody {
        #[schema(value_type = String, max_length = 64, example = "MUG-1-BLUE")]
        pub sku: Line<64>,
        #[schema(value_type = Option<String>, max_length = 150)]
        pub name: Option<Paragraph<150>>,
        pub options: Option<Options>,
        pub price: Price,
        /// What one costs the shop. Ignored from who may not see costs.
        pub cost: Option<Price>,
        /// How many there are at first; later changes go through `/api/stocks/adjust/`.
        #[schema(value_type = Option<i32>, minimum = 0)]
        pub stock: Option<Level>,
        /// Off for what never runs out.
        pub tracks_stock: Option<bool>,
    }
}

impl VariantBody {
    /// As far as they may say.
    pub(super) fn into_new(self, principal: &Principal) -> NewVariant {
        NewVariant {
            sku: self.sku.into_inner(),
            name: self.name.map(Paragraph::into_inner).unwrap_or_default(),
            options: Value::Object(self.options.unwrap_or_default().0),
            price: self.price.get(),
            cost: self.cost.filter(|_| sees_costs(Some(principal))).map(Price::get),
            stock: self.stock.map_or(0, |stock| stock.get()),
            tracks_stock: self.tracks_stock.unwrap_or(true),
        }
    }
}

body! {
    /// A product: a simple one with `sku` and `price`, or one with `variants`.
    #[schema(as = ProductRequest)]
    pub struct ProductBody {
        #[schema(value_type = String, max_length = 250, example = "Enamel mug")]
        pub name: Line<250>,
        /// Made from the name where it is left out.
        pub slug: Option<Slug>,
        pub description: Option<Paragraph<20_000>>,
        pub category: Option<CategoryId>,
        pub is_active: Option<bool>,
        #[schema(value_type = Option<String>, max_length = 64, example = "MUG-1")]
        pub sku: Option<Line<64>>,
        pub price: Option<Price>,
        #[schema(value_type = Option<i32>, minimum = 0)]
        pub stock: Option<Level>,
        pub variants: Option<Vec<VariantBody>>,
        #[schema(value_type = Option<Object>)]
        pub metadata: Option<Map<String, Value>>,
        /// Ignored from who may not see it; where it is left out, it stays.
        #[schema(value_type = Option<Object>)]
        pub private_metadata: Option<Map<String, Value>>,
    }
}

/// A [`ProductBody`] that makes a product: with variants, or with the sku and price of its only one.
pub struct NewProductBody(ProductBody);

impl FromJson for NewProductBody {
    fn from_json(value: Value) -> Result<Self, ErrorTree> {
        let missing = missing(&value);
        match (ProductBody::from_json(value), missing) {
            (Ok(body), None) => Ok(Self(body)),
            (Ok(_), Some(missing)) => Err(missing),
            (Err(wrong), None) => Err(wrong),
            (Err(wrong), Some(missing)) => Err(missing.overlaid_with(wrong)),
        }
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
            description: body.description.map(Paragraph::into_inner).unwrap_or_default(),
            category: body.category,
            is_active: body.is_active.unwrap_or(true),
            metadata: Value::Object(body.metadata.unwrap_or_default()),
            private_metadata: Value::Object(
                body.private_metadata.filter(|_| sees_private(Some(principal))).unwrap_or_default(),
            ),
            variants: several.chain(simple).collect(),
        }
    }
}

/// What a new product lacks, whatever else is right or wrong with it.
fn missing(value: &Value) -> Option<ErrorTree> {
    let given = |name: &str| value.as_object()?.get(name).filter(|value| !value.is_null());
    match (given("variants"), given("sku"), given("price")) {
        (Some(Value::Array(variants)), None, None) if variants.is_empty() => {
            Some(ErrorTree::member("variants", ErrorTree::message("empty", "This list may not be empty.")))
        }
        (Some(_), None, None) | (None, Some(_), Some(_)) => None,
        (Some(_), _, _) => Some(ErrorTree::of_object("invalid", "Give either variants, or sku and price.")),
        (None, sku, price) => {
            let lacking = [("sku", sku), ("price", price)].into_iter().filter(|(_, given)| given.is_none());
            Some(ErrorTree::Members(lacking.map(|(name, _)| (name.to_owned(), ErrorTree::required())).collect()))
        }
    }
}

impl ProductBody {
    /// For PUT: what is left out is emptied; the slug stays.
    pub(super) fn into_change(self, principal: &Principal) -> Change {
        Change {
            product: ProductChanges {
                category_id: Some(self.category),
                name: Some(self.name.into_inner()),
                slug: self.slug,
                description: Some(self.description.map(Paragraph::into_inner).unwrap_or_default()),
                is_active: Some(self.is_active.unwrap_or(true)),
                metadata: Some(Value::Object(self.metadata.unwrap_or_default())),
                private_metadata: self.private_metadata.filter(|_| sees_private(Some(principal))).map(Value::Object),
            },
            sku: self.sku.map(Line::into_inner),
            price: self.price.map(Price::get),
        }
    }
}

patch_body! {
    #[schema(as = PatchedProductRequest)]
    pub struct PatchedProductBody {
        #[schema(value_type = Option<String>, max_length = 250)]
        pub name: Option<Line<250>>,
        pub slug: Option<Slug>,
        pub description: Option<Paragraph<20_000>>,
        /// Null files it nowhere.
        #[schema(value_type = Option<uuid::Uuid>)]
        pub category: Field<CategoryId>,
        pub is_active: Option<bool>,
        /// Of a simple product.
        #[schema(value_type = Option<String>, max_length = 64)]
        pub sku: Option<Line<64>>,
        /// Of a simple product.
        pub price: Option<Price>,
        #[schema(value_type = Option<Object>)]
        pub metadata: Option<Map<String, Value>>,
        /// Ignored from who may not see it.
        #[schema(value_type = Option<Object>)]
        pub private_metadata: Option<Map<String, Value>>,
    }
}

impl PatchedProductBody {
    pub(super) fn into_change(self, principal: &Principal) -> Change {
        Change {
            product: ProductChanges {
                category_id: self.category.into_nullable(),
                name: self.name.map(Line::into_inner),
                slug: self.slug,
                description: self.description.map(Paragraph::into_inner),
                is_active: self.is_active,
                metadata: self.metadata.map(Value::Object),
                private_metadata: self.private_metadata.filter(|_| sees_private(Some(principal))).map(Value::Object),
            },
            sku: self.sku.map(Line::into_inner),
            price: self.price.map(Price::get),
        }
    }
}

patch_body! {
    #[schema(as = PatchedVariantRequest)]
    pub struct PatchedVariantBody {
        #[schema(value_type = Option<String>, max_length = 64)]
        pub sku: Option<Line<64>>,
        #[schema(value_type = Option<String>, max_length = 150)]
        pub name: Option<Paragraph<150>>,
        pub options: Option<Options>,
        pub price: Option<Price>,
        /// What one costs the shop; null forgets it. Ignored from who may not see costs.
        #[schema(value_type = Option<Price>)]
        pub cost: Field<Price>,
        pub tracks_stock: Option<bool>,
        pub sort_order: Option<i32>,
    }
}

impl PatchedVariantBody {
    pub(super) fn into_changes(self, principal: &Principal) -> (VariantChanges, Option<rust_decimal::Decimal>) {
        let changes = VariantChanges {
            sku: self.sku.map(Line::into_inner),
            name: self.name.map(Paragraph::into_inner),
            options: self.options.map(|options| Value::Object(options.0)),
            cost: self.cost.into_nullable().filter(|_| sees_costs(Some(principal))).map(|cost| cost.map(Price::get)),
            tracks_stock: self.tracks_stock,
            sort_order: self.sort_order,
        };
        (changes, self.price.map(Price::get))
    }
}

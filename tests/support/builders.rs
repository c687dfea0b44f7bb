//! Builders of products and categories, which call the services with useful defaults.

use mercer::products::catalogue::{self, NewProduct, NewVariant};
use mercer::products::categories::{self, NewCategory};
use mercer::products::ids::{CategoryId, ProductId};
use serde_json::{Value, json};

use super::shop::TestShop;

/// Product of a test.
#[derive(Debug, Clone)]
pub struct TestProduct {
    pub id: ProductId,
    pub sku: String,
}

pub struct ProductBuilder<'a> {
    shop: &'a TestShop,
    new: NewProduct,
}

impl TestShop {
    /// Starts a product with one variant: price 10.00, ten in stock, SKU from the name in upper case.
    pub fn product(&self, name: &str) -> ProductBuilder<'_> {
        let variant = NewVariant {
            sku: name.to_uppercase().replace(' ', "-"),
            name: String::new(),
            options: json!({}),
            price: "10.00".parse().unwrap(),
            cost: None,
            stock: 10,
            tracks_stock: true,
        };
        let new = NewProduct {
            name: name.to_owned(),
            slug: None,
            description: String::new(),
            category: None,
            is_active: true,
            metadata: json!({}),
            private_metadata: json!({}),
            variants: vec![variant],
        };
        ProductBuilder { shop: self, new }
    }

    pub fn category(&self, name: &str, parent: Option<CategoryId>) -> CategoryId {
        let new =
            NewCategory { name: name.to_owned(), slug: None, description: String::new(), parent, sort_order: None };
        let context = self.app.system_context();
        self.app.db.write_blocking(|conn| categories::create(conn, &new, &context)).unwrap().id
    }

    /// Returns the quantity and the allocated quantity of a product in all warehouses.
    pub fn stock_of(&self, product: &TestProduct) -> (i64, i64) {
        let sum = |column: &str| {
            self.number(&format!(
                "select coalesce(sum(s.{column}), 0) from stocks s join variants v on v.id = s.variant_id \
                 where v.product_id = '{}'",
                product.id
            ))
        };
        (sum("quantity"), sum("allocated"))
    }
}

impl ProductBuilder<'_> {
    pub fn price(mut self, price: &str) -> Self {
        self.new.variants[0].price = price.parse().unwrap();
        self
    }

    pub fn stock(mut self, stock: i32) -> Self {
        self.new.variants[0].stock = stock;
        self
    }

    pub fn sku(mut self, sku: &str) -> Self {
        self.new.variants[0].sku = sku.to_owned();
        self
    }

    pub fn untracked(mut self) -> Self {
        self.new.variants[0].tracks_stock = false;
        self.new.variants[0].stock = 0;
        self
    }

    pub fn inactive(mut self) -> Self {
        self.new.is_active = false;
        self
    }

    pub fn in_category(mut self, category: CategoryId) -> Self {
        self.new.category = Some(category);
        self
    }

    /// Adds a variant.
    pub fn variant(mut self, sku: &str, price: &str, stock: i32) -> Self {
        self.new.variants.push(NewVariant {
            sku: sku.to_owned(),
            name: sku.to_owned(),
            options: json!({"size": sku}),
            price: price.parse().unwrap(),
            cost: None,
            stock,
            tracks_stock: true,
        });
        self
    }

    pub fn create(self) -> TestProduct {
        let context = self.shop.app.system_context();
        let product = self.shop.app.db.write_blocking(|conn| catalogue::create(conn, &self.new, &context)).unwrap();
        TestProduct { id: product.id, sku: self.new.variants[0].sku.clone() }
    }
}

/// Returns a shipping address.
pub fn address() -> Value {
    json!({
        "name": "Ana Wanjiru", "line1": "Moi Avenue 12", "city": "Nairobi", "postal_code": "00100", "country": "KE",
    })
}

/// Returns the request body of an order with these quantities.
pub fn order_body(lines: &[(&TestProduct, i32)]) -> Value {
    let lines: Vec<Value> =
        lines.iter().map(|(product, quantity)| json!({"sku": product.sku, "quantity": quantity})).collect();
    json!({"shipping_address": address(), "lines": lines})
}

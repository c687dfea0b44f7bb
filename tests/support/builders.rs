//! Things to sell, made through the services, with sensible defaults.

use mercer::platform::audit::Origin;
use mercer::platform::types::{CategoryId, ProductId};
use mercer::products::catalogue::{self, NewProduct, NewVariant};
use mercer::products::categories::{self, NewCategory};
use serde_json::{Value, json};

use super::shop::TestShop;

/// A product of a test.
#[derive(Debug, Clone)]
pub struct Made {
    pub id: ProductId,
    pub sku: String,
}

pub struct ProductBuilder<'a> {
    shop: &'a TestShop,
    new: NewProduct,
}

impl TestShop {
    /// A simple product: 10.00, ten in stock, its SKU the name in capitals.
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
        let origin = Origin::system(self.app.clock.now());
        self.app.db.write_blocking(|conn| categories::create(conn, &new, &origin)).unwrap().id
    }

    /// On the shelf and promised, over all warehouses.
    pub fn stock_of(&self, product: &Made) -> (i64, i64) {
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

    /// One more variant beside the first.
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

    pub fn create(self) -> Made {
        let origin = Origin::system(self.shop.app.clock.now());
        let product = self.shop.app.db.write_blocking(|conn| catalogue::create(conn, &self.new, &origin)).unwrap();
        Made { id: product.id, sku: self.new.variants[0].sku.clone() }
    }
}

/// Where a test's parcels go.
pub fn address() -> Value {
    json!({
        "name": "Ana Wanjiru", "line1": "Moi Avenue 12", "city": "Nairobi", "postal_code": "00100", "country": "KE",
    })
}

/// The body that orders these quantities.
pub fn order_of(lines: &[(&Made, i32)]) -> Value {
    let lines: Vec<Value> =
        lines.iter().map(|(made, quantity)| json!({"sku": made.sku, "quantity": quantity})).collect();
    json!({"shipping_address": address(), "lines": lines})
}

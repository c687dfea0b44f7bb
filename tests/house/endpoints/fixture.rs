//! A shop with the accounts and objects that the cases use.

use std::cell::Cell;

use diesel::RunQueryDsl;
use diesel::prelude::QueryableByName;
use mercer::products::ids::CategoryId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::case::Role;
use crate::support::builders::{TestProduct, address};
use crate::support::fakes::FakeProvider;
use crate::support::shop::{PASSWORD, TestUser};
use crate::support::{Client, TestShop};

/// Id that no row has.
pub const UNKNOWN_ID: &str = "0190aaaa-0000-7000-8000-00000000dead";

/// Id of the default channel, and of the default warehouse.
pub const CHANNEL: &str = "01900000-0000-7000-8000-000000000001";

pub struct Fixture {
    pub shop: TestShop,
    pub ana: TestUser,
    pub ben: TestUser,
    pub staff: TestUser,
    pub root: TestUser,
    /// Identity provider, configured as Google and as `acme`.
    pub provider: FakeProvider,
    made: Cell<u32>,
}

impl Fixture {
    pub async fn new() -> Self {
        let provider = FakeProvider::start().await;
        let shop = provider.shop(&[]).await;
        Self {
            provider,
            ana: shop.customer("ana").await,
            ben: shop.customer("ben").await,
            staff: shop.staff().await,
            root: shop.superuser().await,
            made: Cell::new(0),
            shop,
        }
    }

    /// Returns the account of a role; guests get the account of the customer.
    pub fn person(&self, role: Role) -> &TestUser {
        match role {
            Role::Guest | Role::Customer => &self.ana,
            Role::OtherCustomer => &self.ben,
            Role::Staff => &self.staff,
            Role::Superuser => &self.root,
        }
    }

    pub fn client(&self, role: Role) -> Client {
        match role {
            Role::Guest => self.shop.anonymous(),
            other => self.person(other).client.clone(),
        }
    }

    /// Returns a new number.
    pub fn next(&self) -> u32 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    pub fn text(&self, query: &str) -> String {
        #[derive(QueryableByName)]
        struct Text {
            #[diesel(sql_type = diesel::sql_types::Text)]
            text: String,
        }
        let query = format!("select coalesce(({query})::text, '') as text");
        self.shop.sql(|conn| diesel::sql_query(&query).get_result::<Text>(conn)).text
    }

    pub fn category(&self, name: &str) -> CategoryId {
        self.shop.category(name, None)
    }

    pub fn subcategory(&self, name: &str, parent: CategoryId) -> CategoryId {
        self.shop.category(name, Some(parent))
    }

    /// Creates a product "Mug" at 12.50 with a stock of ten.
    pub fn mug(&self) -> TestProduct {
        self.mug_in(None)
    }

    pub fn mug_in(&self, category: Option<CategoryId>) -> TestProduct {
        let sku = format!("MUG-{}", self.next());
        let mug = self.shop.product("Mug").sku(&sku).price("12.50");
        match category {
            Some(category) => mug.in_category(category).create(),
            None => mug.create(),
        }
    }

    /// Creates an inactive product.
    pub fn inactive_mug(&self) -> TestProduct {
        let mug = self.mug();
        let statement = format!("update products set is_active = false where id = '{}'", mug.id);
        self.shop.execute(&statement);
        mug
    }

    pub fn variant_of(&self, product: &TestProduct) -> String {
        self.text(&format!("select id from variants where product_id = '{}' limit 1", product.id))
    }

    pub fn stock_of(&self, product: &TestProduct) -> String {
        let variant = self.variant_of(product);
        self.text(&format!("select id from stocks where variant_id = '{variant}'"))
    }

    /// Signs the customer in and returns the refresh token.
    pub async fn session(&self) -> String {
        let body = json!({"email": self.ana.email, "password": PASSWORD});
        let tokens = self.shop.anonymous().post("/api/auth/token/", body).await.expect(200);
        tokens["refresh"].as_str().unwrap().to_owned()
    }

    /// Returns the refresh token of an ended session.
    pub async fn ended_session(&self) -> String {
        let refresh = self.session().await;
        let body = json!({"refresh": refresh});
        self.shop.anonymous().post("/api/auth/logout/", body).await.expect(200);
        refresh
    }

    /// Creates a deactivated account and returns its e-mail address.
    pub async fn deactivated_email(&self) -> String {
        let gone = self.shop.customer(&format!("gone-{}", self.next())).await;
        let statement = format!("update users set is_active = false where id = '{}'", gone.user);
        self.shop.execute(&statement);
        gone.email
    }

    /// Returns the body of an order of `quantity` pieces of a new product.
    pub fn order_body(&self, quantity: i64) -> Value {
        self.order_body_of(&self.mug().sku, quantity)
    }

    pub fn order_body_of(&self, sku: &str, quantity: i64) -> Value {
        json!({"shipping_address": address(), "lines": [{"sku": sku, "quantity": quantity}]})
    }

    /// Creates an order of the customer for one mug (14.50 with tax) in this status.
    pub async fn order(&self, status: &str) -> String {
        let confirms = |yes: bool| self.shop.execute(&format!("update channels set confirms_orders = {yes}"));
        confirms(status != "pending");
        let order = self.ana.post("/api/orders/", self.order_body(1)).await.expect(201);
        confirms(true);
        let id = order["id"].as_str().unwrap().to_owned();
        let verbs: &[&str] = match status {
            "pending" | "confirmed" => &[],
            "cancelled" => &["cancel"],
            "processing" => &["process"],
            "shipped" => &["process", "ship"],
            "delivered" => &["process", "ship", "deliver"],
            "returned" => &["process", "ship", "returns"],
            other => panic!("no transitions lead to {other:?}"),
        };
        for verb in verbs {
            let response = self.staff.post(&format!("/api/orders/{id}/{verb}/"), json!({})).await;
            assert!(response.status.is_success(), "{verb}: {response:?}");
        }
        id
    }

    /// Creates a guest order. Returns its id and its token.
    pub async fn guest_order(&self) -> (String, String) {
        let mut body = self.order_body(1);
        body["email"] = json!("guest@example.com");
        let placed = self.shop.anonymous().post("/api/orders/", body).await;
        let order = placed.expect(201);
        let token = placed.header("x-order-token").unwrap().to_owned();
        (order["id"].as_str().unwrap().to_owned(), token)
    }

    /// Adds a payment of 14.50 to an order.
    pub fn payment(&self, order: &str) {
        let id = self.fresh_id();
        self.shop.execute(&format!(
            "insert into payments (id, order_id, gateway, currency, created_at) \
             values ('{id}', '{order}', 'manual', 'EUR', now())"
        ));
        self.shop.execute(&format!(
            "insert into payment_transactions (id, payment_id, kind, amount, created_at) \
             values ('{id}', '{id}', 'charge', 14.50, now())"
        ));
    }

    /// Creates a returned order of the customer and returns the id of the return.
    pub async fn return_of_order(&self) -> String {
        let order = self.order("returned").await;
        self.text(&format!("select id from returns where order_id = '{order}'"))
    }

    /// Creates a background job in this state.
    pub fn job(&self, state: &str) -> String {
        let id = self.fresh_id();
        self.shop.execute(&format!(
            "insert into jobs (id, queue, name, payload, state, run_at, attempts, max_attempts, created_at) \
             values ('{id}', 'default', 'auth.purge_sessions', '{{}}', '{state}', now(), 3, 3, now())"
        ));
        id
    }

    pub fn fresh_id(&self) -> String {
        let number = u128::from(self.next());
        Uuid::from_u128(0x0190_bbbb_0000_7000_8000_0000_0000_0000 + number).to_string()
    }
}

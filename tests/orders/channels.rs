//! Channel restrictions of staff: orders, returns and history of other channels are not found.

use mercer::platform::auth::Permission;
use serde_json::{Value, json};

use super::{advance_order, place_order, post_action, url};
use crate::house::endpoints::digest::Digest;
use crate::support::TestShop;
use crate::support::builders::{TestProduct, order_body};
use crate::support::shop::TestUser;

const DEFAULT: &str = "01900000-0000-7000-8000-000000000001";
const KENYA: &str = "01900000-0000-7000-8000-000000000002";
const ACTIONS: [&str; 6] = ["confirm", "process", "ship", "deliver", "returns", "cancel"];

/// Two orders of Ana, one in the default channel and one in Kenya, and a clerk with all permissions in Kenya only.
struct Markets {
    shop: TestShop,
    root: TestUser,
    ana: TestUser,
    clerk: TestUser,
    mug: TestProduct,
    here: Value,
    there: Value,
}

impl Markets {
    async fn open() -> Self {
        let shop = TestShop::new().await;
        shop.execute(&format!(
            "insert into channels (id, slug, name, currency, prices_include_tax, tax_rate, created_at, updated_at) \
             values ('{KENYA}', 'kenya', 'Kenya', 'EUR', false, 0.16, now(), now())"
        ));
        let (root, ana) = (shop.superuser().await, shop.customer("ana").await);
        let clerk = shop.staff_with("clerk", Permission::all()).await;
        let mug = shop.product("Mug").stock(100).create();
        let here = place_order(&ana, &[(&mug, 1)]).await;
        let there = place_order(&ana, &[(&mug, 1)]).await;
        shop.execute(&format!(
            "update orders set channel_id = '{KENYA}' where id = '{}'",
            there["id"].as_str().unwrap()
        ));
        let markets = Self { shop, root, ana, clerk, mug, here, there };
        markets.restrict(&markets.group("Group of clerk").await, &[KENYA]).await;
        markets
    }

    async fn group(&self, name: &str) -> String {
        let found = self.root.get(&format!("/api/groups/?name={}", name.replace(' ', "%20"))).await.expect(200);
        found["results"][0]["id"].as_str().unwrap().to_owned()
    }

    async fn restrict(&self, group: &str, channels: &[&str]) {
        let body = json!({"channels": channels});
        self.root.put(&format!("/api/groups/{group}/channels/"), body).await.expect(200);
    }

    /// Returns the numbers of the orders or returns in a list, as the clerk gets it.
    async fn listed_numbers(&self, list: &str) -> Vec<String> {
        let page = self.clerk.get(list).await.expect(200);
        let rows = page["results"].as_array().unwrap();
        assert_eq!(page["count"], rows.len());
        rows.iter().map(|row| row["number"].as_str().unwrap().to_owned()).collect()
    }

    fn number(order: &Value) -> String {
        order["number"].as_str().unwrap().to_owned()
    }
}

#[actix_web::test]
async fn restricted_staff_see_only_orders_of_their_channels() {
    let markets = Markets::open().await;
    let (here, there) = (Markets::number(&markets.here), Markets::number(&markets.there));

    assert_eq!(markets.listed_numbers("/api/orders/").await, std::slice::from_ref(&there));
    assert_eq!(markets.listed_numbers("/api/orders/?email=ana@example.com").await, std::slice::from_ref(&there));
    assert_eq!(markets.listed_numbers(&format!("/api/orders/?search={there}")).await, [there]);
    for filter in ["number", "search"] {
        assert_eq!(markets.listed_numbers(&format!("/api/orders/?{filter}={here}")).await, Vec::<String>::new());
    }
    for suffix in ["", "history/", "payments/", "?expand=lines.product"] {
        markets.clerk.get(&url(&markets.there, suffix)).await.expect(200);
        let rejected = markets.clerk.get(&url(&markets.here, suffix)).await.expect(404);
        assert_eq!(rejected, json!({"detail": "Not found.", "code": "not_found"}), "{suffix}");
    }
    let both = markets.root.get("/api/orders/").await.expect(200);
    assert_eq!(both["count"], 2);
}

#[actix_web::test]
async fn restricted_staff_change_only_orders_of_their_channels() {
    let Markets { shop, clerk, here, there, .. } = Markets::open().await;
    let before = Digest::of(&shop);

    for name in ACTIONS {
        let rejected = post_action(&clerk, &here, name).await.expect(404);
        assert_eq!(rejected, json!({"detail": "Not found.", "code": "not_found"}), "{name}");
        let any = clerk.with_header("if-match", "*");
        post_action(&any, &here, name).await.expect(404);
    }

    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
    advance_order(&clerk, &there, &["process", "ship", "deliver"]).await;
    post_action(&clerk, &there, "returns").await.expect(201);
}

#[actix_web::test]
async fn restricted_staff_see_only_returns_of_their_channels() {
    let markets = Markets::open().await;
    let mut made = Vec::new();
    for order in [&markets.here, &markets.there] {
        advance_order(&markets.root, order, &["process", "ship"]).await;
        made.push(post_action(&markets.root, order, "returns").await.expect(201));
    }
    let [here, there] = [&made[0], &made[1]];

    assert_eq!(markets.listed_numbers("/api/returns/").await, [Markets::number(there)]);
    assert_eq!(
        markets.listed_numbers(&format!("/api/returns/?number={}", Markets::number(here))).await,
        Vec::<String>::new()
    );
    let returned = |one: &Value| format!("/api/returns/{}/?expand=order", one["id"].as_str().unwrap());
    let shown = markets.clerk.get(&returned(there)).await.expect(200);
    assert_eq!(shown["order"]["number"], markets.there["number"]);
    markets.clerk.get(&returned(here)).await.expect(404);
    // A return without an order belongs to no channel.
    let (statement, id) = ("update returns set order_id = null where id = ", here["id"].as_str().unwrap());
    markets.shop.execute(&format!("{statement}'{id}'"));
    markets.clerk.get(&format!("/api/returns/{id}/")).await.expect(404);
    assert_eq!(markets.listed_numbers("/api/returns/").await.len(), 1);
    markets.root.get(&format!("/api/returns/{id}/")).await.expect(200);
}

#[actix_web::test]
async fn group_without_restriction_gives_access_to_all_orders() {
    let markets = Markets::open().await;
    let more = json!({"name": "More", "permissions": []});
    let more = markets.root.post("/api/groups/", more).await.expect(201)["id"].as_str().unwrap().to_owned();
    markets.restrict(&more, &[DEFAULT]).await;
    let own = markets.group("Group of clerk").await;
    let member = format!("/api/staff/{}/", markets.clerk.user);
    assert_eq!(markets.listed_numbers("/api/orders/").await.len(), 1);

    markets.root.patch(&member, json!({"groups": [own, more]})).await.expect(200);
    assert_eq!(markets.listed_numbers("/api/orders/").await.len(), 2, "the groups allow both channels");
    markets.restrict(&more, &[KENYA]).await;
    assert_eq!(markets.listed_numbers("/api/orders/").await.len(), 1);
    markets.restrict(&more, &[]).await;

    assert_eq!(markets.listed_numbers("/api/orders/").await.len(), 2, "one group is unrestricted");
    post_action(&markets.clerk, &markets.here, "process").await.expect(200);
}

#[actix_web::test]
async fn restricted_staff_cannot_order_for_others_in_other_channels() {
    let markets = Markets::open().await;
    let mut for_ana = order_body(&[(&markets.mug, 1)]);
    for_ana["customer"] = json!(markets.ana.customer);
    let mut for_guest = order_body(&[(&markets.mug, 1)]);
    for_guest["email"] = json!("guest@example.com");
    let before = Digest::of(&markets.shop);

    for body in [&for_ana, &for_guest] {
        let rejected = markets.clerk.post("/api/orders/", body.clone()).await.expect(403);
        assert_eq!(rejected["code"], "permission_denied");
    }

    assert_eq!(before.changed_tables(&Digest::of(&markets.shop)), Vec::<&str>::new());
    let own = markets.clerk.post("/api/orders/", order_body(&[(&markets.mug, 1)])).await.expect(201);
    assert_eq!(own["email"], "clerk@example.com", "restricted staff can order for themselves");
    markets.restrict(&markets.group("Group of clerk").await, &[DEFAULT]).await;
    markets.clerk.post("/api/orders/", for_ana).await.expect(201);
}

//! Staff who are restricted to channels: orders of others are not there for them, with all that belongs to these.

use mercer::platform::auth::Permission;
use serde_json::{Value, json};

use super::{moved, placed, url, verb};
use crate::house::endpoints::digest::Digest;
use crate::support::TestShop;
use crate::support::builders::{Made, order_of};
use crate::support::shop::Person;

const DEFAULT: &str = "01900000-0000-7000-8000-000000000001";
const KENYA: &str = "01900000-0000-7000-8000-000000000002";
const VERBS: [&str; 6] = ["confirm", "process", "ship", "deliver", "returns", "cancel"];

/// An order of Ana's in the first channel and one in Kenya, and a clerk who may do everything in Kenya.
struct Markets {
    shop: TestShop,
    root: Person,
    ana: Person,
    clerk: Person,
    mug: Made,
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
        let clerk = shop.staff_with("clerk", Permission::ALL).await;
        let mug = shop.product("Mug").stock(100).create();
        let here = placed(&ana, &[(&mug, 1)]).await;
        let there = placed(&ana, &[(&mug, 1)]).await;
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

    /// The numbers of the orders, or returns, that the clerk sees here.
    async fn seen(&self, list: &str) -> Vec<String> {
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
async fn the_clerk_of_one_channel_sees_its_orders_alone() {
    let markets = Markets::open().await;
    let (here, there) = (Markets::number(&markets.here), Markets::number(&markets.there));

    assert_eq!(markets.seen("/api/orders/").await, std::slice::from_ref(&there));
    assert_eq!(markets.seen("/api/orders/?email=ana@example.com").await, std::slice::from_ref(&there));
    assert_eq!(markets.seen(&format!("/api/orders/?search={there}")).await, [there]);
    for asked in ["number", "search"] {
        assert_eq!(markets.seen(&format!("/api/orders/?{asked}={here}")).await, Vec::<String>::new());
    }
    for behind in ["", "history/", "payments/", "?expand=lines.product"] {
        markets.clerk.get(&url(&markets.there, behind)).await.expect(200);
        let hidden = markets.clerk.get(&url(&markets.here, behind)).await.expect(404);
        assert_eq!(hidden, json!({"detail": "Not found.", "code": "not_found"}), "{behind}");
    }
    let both = markets.root.get("/api/orders/").await.expect(200);
    assert_eq!(both["count"], 2);
}

#[actix_web::test]
async fn the_clerk_of_one_channel_moves_its_orders_alone() {
    let Markets { shop, clerk, here, there, .. } = Markets::open().await;
    let before = Digest::of(&shop);

    for name in VERBS {
        let hidden = verb(&clerk, &here, name).await.expect(404);
        assert_eq!(hidden, json!({"detail": "Not found.", "code": "not_found"}), "{name}");
        let any = clerk.with_header("if-match", "*");
        verb(&any, &here, name).await.expect(404);
    }

    assert_eq!(before.changes_until(&Digest::of(&shop)), Vec::<&str>::new());
    moved(&clerk, &there, &["process", "ship", "deliver"]).await;
    verb(&clerk, &there, "returns").await.expect(201);
}

#[actix_web::test]
async fn the_clerk_of_one_channel_sees_its_returns_alone() {
    let markets = Markets::open().await;
    let mut made = Vec::new();
    for order in [&markets.here, &markets.there] {
        moved(&markets.root, order, &["process", "ship"]).await;
        made.push(verb(&markets.root, order, "returns").await.expect(201));
    }
    let [here, there] = [&made[0], &made[1]];

    assert_eq!(markets.seen("/api/returns/").await, [Markets::number(there)]);
    assert_eq!(markets.seen(&format!("/api/returns/?number={}", Markets::number(here))).await, Vec::<String>::new());
    let returned = |one: &Value| format!("/api/returns/{}/?expand=order", one["id"].as_str().unwrap());
    let shown = markets.clerk.get(&returned(there)).await.expect(200);
    assert_eq!(shown["order"]["number"], markets.there["number"]);
    markets.clerk.get(&returned(here)).await.expect(404);
    // What came back without an order of ours belongs to no channel.
    let (statement, id) = ("update returns set order_id = null where id = ", here["id"].as_str().unwrap());
    markets.shop.execute(&format!("{statement}'{id}'"));
    markets.clerk.get(&format!("/api/returns/{id}/")).await.expect(404);
    assert_eq!(markets.seen("/api/returns/").await.len(), 1);
    markets.root.get(&format!("/api/returns/{id}/")).await.expect(200);
}

#[actix_web::test]
async fn one_group_without_a_restriction_opens_all_orders() {
    let markets = Markets::open().await;
    let more = json!({"name": "More", "permissions": []});
    let more = markets.root.post("/api/groups/", more).await.expect(201)["id"].as_str().unwrap().to_owned();
    markets.restrict(&more, &[DEFAULT]).await;
    let own = markets.group("Group of clerk").await;
    let member = format!("/api/staff/{}/", markets.clerk.user);
    assert_eq!(markets.seen("/api/orders/").await.len(), 1);

    markets.root.patch(&member, json!({"groups": [own, more]})).await.expect(200);
    assert_eq!(markets.seen("/api/orders/").await.len(), 2, "both channels are named");
    markets.restrict(&more, &[KENYA]).await;
    assert_eq!(markets.seen("/api/orders/").await.len(), 1);
    markets.restrict(&more, &[]).await;

    assert_eq!(markets.seen("/api/orders/").await.len(), 2, "one is not restricted");
    verb(&markets.clerk, &markets.here, "process").await.expect(200);
}

#[actix_web::test]
async fn the_clerk_of_another_channel_orders_for_nobody_here() {
    let markets = Markets::open().await;
    let mut for_ana = order_of(&[(&markets.mug, 1)]);
    for_ana["customer"] = json!(markets.ana.customer);
    let mut for_somebody = order_of(&[(&markets.mug, 1)]);
    for_somebody["email"] = json!("somebody@example.com");
    let before = Digest::of(&markets.shop);

    for body in [&for_ana, &for_somebody] {
        let refused = markets.clerk.post("/api/orders/", body.clone()).await.expect(403);
        assert_eq!(refused["code"], "permission_denied");
    }

    assert_eq!(before.changes_until(&Digest::of(&markets.shop)), Vec::<&str>::new());
    let own = markets.clerk.post("/api/orders/", order_of(&[(&markets.mug, 1)])).await.expect(201);
    assert_eq!(own["email"], "clerk@example.com", "for themselves they buy like anybody");
    markets.restrict(&markets.group("Group of clerk").await, &[DEFAULT]).await;
    markets.clerk.post("/api/orders/", for_ana).await.expect(201);
}

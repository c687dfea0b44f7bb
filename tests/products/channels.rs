//! Channels: currency, taxes and countries.

use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::builders::{address, order_body};

const DEFAULT: &str = "/api/channels/01900000-0000-7000-8000-000000000001/";

#[actix_web::test]
async fn new_shop_has_one_channel() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();

    let channel = guest.get(DEFAULT).await.expect(200);

    assert_eq!(
        channel,
        json!({
            "id": "01900000-0000-7000-8000-000000000001", "slug": "default", "name": "Default", "currency": "EUR",
            "countries": [], "prices_include_tax": false, "tax_rate": "0.1600", "confirms_orders": true,
            "expires_after_minutes": null, "is_default": true,
            "created_at": channel["created_at"], "updated_at": channel["created_at"],
        })
    );
    assert_eq!(guest.get("/api/channels/").await.expect(200), json!([channel]));
    guest.get("/api/channels/0190aaaa-0000-7000-8000-000000000001/").await.expect(404);
    guest.get("/api/channels/default/").await.expect(404);
}

#[actix_web::test]
async fn channel_update_changes_the_sent_fields() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let before = staff.get(DEFAULT).await.expect(200);
    let changes = json!({
        "name": "Kenya", "currency": "kes", "countries": ["KE", "ug"], "prices_include_tax": true, "tax_rate": "0.075",
        "confirms_orders": false, "expires_after_minutes": 30, "slug": "kenya", "is_default": false,
    });

    let changed = staff.patch(DEFAULT, changes).await.expect(200);

    let mut expected = before;
    for (name, value) in [
        ("name", json!("Kenya")),
        ("currency", json!("KES")),
        ("countries", json!(["KE", "UG"])),
        ("prices_include_tax", json!(true)),
        ("tax_rate", json!("0.0750")),
        ("confirms_orders", json!(false)),
        ("expires_after_minutes", json!(30)),
        ("updated_at", changed["updated_at"].clone()),
    ] {
        expected[name] = value;
    }
    assert_eq!(changed, expected, "slug and is_default are read-only");
    assert_eq!(staff.get(DEFAULT).await.expect(200), expected);
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'channel.changed'"), 1);
}

#[actix_web::test]
async fn null_disables_order_expiry() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    staff.patch(DEFAULT, json!({"expires_after_minutes": 30})).await.expect(200);

    let unchanged = staff.patch(DEFAULT, json!({"name": "Default"})).await.expect(200);
    assert_eq!(unchanged["expires_after_minutes"], 30);
    let cleared = staff.patch(DEFAULT, json!({"expires_after_minutes": null})).await.expect(200);
    assert_eq!(cleared["expires_after_minutes"], Value::Null);
}

#[actix_web::test]
async fn all_errors_of_a_channel_are_reported_together() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let before = staff.get(DEFAULT).await.expect(200);
    let body = json!({
        "name": "", "currency": "EURO", "countries": ["KE", "XX"], "prices_include_tax": 2, "tax_rate": "1.01",
        "confirms_orders": "x", "expires_after_minutes": 0,
    });

    let rejected = staff.patch(DEFAULT, body).await.expect(400);

    assert_eq!(
        rejected,
        json!({
            "name": ["This field may not be blank."],
            "currency": ["\"EURO\" is not a valid choice."],
            "countries": {"1": ["\"XX\" is not a valid choice."]},
            "prices_include_tax": ["Must be a valid boolean."],
            "tax_rate": ["Ensure this value is less than or equal to 1."],
            "confirms_orders": ["Must be a valid boolean."],
            "expires_after_minutes": ["Ensure this value is greater than or equal to 1."],
        })
    );
    for (rate, message) in [
        (json!("-0.01"), "Ensure this value is greater than or equal to 0."),
        (json!("0.16001"), "Ensure that there are no more than 4 decimal places."),
        (json!("16 %"), "A valid number is required."),
    ] {
        let rejected = staff.patch(DEFAULT, json!({"tax_rate": rate})).await.expect(400);
        assert_eq!(rejected, json!({"tax_rate": [message]}));
    }
    assert_eq!(staff.get(DEFAULT).await.expect(200), before);
}

#[actix_web::test]
async fn currency_cannot_change_while_prices_exist() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.product("Mug").create();
    let before = staff.get(DEFAULT).await.expect(200);

    let rejected = staff.patch(DEFAULT, json!({"currency": "JPY", "name": "Japan"})).await.expect(409);

    assert_eq!(
        rejected,
        json!({"detail": "The currency cannot be changed while variants have prices in this channel.", "code": "currency_in_use"})
    );
    assert_eq!(staff.get(DEFAULT).await.expect(200), before);
    let same = staff.patch(DEFAULT, json!({"currency": "EUR"})).await.expect(200);
    assert_eq!(same["currency"], "EUR");
}

#[actix_web::test]
async fn channel_update_requires_staff_permission() {
    let shop = TestShop::new().await;
    let (guest, ana, staff) = (shop.anonymous(), shop.customer("ana").await, shop.staff().await);
    guest.patch(DEFAULT, json!({"tax_rate": "0"})).await.expect(401);
    ana.patch(DEFAULT, json!({"tax_rate": "0"})).await.expect(403);
    let unknown = "/api/channels/0190aaaa-0000-7000-8000-000000000001/";
    staff.patch(unknown, json!({"tax_rate": "0"})).await.expect(404);
    assert_eq!(guest.get(DEFAULT).await.expect(200)["tax_rate"], "0.1600");
}

#[actix_web::test]
async fn channel_update_does_not_change_existing_orders() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").price("11.90").create();
    let old = ana.post("/api/orders/", order_body(&[(&mug, 1)])).await.expect(201);
    assert_eq!((&old["total_net"], &old["total_gross"]), (&json!("11.90"), &json!("13.80")));

    let changes = json!({"tax_rate": "0.19", "prices_include_tax": true, "confirms_orders": false});
    staff.patch(DEFAULT, changes).await.expect(200);

    let new = ana.post("/api/orders/", order_body(&[(&mug, 1)])).await.expect(201);
    assert_eq!((&new["status"], &new["lines"][0]["tax_rate"]), (&json!("pending"), &json!("0.1900")));
    assert_eq!([&new["total_net"], &new["total_tax"], &new["total_gross"]], ["10.00", "1.90", "11.90"]);
    let url = format!("/api/orders/{}/", old["id"].as_str().unwrap());
    assert_eq!(ana.get(&url).await.expect(200), old);
}

#[actix_web::test]
async fn channel_sells_only_to_its_countries() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").create();
    staff.patch(DEFAULT, json!({"countries": ["UG", "TZ"]})).await.expect(200);

    let rejected = ana.post("/api/orders/", order_body(&[(&mug, 1)])).await.expect(400);
    assert_eq!(rejected, json!({"shipping_address": {"country": ["We do not deliver to this country."]}}));
    assert_eq!(shop.stock_of(&mug), (10, 0));

    let mut order = order_body(&[(&mug, 1)]);
    order["shipping_address"]["country"] = json!("ug");
    // Uganda has no postal codes.
    order["shipping_address"]["postal_code"] = json!("");
    order["billing_address"] = address();
    let placed = ana.post("/api/orders/", order).await.expect(201);
    assert_eq!(placed["shipping_address"]["country"], "UG");
    assert_eq!(placed["billing_address"]["country"], "KE", "the billing country is not restricted");
}

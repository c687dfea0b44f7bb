//! Placement of orders: contents, prices and totals.

mod buyers;
mod lines;
mod rejections;

use serde_json::{Value, json};

use super::{place_order, url};
use crate::support::TestShop;
use crate::support::builders::{address, order_body};

/// Returns the address as an order stores it.
fn stored_address(name: &str) -> Value {
    json!({
        "name": name, "company": "", "line1": "Moi Avenue 12", "line2": "", "city": "Nairobi",
        "postal_code": "00100", "area": "", "country": "KE", "phone": null,
    })
}

#[actix_web::test]
async fn placed_order_is_returned_with_lines_and_totals() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Enamel mug").sku("MUG-1").price("12.50").stock(40).create();
    let product = ana.get(&format!("/api/products/{}/", mug.id)).await.expect(200);

    let response = ana.post("/api/orders/", order_body(&[(&mug, 2)])).await;

    let order = response.expect(201);
    assert_eq!(response.header("location"), Some(url(&order, "").as_str()));
    assert_eq!(response.header("x-order-token"), None, "only guests receive a token");
    assert_eq!(
        order,
        json!({
            "id": order["id"], "number": order["number"], "status": "confirmed", "payment_status": "unpaid",
            "fulfillment_status": "unfulfilled", "channel": "default", "customer": ana.customer,
            "email": "ana@example.com", "phone": null, "currency": "EUR",
            "subtotal_net": "25.00", "shipping_net": "0.00", "discount": "0.00",
            "total_net": "25.00", "total_tax": "4.00", "total_gross": "29.00",
            "shipping_address": stored_address("Ana Wanjiru"), "billing_address": stored_address("Ana Wanjiru"), "note": "",
            "lines": [{
                "id": order["lines"][0]["id"], "product": mug.id, "variant": product["variants"][0]["id"],
                "product_name": "Enamel mug", "variant_name": "", "sku": "MUG-1", "options": {}, "quantity": 2,
                "unit_price": "12.50", "discount": "0.00", "tax_rate": "0.1600",
                "total_net": "25.00", "total_tax": "4.00", "total_gross": "29.00",
            }],
            "placed_at": order["placed_at"], "created_at": order["placed_at"], "updated_at": order["placed_at"],
        })
    );
    assert_eq!(ana.get(&url(&order, "")).await.expect(200), order);
    assert_eq!(shop.stock_of(&mug), (40, 2));
    assert_eq!(shop.published_events()[1..], ["order.created", "order.confirmed"]);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn lines_are_rounded_individually() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let prices = [("A", "0.333", 3), ("B", "9.995", 1), ("C", "0.03", 1)];
    let made = prices.map(|(name, price, quantity)| (shop.product(name).price(price).create(), quantity));
    let lines: Vec<_> = made.iter().map(|(made, quantity)| (made, *quantity)).collect();

    let order = place_order(&ana, &lines).await;

    let shown = |line: &Value| ["unit_price", "total_net", "total_tax", "total_gross"].map(|name| line[name].clone());
    let lines = order["lines"].as_array().unwrap();
    assert_eq!(
        [shown(&lines[0]), shown(&lines[1]), shown(&lines[2])],
        [["0.333", "1.00", "0.16", "1.16"], ["9.995", "10.00", "1.60", "11.60"], ["0.03", "0.03", "0.00", "0.03"],]
    );
    let totals = ["subtotal_net", "total_net", "total_tax", "total_gross"];
    assert_eq!(totals.map(|name| order[name].clone()), ["11.03", "11.03", "1.76", "12.79"]);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn prices_that_include_tax_equal_the_gross_total() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update channels set prices_include_tax = true, tax_rate = 0.07");
    let mug = shop.product("Mug").price("9.99").create();

    let order = place_order(&ana, &[(&mug, 3), (&mug, 1)]).await;

    let amounts = ["total_net", "total_tax", "total_gross"];
    assert_eq!(amounts.map(|name| order["lines"][0][name].clone()), ["28.01", "1.96", "29.97"]);
    assert_eq!(amounts.map(|name| order["lines"][1][name].clone()), ["9.34", "0.65", "9.99"]);
    assert_eq!(amounts.map(|name| order[name].clone()), ["37.35", "2.61", "39.96"]);
    assert_eq!(order["lines"][0]["unit_price"], "9.99");
}

#[actix_web::test]
async fn amounts_in_a_currency_without_minor_unit_are_integers() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update channels set currency = 'JPY', tax_rate = 0.10");
    let tea = shop.product("Tea").price("333.5").create();

    let order = place_order(&ana, &[(&tea, 1)]).await;

    assert_eq!(order["currency"], "JPY");
    let amounts = ["total_net", "total_tax", "total_gross"];
    assert_eq!(amounts.map(|name| order[name].clone()), ["334", "33", "367"]);
}

#[actix_web::test]
async fn order_is_unaffected_by_later_catalogue_changes() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").price("12.50").create();
    let order = place_order(&ana, &[(&mug, 2)]).await;

    let changes = json!({"name": "Cup", "sku": "CUP", "price": "99.00", "slug": "cup", "description": "x"});
    staff.patch(&format!("/api/products/{}/", mug.id), changes).await.expect(200);
    shop.execute("update channels set tax_rate = 0.5, prices_include_tax = true");

    assert_eq!(ana.get(&url(&order, "")).await.expect(200), order);
}

#[actix_web::test]
async fn order_stores_note_phone_and_billing_address() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    ana.patch("/api/customers/me/", json!({"phone": "+254700000001"})).await.expect(200);
    let mut body = order_body(&[(&mug, 1)]);
    let with_profile_phone = ana.post("/api/orders/", body.clone()).await.expect(201);
    assert_eq!((&with_profile_phone["phone"], &with_profile_phone["note"]), (&json!("+254700000001"), &json!("")));

    body["phone"] = json!("+254 700 000 002");
    body["note"] = json!("  Ring twice  ");
    body["email"] = json!("Gift@Example.com");
    body["billing_address"] = address();
    body["billing_address"]["name"] = json!("Ana's company");
    let order = ana.post("/api/orders/", body).await.expect(201);

    assert_eq!((&order["phone"], &order["note"]), (&json!("+254700000002"), &json!("Ring twice")));
    assert_eq!(order["email"], "gift@example.com");
    assert_eq!(order["customer"], json!(ana.customer), "the customer stays the owner");
    assert_eq!(order["shipping_address"], stored_address("Ana Wanjiru"));
    assert_eq!(order["billing_address"], stored_address("Ana's company"));
}

#[actix_web::test]
async fn order_stays_pending_in_a_channel_without_automatic_confirmation() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.execute("update channels set confirms_orders = false");
    let mug = shop.product("Mug").create();

    let order = place_order(&ana, &[(&mug, 2)]).await;

    assert_eq!(order["status"], "pending");
    assert_eq!(shop.stock_of(&mug), (10, 2), "allocated nevertheless");
    assert_eq!(shop.published_events()[1..], ["order.created"]);
}

//! Erasure of personal data in orders.

use mercer::orders::privacy::EraseOrderData;
use mercer::platform::jobs::Job;
use serde_json::{Value, json};

use super::{place_order, post_action, url};
use crate::support::TestShop;

#[actix_web::test]
async fn erasure_keeps_amounts_and_country_of_an_order() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").price("12.50").create();
    let order = place_order(&ana, &[(&mug, 2)]).await;
    post_action(&staff, &order, "process").await.expect(200);

    EraseOrderData { customer: ana.customer }.run(&shop.app).await.unwrap();

    let erased = staff.get(&url(&order, "")).await.expect(200);
    assert_eq!((&erased["email"], &erased["phone"], &erased["note"]), (&Value::Null, &Value::Null, &json!("")));
    assert_eq!(erased["shipping_address"], json!({"country": "KE"}));
    assert_eq!(erased["billing_address"], json!({"country": "KE"}));
    for field in ["number", "status", "lines", "total_net", "total_tax", "total_gross", "placed_at"] {
        let before = if field == "status" { json!("processing") } else { order[field].clone() };
        assert_eq!(erased[field], before, "{field}");
    }
}

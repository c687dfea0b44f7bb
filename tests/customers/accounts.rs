//! One's own account.

use serde_json::json;

use crate::support::TestShop;

#[actix_web::test]
async fn a_customer_changes_their_names_and_forgets_their_number() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    ana.patch("/api/customers/me/", json!({"phone": "+254 700 000 001", "first_name": " Ana "})).await.expect(200);
    let profile = ana.patch("/api/customers/me/", json!({"phone": null})).await.expect(200);

    assert_eq!(profile["phone"], json!(null));
    assert_eq!(profile["first_name"], "Ana");
}

//! Guest orders are linked to a customer after the customer has verified the e-mail address.

use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::builders::{TestProduct, order_body};
use crate::support::shop::PASSWORD;

async fn order_of_guest(shop: &TestShop, mug: &TestProduct, email: &str) -> String {
    let mut body = order_body(&[(mug, 1)]);
    body["email"] = json!(email);
    let order = shop.anonymous().post("/api/orders/", body).await.expect(201);
    order["id"].as_str().unwrap().to_owned()
}

/// Registers a user and returns the client with the verification key from the e-mail.
async fn registered(shop: &TestShop, email: &str) -> (crate::support::Client, Value) {
    let body = json!({"email": email, "password1": PASSWORD, "password2": PASSWORD});
    let tokens = shop.anonymous().post("/api/auth/registration/", body).await.expect(201);
    shop.run_jobs().await;
    let letters = shop.mails_to(email);
    let letter = letters.iter().find(|letter| letter.text.contains("#key=")).unwrap();
    let key = letter.text.split_once("#key=").unwrap().1.split_whitespace().next().unwrap();
    let mut client = shop.anonymous();
    client.token = Some(tokens["access"].as_str().unwrap().to_owned());
    (client, json!({"key": key}))
}

async fn own_orders(client: &crate::support::Client) -> Value {
    client.get("/api/customers/me/orders/").await.expect(200)["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| order["id"].clone())
        .collect()
}

#[actix_web::test]
async fn verification_of_an_email_links_its_guest_orders() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let order = order_of_guest(&shop, &mug, "Nia@example.com").await;
    let others = order_of_guest(&shop, &mug, "zoe@example.com").await;
    let (nia, key) = registered(&shop, "nia@example.com").await;
    assert_eq!(own_orders(&nia).await, json!([]), "not before the address is verified");

    shop.anonymous().post("/api/auth/registration/verify-email/", key).await.expect(200);
    shop.run_jobs().await;

    assert_eq!(own_orders(&nia).await, json!([order]));
    assert_eq!(shop.number(&format!("select count(*) from orders where id = '{others}' and customer_id is null")), 1);
    let entry = "select count(*) from audit_entries where action = 'customer.orders_adopted'";
    assert_eq!(shop.number(entry), 1);
}

#[actix_web::test]
async fn orders_of_other_customers_are_never_linked() {
    let shop = TestShop::new().await;
    let (ana, mug) = (shop.customer("ana").await, shop.product("Mug").create());
    let mut body = order_body(&[(&mug, 1)]);
    body["email"] = json!("nia@example.com");
    let anas = ana.post("/api/orders/", body).await.expect(201);
    let (nia, key) = registered(&shop, "nia@example.com").await;
    shop.anonymous().post("/api/auth/registration/verify-email/", key).await.expect(200);
    shop.run_jobs().await;
    shop.execute("update jobs set state = 'queued', finished_at = null where name = 'orders.adopt_guest_orders'");

    shop.run_jobs().await;

    assert_eq!(own_orders(&nia).await, json!([]));
    assert_eq!(own_orders(&ana).await, json!([anas["id"]]));
    assert_eq!(shop.number("select count(*) from audit_entries where action = 'customer.orders_adopted'"), 0);
}

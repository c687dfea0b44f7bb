//! Erasure of customers. Orders are kept without personal data.

use futures_util::join;
use serde_json::{Value, json};

use super::{DELETE, TRACES, ana_with_an_order, customer_url, error_body, ordered};
use crate::support::TestShop;
use crate::support::shop::{PASSWORD, TestUser};

fn password() -> Value {
    json!({"password": PASSWORD})
}

/// Rows that contain personal data of Ana.
fn traces(shop: &TestShop) -> Vec<String> {
    let everything = shop.dump_all_rows();
    // A digest can contain these digits by chance.
    let is_digest = |row: &str, trace: &str| row.starts_with("audit_") && trace == "00100";
    let left = |row: &&str| TRACES.iter().any(|trace| row.contains(trace) && !is_digest(row, trace));
    everything.lines().filter(left).map(str::to_owned).collect()
}

#[track_caller]
fn assert_account_exists(shop: &TestShop, ana: &TestUser) {
    let rows = format!(
        "select count(*) from users u join customers c on c.user_id = u.id \
         where u.id = '{}' and u.email = 'ana@example.com' and c.erased_at is null",
        ana.user
    );
    assert_eq!(shop.number(&rows), 1);
}

#[actix_web::test]
async fn deleted_account_leaves_no_personal_data() {
    let shop = TestShop::new().await;
    let (ana, order) = ana_with_an_order(&shop).await;
    shop.anonymous().post("/api/auth/password/reset/", json!({"email": ana.email})).await.expect(200);
    ana.post("/api/customers/me/export/", json!({})).await.expect(202);
    shop.run_jobs().await;
    shop.execute(
        "update customers set notes = 'ring twice', metadata = '{\"size\": \"Wanjirukanari\"}' \
         where email like 'ana@%'",
    );
    assert!(traces(&shop).len() > 8, "there are rows to erase: {:#?}", traces(&shop));

    let response = ana.post(DELETE, password()).await;

    assert_eq!(response.status, 204);
    shop.run_jobs().await;
    assert_eq!(traces(&shop), Vec::<String>::new());
    assert_eq!(shop.number(&format!("select count(*) from users where id = '{}'", ana.user)), 0);
    let emptied = format!(
        "select count(*) from customers where id = '{}' and user_id is null and erased_at is not null",
        ana.customer
    );
    assert_eq!(shop.number(&emptied), 1);
    let ended = format!(
        "select (select count(*) from sessions where user_id = '{0}') + \
                (select count(*) from account_tokens where user_id = '{0}') + \
                (select count(*) from personal_data_exports)",
        ana.user
    );
    assert_eq!(shop.number(&ended), 0);
    let kept_order = shop.superuser().await.get(&format!("/api/orders/{order}/")).await.expect(200);
    assert_eq!(kept_order["customer"], json!(ana.customer));
}

#[actix_web::test]
async fn erasure_keeps_orders_without_personal_data() {
    let shop = TestShop::new().await;
    let (ana, order) = ana_with_an_order(&shop).await;
    let url = format!("/api/orders/{order}/");
    let root = shop.superuser().await;
    let mut before = root.get(&url).await.expect(200);

    ana.post(DELETE, password()).await.expect(204);

    let after = root.get(&url).await.expect(200);
    for (member, left) in [
        ("email", Value::Null),
        ("phone", Value::Null),
        ("note", json!("")),
        ("shipping_address", json!({"country": "KE"})),
        ("billing_address", json!({"country": "KE"})),
        ("updated_at", after["updated_at"].clone()),
    ] {
        before[member] = left;
    }
    assert_eq!(after, before, "everything else is unchanged");
    let history = root.get(&format!("{url}history/")).await.expect(200);
    assert_eq!(history.as_array().unwrap().len(), 5);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn deleted_account_cannot_sign_in_or_refresh() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    ana.post(DELETE, password()).await.expect(204);

    assert_eq!(ana.get("/api/auth/user/").await.status, 401);
    let refreshed = shop.anonymous().post("/api/auth/token/refresh/", json!({"refresh": ana.refresh})).await;
    assert_eq!(refreshed.expect(401)["code"], "token_not_valid");
    let login = json!({"email": ana.email, "password": PASSWORD});
    assert_eq!(shop.anonymous().post("/api/auth/login/", login).await.status, 400);
    let body = json!({"email": ana.email, "password1": PASSWORD, "password2": PASSWORD});
    shop.anonymous().post("/api/auth/registration/", body).await.expect(201);
    assert_eq!(shop.number("select count(*) from customers"), 2, "the second registration is a new customer");
}

#[actix_web::test]
async fn account_deletion_requires_the_password() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let without = ana.post(DELETE, json!({})).await;
    assert_eq!(without.expect(400), json!({"password": ["This field is required."]}));
    let wrong = ana.post(DELETE, json!({"password": "wrong horse"})).await;
    let message = "Your password was entered incorrectly. Please enter it again.";
    assert_eq!(wrong.expect(400), json!({"password": [message]}));
    let guessed = ana.post(DELETE, json!({"token": "x".repeat(43)})).await;
    assert_eq!(guessed.expect(400), json!({"token": ["Invalid value"]}));
    assert_eq!(shop.anonymous().post(DELETE, password()).await.status, 401);

    assert_account_exists(&shop, &ana);
    assert_eq!(ana.get("/api/auth/user/").await.status, 200);
}

#[actix_web::test]
async fn account_without_a_password_is_deleted_by_an_emailed_link() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    shop.execute("update users set password_hash = null");

    let requested = ana.post(DELETE, json!({})).await;

    assert_eq!(requested.expect(202), json!({"detail": "A link has been sent to your e-mail address."}));
    assert_account_exists(&shop, &ana);
    shop.run_jobs().await;
    let letter = shop.mails_to(&ana.email).remove(0);
    assert_eq!(letter.header("Subject"), "Confirm the deletion of your account at Mercer");
    let token = letter.text.split_once("/account/delete#token=").unwrap().1.split_whitespace().next().unwrap();
    let body = json!({"token": token});
    assert_eq!(ben.post(DELETE, body.clone()).await.status, 400, "the token belongs to Ana");
    assert_account_exists(&shop, &ana);
    ana.post(DELETE, body).await.expect(204);
    assert_eq!(shop.number("select count(*) from users"), 1);
}

#[actix_web::test]
async fn customer_with_an_unfinished_order_cannot_be_erased() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = ordered(&ana, &mug).await;
    let number = ana.get(&format!("/api/orders/{order}/")).await.expect(200)["number"].as_str().unwrap().to_owned();
    let message = format!("Order {number} is not complete: cancel it or wait until it has shipped.");

    let own = ana.post(DELETE, password()).await;
    let by_staff = staff.post(&customer_url(&ana, "erase"), json!({})).await;

    for response in [own, by_staff] {
        assert_eq!(response.expect(409), error_body(&message, "unfinished_business"));
    }
    assert_account_exists(&shop, &ana);
    assert_eq!(ana.get("/api/auth/user/").await.status, 200);
    ana.post(&format!("/api/orders/{order}/cancel/"), json!({})).await.expect(200);
    ana.post(DELETE, password()).await.expect(204);
}

#[actix_web::test]
async fn staff_can_erase_a_customer() {
    let shop = TestShop::new().await;
    let (ana, _) = ana_with_an_order(&shop).await;
    let root = shop.superuser().await;

    for _ in 0..2 {
        root.post(&customer_url(&ana, "erase"), json!({})).await.expect(204);
    }

    shop.run_jobs().await;
    assert_eq!(traces(&shop), Vec::<String>::new());
    let entry = format!(
        "select count(*) from audit_entries where action = 'customer.erased' and object_id = '{}' \
         and actor->>'id' = '{}'",
        ana.customer, root.user
    );
    assert_eq!(shop.number(&entry), 1);
    let unknown = root.post("/api/customers/0190aaaa-0000-7000-8000-00000000dead/erase/", json!({})).await;
    assert_eq!(unknown.expect(404), error_body("Not found.", "not_found"));
}

#[actix_web::test]
async fn customer_without_an_account_can_be_erased() {
    let shop = TestShop::new().await;
    let root = shop.superuser().await;
    let id = "0190aaaa-0000-7000-8000-00000000cafe";
    shop.execute(&format!(
        "insert into customers (id, external_id, name, email, created_at, updated_at) \
         values ('{id}', 'K-17', 'Wanjirukanari', 'ana@example.com', now(), now())"
    ));

    root.post(&format!("/api/customers/{id}/erase/"), json!({})).await.expect(204);

    assert_eq!(traces(&shop), Vec::<String>::new());
    assert_eq!(shop.number("select count(*) from customers where external_id is null and name = ''"), 2);
}

#[actix_web::test]
async fn order_placed_during_erasure_keeps_no_personal_data() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let body = crate::support::builders::order_body(&[(&mug, 1)]);

    let (placed, deleted) = join!(ana.post("/api/orders/", body), ana.post(DELETE, password()));

    shop.run_jobs().await;
    let leftovers = "select count(*) from orders o join customers c on c.id = o.customer_id \
                where c.erased_at is not null and (o.email is not null or o.shipping_address ? 'line1')";
    assert_eq!(shop.number(leftovers), 0);
    let expected = (placed.status.as_u16(), deleted.status.as_u16());
    // 400: the account was deleted after the authentication and before the order was written.
    assert!([(201, 409), (201, 204), (401, 204), (400, 204)].contains(&expected), "{expected:?}");
}

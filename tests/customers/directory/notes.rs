//! Notes about customers.

use serde_json::json;

use super::url;
use crate::support::TestShop;

#[actix_web::test]
async fn a_note_is_written_read_and_removed() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);

    let first = staff.post(&url(&ana, "notes/"), json!({"text": " Calls in the evening. "})).await.expect(201);
    let second = staff.post(&url(&ana, "notes/"), json!({"text": "=Moved", "author": "x"})).await.expect(201);

    assert_eq!(
        first,
        json!({
            "id": first["id"], "text": "Calls in the evening.", "author": {"type": "user", "id": staff.user},
            "created_at": first["created_at"],
        })
    );
    let list = staff.get(&url(&ana, "notes/")).await.expect(200);
    assert_eq!(list["results"], json!([second, first]));
    let found = staff.get(&url(&ana, "notes/?search=evening")).await.expect(200);
    assert_eq!(found["results"], json!([first]));

    let gone = staff.delete(&url(&ana, &format!("notes/{}/", second["id"].as_str().unwrap()))).await;
    assert_eq!(gone.status, 204);
    assert_eq!(staff.get(&url(&ana, "notes/")).await.expect(200)["results"], json!([first]));
    let told =
        "select count(*) from audit_entries where action like 'customer_note.%' and changes::text not like '%Moved%'";
    assert_eq!(shop.number(told), 3);
}

#[actix_web::test]
async fn a_note_has_something_to_say() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);

    let told = staff.post(&url(&ana, "notes/"), json!({"text": "  "})).await.expect(400);
    assert_eq!(told, json!({"text": ["This field may not be blank."]}));
    assert_eq!(staff.post(&url(&ana, "notes/"), json!({"text": "x".repeat(5001)})).await.status, 400);

    assert_eq!(shop.number("select count(*) from customer_notes"), 0);
}

#[actix_web::test]
async fn a_note_about_one_is_not_found_below_another() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    let note = staff.post(&url(&ana, "notes/"), json!({"text": "x"})).await.expect(201);

    let behind = format!("notes/{}/", note["id"].as_str().unwrap());
    assert_eq!(staff.delete(&url(&ben, &behind)).await.expect(404)["code"], "not_found");
    assert_eq!(staff.get(&url(&ben, "notes/")).await.expect(200)["count"], 0);
    let nobody = "/api/customers/0190aaaa-0000-7000-8000-00000000dead/notes/";
    assert_eq!(staff.get(nobody).await.status, 404);
    assert_eq!(staff.post(nobody, json!({"text": "x"})).await.status, 404);

    assert_eq!(staff.get(&url(&ana, "notes/")).await.expect(200)["count"], 1);
}

#[actix_web::test]
async fn a_customer_who_is_forgotten_has_no_notes() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    for customer in [&ana, &ben] {
        staff.post(&url(customer, "notes/"), json!({"text": "x"})).await.expect(201);
    }

    shop.sql(|conn| mercer::customers::directory::forget(conn, ana.customer));

    assert_eq!(staff.get(&url(&ana, "notes/")).await.expect(200)["count"], 0);
    assert_eq!(staff.get(&url(&ben, "notes/")).await.expect(200)["count"], 1);
}

//! Notes of staff about customers.

use serde_json::json;

use super::url;
use crate::support::TestShop;

#[actix_web::test]
async fn note_can_be_created_read_and_deleted() {
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

    let deleted = staff.delete(&url(&ana, &format!("notes/{}/", second["id"].as_str().unwrap()))).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(staff.get(&url(&ana, "notes/")).await.expect(200)["results"], json!([first]));
    let entries =
        "select count(*) from audit_entries where action like 'customer_note.%' and changes::text not like '%Moved%'";
    assert_eq!(shop.number(entries), 3);
}

#[actix_web::test]
async fn blank_note_is_rejected() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);

    let rejected = staff.post(&url(&ana, "notes/"), json!({"text": "  "})).await.expect(400);
    assert_eq!(rejected, json!({"text": ["This field may not be blank."]}));
    assert_eq!(staff.post(&url(&ana, "notes/"), json!({"text": "x".repeat(5001)})).await.status, 400);

    assert_eq!(shop.number("select count(*) from customer_notes"), 0);
}

#[actix_web::test]
async fn note_is_not_found_under_another_customer() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    let note = staff.post(&url(&ana, "notes/"), json!({"text": "x"})).await.expect(201);

    let suffix = format!("notes/{}/", note["id"].as_str().unwrap());
    assert_eq!(staff.delete(&url(&ben, &suffix)).await.expect(404)["code"], "not_found");
    assert_eq!(staff.get(&url(&ben, "notes/")).await.expect(200)["count"], 0);
    let unknown = "/api/customers/0190aaaa-0000-7000-8000-00000000dead/notes/";
    assert_eq!(staff.get(unknown).await.status, 404);
    assert_eq!(staff.post(unknown, json!({"text": "x"})).await.status, 404);

    assert_eq!(staff.get(&url(&ana, "notes/")).await.expect(200)["count"], 1);
}

#[actix_web::test]
async fn notes_of_an_erased_customer_are_deleted() {
    let shop = TestShop::new().await;
    let (ana, ben, staff) = (shop.customer("ana").await, shop.customer("ben").await, shop.staff().await);
    for customer in [&ana, &ben] {
        staff.post(&url(customer, "notes/"), json!({"text": "x"})).await.expect(201);
    }

    shop.sql(|conn| mercer::customers::directory::delete_notes(conn, ana.customer));

    assert_eq!(staff.get(&url(&ana, "notes/")).await.expect(200)["count"], 0);
    assert_eq!(staff.get(&url(&ben, "notes/")).await.expect(200)["count"], 1);
}

//! Parcels: packed, sent and arrived.

use serde_json::{Value, json};

use super::{moved, placed, url, verb};
use crate::support::TestShop;

/// Position, status, tracking number, carrier and pieces of every parcel.
fn parcels(shop: &TestShop) -> Vec<(i32, String, String, String, i64)> {
    use diesel::prelude::*;
    use diesel::sql_types::{BigInt, Integer, Text};

    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Integer)]
        position: i32,
        #[diesel(sql_type = Text)]
        status: String,
        #[diesel(sql_type = Text)]
        tracking_number: String,
        #[diesel(sql_type = Text)]
        carrier: String,
        #[diesel(sql_type = BigInt)]
        pieces: i64,
    }
    let query = "select f.position, f.status, f.tracking_number, f.carrier, \
                 (select sum(l.quantity) from fulfillment_lines l where l.fulfillment_id = f.id) as pieces \
                 from fulfillments f order by f.created_at, f.position";
    let rows: Vec<Row> = shop.sql(|conn| diesel::sql_query(query).load(conn));
    rows.into_iter().map(|row| (row.position, row.status, row.tracking_number, row.carrier, row.pieces)).collect()
}

fn parcel(status: &str, tracking_number: &str, carrier: &str, pieces: i64) -> (i32, String, String, String, i64) {
    (0, status.to_owned(), tracking_number.to_owned(), carrier.to_owned(), pieces)
}

#[actix_web::test]
async fn a_parcel_is_packed_sent_and_arrives() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let [mug, pot] = ["Mug", "Pot"].map(|name| shop.product(name).create());
    let order = placed(&ana, &[(&mug, 2), (&pot, 3)]).await;

    verb(&staff, &order, "process").await.expect(200);
    assert_eq!(parcels(&shop), [parcel("prepared", "", "", 5)]);
    assert_eq!(shop.stock_of(&mug), (10, 2), "packing takes nothing away");

    let label = json!({"tracking_number": " 1Z999 ", "carrier": "G4S", "note": "By noon"});
    let shipped = staff.post(&url(&order, "ship/"), label).await.expect(200);
    assert_eq!((&shipped["status"], &shipped["fulfillment_status"]), (&json!("shipped"), &json!("fulfilled")));
    assert_eq!(parcels(&shop), [parcel("shipped", "1Z999", "G4S", 5)]);
    assert_eq!((shop.stock_of(&mug), shop.stock_of(&pot)), ((8, 0), (7, 0)));

    let delivered = verb(&staff, &order, "deliver").await.expect(200);
    assert_eq!((&delivered["status"], &delivered["fulfillment_status"]), (&json!("delivered"), &json!("fulfilled")));
    assert_eq!(parcels(&shop), [parcel("delivered", "1Z999", "G4S", 5)]);
    assert_eq!(shop.number("select count(*) from fulfillments where delivered_at >= shipped_at"), 1);
    let history = staff.get(&url(&order, "history/")).await.expect(200);
    assert_eq!(history[3]["note"], "By noon");
    shop.assert_books_balance();
}

#[actix_web::test]
async fn a_parcel_needs_no_label() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 2)]).await;
    verb(&staff, &order, "process").await.expect(200);

    let nothing = actix_web::test::TestRequest::post().uri(&url(&order, "ship/"));
    staff.call(nothing).await.expect(200);

    assert_eq!(parcels(&shop), [parcel("shipped", "", "", 2)]);
}

#[actix_web::test]
async fn a_wrong_label_sends_nothing() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = placed(&ana, &[(&mug, 2)]).await;
    verb(&staff, &order, "process").await.expect(200);
    let books = shop.books();

    let label = json!({"tracking_number": "x".repeat(101), "carrier": ["G4S"], "note": {}});
    let refused = staff.post(&url(&order, "ship/"), label).await.expect(400);

    assert_eq!(
        refused,
        json!({
            "tracking_number": ["Ensure this field has no more than 100 characters."],
            "carrier": ["Not a valid string."],
            "note": ["Not a valid string."],
        })
    );
    assert_eq!(parcels(&shop), [parcel("prepared", "", "", 2)]);
    assert_eq!(shop.books(), books);
}

#[actix_web::test]
async fn one_order_shipped_touches_no_other() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(10).create();
    let first = placed(&ana, &[(&mug, 2)]).await;
    let second = placed(&ana, &[(&mug, 3)]).await;

    moved(&staff, &first, &["process", "ship"]).await;

    assert_eq!(shop.stock_of(&mug), (8, 3));
    assert_eq!(ana.get(&url(&second, "")).await.expect(200), second);
    shop.assert_books_balance();
}

#[actix_web::test]
async fn what_does_not_exist_is_not_sent() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let nobody = json!({"id": "0190aaaa-0000-7000-8000-000000000001"});
    for name in ["process", "ship", "deliver"] {
        assert_eq!(
            verb(&staff, &nobody, name).await.expect(404),
            json!({"detail": "Not found.", "code": "not_found"}),
            "{name}"
        );
    }
    let number: Value = json!({"id": "M-000001"});
    verb(&staff, &number, "ship").await.expect(404);
}

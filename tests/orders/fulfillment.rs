//! Preparation, shipping and delivery of parcels.

use serde_json::{Value, json};

use super::{advance_order, place_order, post_action, url};
use crate::support::TestShop;

/// Returns position, status, tracking number, carrier and units of every parcel.
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
        units: i64,
    }
    let query = "select f.position, f.status, f.tracking_number, f.carrier, \
                 (select sum(l.quantity) from fulfillment_lines l where l.fulfillment_id = f.id) as units \
                 from fulfillments f order by f.created_at, f.position";
    let rows: Vec<Row> = shop.sql(|conn| diesel::sql_query(query).load(conn));
    rows.into_iter().map(|row| (row.position, row.status, row.tracking_number, row.carrier, row.units)).collect()
}

fn parcel(status: &str, tracking_number: &str, carrier: &str, units: i64) -> (i32, String, String, String, i64) {
    (0, status.to_owned(), tracking_number.to_owned(), carrier.to_owned(), units)
}

#[actix_web::test]
async fn parcel_is_prepared_shipped_and_delivered() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let [mug, pot] = ["Mug", "Pot"].map(|name| shop.product(name).create());
    let order = place_order(&ana, &[(&mug, 2), (&pot, 3)]).await;

    post_action(&staff, &order, "process").await.expect(200);
    assert_eq!(parcels(&shop), [parcel("prepared", "", "", 5)]);
    assert_eq!(shop.stock_of(&mug), (10, 2), "preparation leaves the quantity on hand unchanged");

    let label = json!({"tracking_number": " 1Z999 ", "carrier": "G4S", "note": "By noon"});
    let shipped = staff.post(&url(&order, "ship/"), label).await.expect(200);
    assert_eq!((&shipped["status"], &shipped["fulfillment_status"]), (&json!("shipped"), &json!("fulfilled")));
    assert_eq!(parcels(&shop), [parcel("shipped", "1Z999", "G4S", 5)]);
    assert_eq!((shop.stock_of(&mug), shop.stock_of(&pot)), ((8, 0), (7, 0)));

    let delivered = post_action(&staff, &order, "deliver").await.expect(200);
    assert_eq!((&delivered["status"], &delivered["fulfillment_status"]), (&json!("delivered"), &json!("fulfilled")));
    assert_eq!(parcels(&shop), [parcel("delivered", "1Z999", "G4S", 5)]);
    assert_eq!(shop.number("select count(*) from fulfillments where delivered_at >= shipped_at"), 1);
    let history = staff.get(&url(&order, "history/")).await.expect(200);
    assert_eq!(history[3]["note"], "By noon");
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn order_can_be_shipped_without_a_label() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 2)]).await;
    post_action(&staff, &order, "process").await.expect(200);

    let nothing = actix_web::test::TestRequest::post().uri(&url(&order, "ship/"));
    staff.call(nothing).await.expect(200);

    assert_eq!(parcels(&shop), [parcel("shipped", "", "", 2)]);
}

#[actix_web::test]
async fn invalid_label_is_rejected_without_shipping() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    let order = place_order(&ana, &[(&mug, 2)]).await;
    post_action(&staff, &order, "process").await.expect(200);
    let counts_before = shop.record_counts();

    let label = json!({"tracking_number": "x".repeat(101), "carrier": ["G4S"], "note": {}});
    let rejected = staff.post(&url(&order, "ship/"), label).await.expect(400);

    assert_eq!(
        rejected,
        json!({
            "tracking_number": ["Ensure this field has no more than 100 characters."],
            "carrier": ["Not a valid string."],
            "note": ["Not a valid string."],
        })
    );
    assert_eq!(parcels(&shop), [parcel("prepared", "", "", 2)]);
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn shipping_an_order_leaves_other_orders_unchanged() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").stock(10).create();
    let first = place_order(&ana, &[(&mug, 2)]).await;
    let second = place_order(&ana, &[(&mug, 3)]).await;

    advance_order(&staff, &first, &["process", "ship"]).await;

    assert_eq!(shop.stock_of(&mug), (8, 3));
    assert_eq!(ana.get(&url(&second, "")).await.expect(200), second);
    shop.assert_records_are_consistent();
}

#[actix_web::test]
async fn unknown_order_cannot_be_shipped() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let unknown = json!({"id": "0190aaaa-0000-7000-8000-000000000001"});
    for name in ["process", "ship", "deliver"] {
        assert_eq!(
            post_action(&staff, &unknown, name).await.expect(404),
            json!({"detail": "Not found.", "code": "not_found"}),
            "{name}"
        );
    }
    let number: Value = json!({"id": "M-000001"});
    post_action(&staff, &number, "ship").await.expect(404);
}

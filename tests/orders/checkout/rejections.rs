//! Rejected orders: all errors are reported together, and the database stays unchanged.

use serde_json::{Value, json};

use crate::support::TestShop;
use crate::support::builders::{address, order_body};

const REQUIRED: &str = "This field is required.";
const UNKNOWN_ID: &str = "0190aaaa-0000-7000-8000-000000000001";

#[actix_web::test]
async fn empty_order_reports_all_required_fields() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let counts_before = shop.record_counts();
    let cases = [
        (json!({}), json!({"shipping_address": [REQUIRED], "lines": [REQUIRED]})),
        (
            json!({"shipping_address": {}, "lines": []}),
            json!({
                "shipping_address": {"name": [REQUIRED], "line1": [REQUIRED], "city": [REQUIRED], "country": [REQUIRED]},
                "lines": ["This list may not be empty."],
            }),
        ),
        (
            json!({"shipping_address": "Moi Avenue 12", "lines": {"sku": "MUG"}}),
            json!({
                "shipping_address": {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]},
                "lines": ["Expected a list of items but got type \"dict\"."],
            }),
        ),
        (
            json!({"shipping_address": null, "lines": null}),
            json!({"shipping_address": ["This field may not be null."], "lines": ["This field may not be null."]}),
        ),
        (json!([]), json!({"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]})),
    ];
    for (body, expected) in cases {
        assert_eq!(ana.post("/api/orders/", body.clone()).await.expect(400), expected, "{body}");
    }
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn all_invalid_fields_of_an_order_are_reported_together() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let counts_before = shop.record_counts();
    let body = json!({
        "email": "ana", "phone": "12", "customer": "ana", "currency": "euro", "note": "x".repeat(1001),
        "shipping_address": {"name": " ", "line1": "x".repeat(201), "city": 5, "country": "XX", "postal_code": ["1"]},
        "billing_address": {"name": "Ana", "line1": "Moi Avenue 12", "city": "Nairobi"},
        "lines": [
            {"sku": "MUG", "quantity": 1},
            {"sku": "MUG"},
            {"quantity": 0},
            {"product": "mug", "variant": 5, "sku": "", "quantity": -1},
            "MUG",
            null,
        ],
    });

    let rejected = ana.post("/api/orders/", body).await.expect(400);

    assert_eq!(
        rejected,
        json!({
            "email": ["Enter a valid email address."],
            "phone": ["Enter a valid phone number, with + and the country code."],
            "customer": ["Must be a valid UUID."],
            "currency": ["\"euro\" is not a valid choice."],
            "note": ["Ensure this field has no more than 1000 characters."],
            "shipping_address": {
                "name": ["This field may not be blank."],
                "line1": ["Ensure this field has no more than 200 characters."],
                "country": ["\"XX\" is not a valid choice."],
                "postal_code": ["Not a valid string."],
            },
            "billing_address": {"country": [REQUIRED]},
            "lines": {
                "1": {"quantity": [REQUIRED]},
                "2": {
                    "non_field_errors": ["Specify a product, a variant or a sku."],
                    "quantity": ["Ensure this value is greater than or equal to 1."],
                },
                "3": {
                    "product": ["Must be a valid UUID."],
                    "variant": ["Must be a valid UUID."],
                    "sku": ["This field may not be blank."],
                    "quantity": ["Ensure this value is greater than or equal to 1."],
                },
                "4": {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]},
                "5": ["This field may not be null."],
            },
        })
    );
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn invalid_quantity_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").stock(2_000_000).create();
    let counts_before = shop.record_counts();
    let least = "Ensure this value is greater than or equal to 1.";
    let most = "Ensure this value is less than or equal to 1000000.";
    let integer = "A valid integer is required.";
    let cases = [
        (json!(0), least),
        (json!(-1), least),
        (json!(-3_000_000_000_i64), least),
        (json!(1_000_001), most),
        (json!(1_000_000_000), most),
        (json!("99999999999999999999999"), most),
        (json!("2.5"), integer),
        (json!(2.5), integer),
        (json!("two"), integer),
        (json!(""), integer),
        (json!(true), integer),
        (json!([2]), integer),
        (Value::Null, "This field may not be null."),
    ];
    for (quantity, message) in cases {
        let mut body = order_body(&[(&mug, 1)]);
        body["lines"][0]["quantity"] = quantity.clone();
        let rejected = ana.post("/api/orders/", body).await.expect(400);
        assert_eq!(rejected, json!({"lines": {"0": {"quantity": [message]}}}), "{quantity}");
    }
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn unavailable_lines_are_reported_by_index() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    shop.product("Mug").create();
    let old = shop.product("Old mug").inactive().create();
    let several = shop.product("Pot").variant("POT-L", "15.00", 5).create();
    let archived = shop.product("Archived mug").sku("ARCHIVED").create();
    staff.delete(&format!("/api/products/{}/", archived.id)).await.expect(204);
    let counts_before = shop.record_counts();
    let lines = json!([
        {"sku": "MUG", "quantity": 1},
        {"sku": "CUP", "quantity": 1},
        {"product": UNKNOWN_ID, "quantity": 1},
        {"variant": UNKNOWN_ID, "quantity": 1},
        {"product": old.id, "quantity": 1},
        {"sku": "old-mug", "quantity": 1},
        {"product": several.id, "quantity": 1},
        {"product": archived.id, "quantity": 1},
        {"sku": "ARCHIVED", "quantity": 99},
    ]);

    let body = json!({"shipping_address": address(), "lines": lines});
    let rejected = ana.post("/api/orders/", body).await.expect(400);

    let unknown = format!("Invalid pk \"{UNKNOWN_ID}\" - object does not exist.");
    let not_for_sale = json!(["This product is not for sale."]);
    assert_eq!(
        rejected,
        json!({"lines": {
            "1": {"sku": ["Object with sku=CUP does not exist."]},
            "2": {"product": [unknown]},
            "3": {"variant": [unknown]},
            "4": {"product": not_for_sale},
            "5": {"sku": not_for_sale},
            "6": {"product": ["This product has several variants: specify one by variant or sku."]},
            "7": {"product": not_for_sale},
            "8": {"sku": not_for_sale},
        }})
    );
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn staff_cannot_order_products_that_are_not_for_sale() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let old = shop.product("Old mug").inactive().create();
    let rejected = staff.post("/api/orders/", order_body(&[(&old, 1)])).await.expect(400);
    assert_eq!(rejected, json!({"lines": {"0": {"sku": ["This product is not for sale."]}}}));
    assert_eq!(shop.stock_of(&old), (10, 0));
}

#[actix_web::test]
async fn currency_other_than_the_channels_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let counts_before = shop.record_counts();
    let mut body = order_body(&[(&mug, 1)]);

    body["currency"] = json!("USD");
    let rejected = ana.post("/api/orders/", body.clone()).await.expect(400);

    assert_eq!(rejected, json!({"currency": ["Prices are in EUR: send this currency or omit the field."]}));
    assert_eq!(shop.record_counts(), counts_before);
    body["currency"] = json!("eur");
    ana.post("/api/orders/", body).await.expect(201);
}

#[actix_web::test]
async fn all_checkout_problems_are_reported_together() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.execute("update channels set countries = '{UG}'");
    shop.product("Mug").create();
    let counts_before = shop.record_counts();
    let body = json!({
        "customer": UNKNOWN_ID, "currency": "USD", "shipping_address": address(), "lines": [{"sku": "CUP", "quantity": 1}],
    });

    let rejected = staff.post("/api/orders/", body).await.expect(400);

    assert_eq!(
        rejected,
        json!({
            "customer": [format!("Invalid pk \"{UNKNOWN_ID}\" - object does not exist.")],
            "currency": ["Prices are in EUR: send this currency or omit the field."],
            "shipping_address": {"country": ["We do not deliver to this country."]},
            "lines": {"0": {"sku": ["Object with sku=CUP does not exist."]}},
        })
    );
    assert_eq!(shop.record_counts(), counts_before);
}

#[actix_web::test]
async fn too_large_total_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let yacht = shop.product("Yacht").price("999999999.9999").stock(2_000_000).create();
    let counts_before = shop.record_counts();
    let expected = json!({"non_field_errors": ["The order's total is too large. Order a smaller quantity."]});

    let rejected = ana.post("/api/orders/", order_body(&[(&yacht, 1_000_000)])).await.expect(400);
    assert_eq!(rejected, expected);
    let rejected = ana.post("/api/orders/", order_body(&[(&yacht, 600_000), (&yacht, 600_000)])).await.expect(400);
    assert_eq!(rejected, expected);

    assert_eq!(shop.record_counts(), counts_before);
    let placed = super::place_order(&ana, &[(&yacht, 800_000)]).await;
    assert_eq!(placed["total_gross"], "927999999999907.20");
}

#[actix_web::test]
async fn body_that_is_not_json_is_rejected() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let counts_before = shop.record_counts();
    let send = |body: &'static str, kind: &'static str| {
        let request = actix_web::test::TestRequest::post().uri("/api/orders/").set_payload(body);
        ana.call(request.insert_header(("content-type", kind)))
    };

    let broken = send("{\"lines\": [", "application/json").await.expect(400);
    assert_eq!(broken["code"], "parse_error");
    let form = send("lines=1", "text/csv").await.expect(415);
    assert_eq!(form["code"], "unsupported_media_type");
    let empty = send("", "application/json").await.expect(400);
    assert_eq!(empty, json!({"shipping_address": [REQUIRED], "lines": [REQUIRED]}));

    assert_eq!(shop.record_counts(), counts_before);
}

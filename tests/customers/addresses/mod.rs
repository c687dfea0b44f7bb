//! Addresses of customers.

mod defaults;
mod validation;

use actix_web::test::TestRequest;
use futures_util::join;
use serde_json::{Value, json};

use crate::support::builders::address;
use crate::support::shop::TestUser;
use crate::support::{TestResponse, TestShop};

const MINE: &str = "/api/customers/me/addresses/";

fn addresses_url(customer: &TestUser) -> String {
    format!("/api/customers/{}/addresses/", customer.customer)
}

fn id(address: &Value) -> &str {
    address["id"].as_str().unwrap()
}

/// A valid address with one member replaced.
fn with(name: &str, value: Value) -> Value {
    let mut address = address();
    address[name] = value;
    address
}

/// Inserts this number of addresses directly into the database.
fn fill(shop: &TestShop, customer: &TestUser, count: usize) {
    shop.execute(&format!(
        "insert into addresses (id, customer_id, name, line1, city, country, created_at, updated_at) \
         select gen_random_uuid(), '{}', 'x', 'x', 'x', 'KE', now(), now() from generate_series(1, {count})",
        customer.customer
    ));
}

#[actix_web::test]
async fn address_can_be_created_retrieved_updated_replaced_and_deleted() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;

    let added = ana.post(MINE, with("phone", json!("0700 000 001"))).await;
    let address = added.expect(201);
    let mut expected = json!({
        "id": address["id"], "name": "Ana Wanjiru", "company": "", "line1": "Moi Avenue 12", "line2": "",
        "city": "Nairobi", "postal_code": "00100", "area": "", "country": "KE", "phone": "+254700000001",
        "is_default_billing": true, "is_default_shipping": true,
        "created_at": address["created_at"], "updated_at": address["updated_at"],
    });
    assert_eq!(address, expected);
    assert_eq!(added.header("location"), Some(format!("{MINE}{}/", id(&address)).as_str()));
    let url = format!("{MINE}{}/", id(&address));
    assert_eq!(ana.get(&url).await.expect(200), expected);

    let changed = ana.patch(&url, json!({"line2": "3rd floor", "phone": null})).await.expect(200);
    expected["line2"] = json!("3rd floor");
    expected["phone"] = json!(null);
    expected["updated_at"] = changed["updated_at"].clone();
    assert_eq!(changed, expected);

    let replaced = ana.put(&url, with("city", json!("Mombasa"))).await.expect(200);
    assert_eq!((&replaced["city"], &replaced["line2"]), (&json!("Mombasa"), &json!("")));
    assert_eq!(replaced["is_default_billing"], true, "the default flags are unchanged");

    assert_eq!(ana.delete(&url).await.status, 204);
    assert_eq!(ana.get(&url).await.expect(404)["code"], "not_found");
    assert_eq!(ana.get(MINE).await.expect(200)["count"], 0);
    let entries = shop.number("select count(*) from audit_entries where action like 'customer_address.%'");
    assert_eq!(entries, 4);
}

#[actix_web::test]
async fn all_validation_errors_of_an_address_are_returned_at_once() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let wrong = json!({
        "name": " ", "line1": "x", "city": "", "postal_code": "9021", "area": "Nowhere", "country": "US",
        "phone": "12", "is_default_billing": "perhaps",
    });

    let errors = ana.post(MINE, wrong).await.expect(400);

    assert_eq!(
        errors,
        json!({
            "name": ["This field may not be blank."],
            "city": ["This field may not be blank."],
            "postal_code": ["Enter a valid postal code, such as 95014."],
            "area": ["\"Nowhere\" is not a valid choice."],
            "phone": ["Enter a valid phone number, with + and the country code."],
            "is_default_billing": ["Must be a valid boolean."],
        })
    );
    assert_eq!(
        ana.post(MINE, json!({})).await.expect(400),
        json!({
            "name": ["This field is required."], "line1": ["This field is required."],
            "city": ["This field is required."], "country": ["This field is required."],
        })
    );
    assert_eq!(shop.number("select count(*) from addresses"), 0);
}

#[actix_web::test]
async fn country_change_requires_the_fields_of_the_new_country() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let home = ana.post(MINE, address()).await.expect(201);
    let url = format!("{MINE}{}/", id(&home));

    let errors = ana.patch(&url, json!({"country": "CA"})).await.expect(400);
    assert_eq!(
        errors,
        json!({
            "area": ["This field may not be blank."],
            "postal_code": ["Enter a valid postal code, such as H3Z 2Y7."],
        })
    );
    assert_eq!(ana.get(&url).await.expect(200), home);

    let moved = json!({"country": "ca", "area": "québec", "postal_code": "h2x 1y4", "city": "Montréal"});
    let moved = ana.patch(&url, moved).await.expect(200);
    assert_eq!(
        ["country", "area", "postal_code"].map(|name| moved[name].clone()),
        [json!("CA"), json!("QC"), json!("H2X 1Y4")]
    );
}

#[actix_web::test]
async fn concurrent_requests_cannot_exceed_100_addresses() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let staff = shop.staff().await;
    fill(&shop, &ana, 99);

    let url = addresses_url(&ana);
    let (one, other) = join!(ana.post(MINE, address()), staff.post(&url, address()));

    let mut responses = [one.status.as_u16(), other.status.as_u16()];
    responses.sort_unstable();
    assert_eq!(responses, [201, 409]);
    let rejected = [one, other].into_iter().find(|response| response.status == 409).unwrap().json();
    assert_eq!(
        rejected,
        json!({
            "detail": "A customer can have at most 100 addresses. Delete an address first.",
            "code": "too_many_addresses",
        })
    );
    assert_eq!(shop.number("select count(*) from addresses"), 100);
}

#[actix_web::test]
async fn address_of_another_customer_is_not_found() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    let staff = shop.staff().await;
    let address_of_ana = ana.post(MINE, address()).await.expect(201);
    let url = format!("{MINE}{}/", id(&address_of_ana));
    let below_ben = format!("{}{}/", addresses_url(&ben), id(&address_of_ana));

    let responses = [
        ben.get(&url).await,
        ben.put(&url, address()).await,
        ben.patch(&url, json!({"name": "Ben"})).await,
        ben.delete(&url).await,
        // The address is not found below another customer.
        staff.get(&below_ben).await,
        staff.put(&below_ben, address()).await,
        staff.patch(&below_ben, json!({"name": "Ben"})).await,
        staff.delete(&below_ben).await,
    ];

    for response in responses {
        assert_eq!(response.expect(404), json!({"detail": "Not found.", "code": "not_found"}));
    }
    assert_eq!(ben.get(MINE).await.expect(200)["count"], 0);
    assert_eq!(ben.get(&addresses_url(&ana)).await.expect(403)["code"], "permission_denied");
    assert_eq!(ana.get(&url).await.expect(200), address_of_ana);
}

#[actix_web::test]
async fn staff_can_manage_addresses_of_a_customer() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);

    let added = staff.post(&addresses_url(&ana), address()).await.expect(201);
    let url = format!("{}{}/", addresses_url(&ana), id(&added));
    let changed = staff.patch(&url, json!({"company": "Ana's mugs"})).await.expect(200);

    assert_eq!(ana.get(&format!("{MINE}{}/", id(&added))).await.expect(200), changed);
    assert_eq!(staff.get(&addresses_url(&ana)).await.expect(200)["results"], json!([changed]));
    assert_eq!(staff.delete(&url).await.status, 204);
    let unknown = "/api/customers/0190aaaa-0000-7000-8000-00000000dead/addresses/";
    assert_eq!(staff.get(unknown).await.status, 404);
    assert_eq!(staff.post(unknown, address()).await.status, 404);
}

#[actix_web::test]
async fn addresses_are_filtered_and_ordered() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    ana.post(MINE, with("name", json!("B"))).await.expect(201);
    ana.post(MINE, json!({"name": "A", "line1": "x", "city": "Kampala", "country": "UG"})).await.expect(201);
    let names = async |query: &str| {
        let list = ana.get(&format!("{MINE}?{query}")).await.expect(200);
        let rows = list["results"].as_array().unwrap().clone();
        rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    assert_eq!(names("").await, ["B", "A"]);
    assert_eq!(names("ordering=name").await, ["A", "B"]);
    assert_eq!(names("country=UG").await, ["A"]);
    assert_eq!(names("city__icontains=nai").await, ["B"]);
    assert_eq!(names("is_default_billing=true").await, ["B"]);
    assert_eq!(names("is_default_shipping=false").await, ["A"]);
    assert_eq!(names("cursor=&page_size=1").await, ["B"]);
    assert_eq!(ana.get(&format!("{MINE}?country=XX")).await.status, 400);
}

#[actix_web::test]
async fn order_addresses_are_validated_by_the_same_rules() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let order = |address: Value| json!({"shipping_address": address, "lines": [{"sku": mug.sku, "quantity": 1}]});

    let errors = ana.post("/api/orders/", order(with("country", json!("US")))).await.expect(400);
    assert_eq!(errors, json!({"shipping_address": {"area": ["This field is required."]}}));
    assert_eq!(shop.stock_of(&mug), (10, 0));

    let saved = ana.post(MINE, with("phone", json!("0700 000 001"))).await.expect(201);
    let placed = ana.post("/api/orders/", order(saved.clone())).await.expect(201);
    for (name, value) in placed["shipping_address"].as_object().unwrap() {
        assert_eq!(value, &saved[name], "{name}: a saved address can be sent unchanged");
    }
    assert_eq!(placed["shipping_address"]["phone"], "+254700000001");
}

#[actix_web::test]
async fn stale_etag_is_rejected_for_an_address() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let home = ana.post(MINE, address()).await.expect(201);
    let url = format!("{MINE}{}/", id(&home));
    let seen = ana.get(&url).await.header("etag").unwrap().to_owned();
    ana.patch(&url, json!({"line2": "new"})).await.expect(200);

    let late = ana.with_header("if-match", &seen).patch(&url, json!({"line2": "old"})).await;
    let deleted = ana.with_header("if-match", &seen).delete(&url).await;

    assert_eq!(late.expect(412)["code"], "precondition_failed");
    assert_eq!(deleted.status, 412);
    assert_eq!(ana.get(&url).await.expect(200)["line2"], "new");
}

#[actix_web::test]
async fn erasure_deletes_the_customers_addresses() {
    let shop = TestShop::new().await;
    let (ana, ben) = (shop.customer("ana").await, shop.customer("ben").await);
    ana.post(MINE, address()).await.expect(201);
    ben.post(MINE, address()).await.expect(201);

    shop.sql(|conn| mercer::customers::addresses::delete_all(conn, ana.customer));

    let count = async |user: &TestUser| user.get(MINE).await.expect(200)["count"].clone();
    assert_eq!((count(&ana).await, count(&ben).await), (json!(0), json!(1)));
}

#[actix_web::test]
async fn address_can_be_created_with_form_data() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let form = "name=Ana&line1=Moi+Avenue+12&city=Nairobi&country=ke&is_default_shipping=on";
    let request = TestRequest::post().uri(MINE).set_payload(form);

    let response: TestResponse =
        ana.call(request.insert_header(("content-type", "application/x-www-form-urlencoded"))).await;

    assert_eq!(response.expect(201)["country"], "KE");
}

//! Countries with their address rules.

use serde_json::json;

use crate::support::TestShop;

#[actix_web::test]
async fn country_rules_are_public() {
    let shop = TestShop::new().await;
    let response = shop.anonymous().get("/api/countries/ke/").await;
    assert_eq!(
        response.expect(200),
        json!({
            "code": "KE", "name": "Kenya", "required_fields": ["line1", "city"],
            "used_fields": ["line1", "city", "postal_code"], "postal_code_pattern": "[0-9]{5}",
            "postal_code_examples": ["20100", "00100"], "area_name": null, "areas": [],
        })
    );
    let america = shop.anonymous().get("/api/countries/US/").await.expect(200);
    assert_eq!(america["required_fields"], json!(["line1", "city", "area", "postal_code"]));
    assert_eq!(
        (&america["area_name"], &america["areas"][0]),
        (&json!("state"), &json!({"code": "AL", "name": "Alabama"}))
    );
    let emirates = shop.anonymous().get("/api/countries/AE/").await.expect(200);
    assert_eq!(emirates["used_fields"], json!(["line1", "area"]));
    assert_eq!(emirates["postal_code_pattern"], json!(null));
    assert_eq!(shop.anonymous().get("/api/countries/XX/").await.expect(404)["code"], "not_found");
}

#[actix_web::test]
async fn country_list_supports_etags_and_field_selection() {
    let shop = TestShop::new().await;
    let list = shop.anonymous().get("/api/countries/").await;
    let countries = list.expect(200);
    let countries = countries.as_array().unwrap();
    assert!(countries.len() >= 249, "{}", countries.len());
    let names: Vec<&str> = countries.iter().map(|country| country["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.contains(&"Kenya") && names.contains(&"Japan"));

    assert_eq!(list.header("cache-control"), Some("no-cache"), "the cache revalidates before each use");
    let again = shop.anonymous().with_header("if-none-match", list.header("etag").unwrap());
    assert_eq!(again.get("/api/countries/").await.status, 304);
    let cut = shop.anonymous().get("/api/countries/?fields=code").await.expect(200);
    assert_eq!(cut[0].as_object().unwrap().len(), 1);
}

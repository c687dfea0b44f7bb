//! Slugs of products, categories and channels.

use mercer::products::slug::Slug;
use mercer::routes;
use serde_json::json;

use crate::support::TestShop;

#[test]
fn path_segments_below_a_collection_are_reserved() {
    let document = serde_json::to_value(routes::document().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap().keys();
    let mut found = 0;

    for path in paths {
        let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        if let ["api", "products" | "categories" | "channels", segment, ..] = segments[..]
            && !segment.starts_with('{')
        {
            assert!(segment.parse::<Slug>().is_err(), "{path}");
            found += 1;
        }
    }

    assert!(found > 0);
}

#[actix_web::test]
async fn reserved_slug_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let response = staff.post("/api/categories/", json!({"name": "Tree", "slug": "tree"})).await;

    assert_eq!(response.expect(400), json!({"slug": ["\"tree\" is reserved."]}));
    assert_eq!(shop.number("select count(*) from categories"), 0);
}

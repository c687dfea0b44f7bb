//! What an address needs in each country: real postal codes, areas, and what forms are told.

use serde_json::{Value, json};

use super::MINE;
use crate::support::TestShop;

/// An address that is complete in its country but for the postal code.
fn there(country: &str, area: &str, postal_code: &str) -> Value {
    json!({
        "name": "Ana", "line1": "x", "city": "y", "country": country, "area": area, "postal_code": postal_code,
    })
}

/// Country, an area of it where one is needed, real postal codes, and what are none.
type Codes = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const POSTAL_CODES: [Codes; 24] = [
    ("KE", "", &["00100", "80100", "20100", ""], &["0010", "001000", "ABCDE"]),
    ("US", "CA", &["94043", "20500-0003", "90210 1234"], &["9404", "940433", "94043-12", "ABCDE", ""]),
    ("CA", "ON", &["K1A 0B1", "k1a0b1", "M5V 3L9"], &["K1A 0B", "11A 0B1", "D1A 0B1", ""]),
    ("GB", "", &["SW1A 1AA", "sw1a1aa", "M1 1AE", "EC1A 1BB", "GIR 0AA"], &["SW1A", "1AA SW1", "QQ1 1AA", ""]),
    ("IE", "", &["D02 X285", "a65f4e2", ""], &["D02", "D02 X28"]),
    ("DE", "", &["10115", "80331"], &["1011", "D-10115", ""]),
    ("FR", "", &["75001", "13001"], &["7500", "7500A", ""]),
    ("ES", "Madrid", &["28013", "08001"], &["2801", "280133", ""]),
    ("IT", "RM", &["00184", "20121"], &["0018", ""]),
    ("NL", "", &["1012 JS", "1012js"], &["1012", "JS 1012", ""]),
    ("PT", "", &["1100-148", "4000-322"], &["1100148", ""]),
    ("PL", "", &["00-001", "30-059"], &["00001", ""]),
    ("SE", "", &["111 22", "11122"], &["1112", ""]),
    ("CH", "", &["8001", "1201"], &["800", "80011", ""]),
    ("AU", "NSW", &["2000", "2060"], &["200", "20000", ""]),
    ("JP", "Tokyo", &["100-0001", "1000001"], &["100-001", "1000-001", ""]),
    ("IN", "Karnataka", &["560001", "560 001"], &["56001", "5600011", ""]),
    ("BR", "SP", &["01310-100", "01310100"], &["1310-100", "01310-10", ""]),
    ("ZA", "", &["8001", "0002"], &["801", "80011", ""]),
    ("NG", "", &["100001", ""], &["10001"]),
    ("SG", "", &["018956", "238801"], &["18956", ""]),
    ("CN", "北京市", &["100000", "100871"], &["10000", ""]),
    ("UG", "", &[""], &["00000", "256"]),
    ("AE", "Dubai", &[""], &["00000"]),
];

#[actix_web::test]
async fn postal_codes_are_those_of_their_country() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    for (country, area, good, bad) in POSTAL_CODES {
        for code in good {
            let answer = ana.post(MINE, there(country, area, code)).await;
            let kept = if *code == "560 001" { "560001".to_owned() } else { code.to_uppercase() };
            assert_eq!(answer.expect(201)["postal_code"], json!(kept), "{country} {code}");
        }
        for code in bad {
            let told = ana.post(MINE, there(country, area, code)).await.expect(400);
            let members: Vec<_> = told.as_object().unwrap().keys().collect();
            assert_eq!(members, ["postal_code"], "{country} {code}: {told}");
        }
    }
}

#[actix_web::test]
async fn an_area_is_known_by_its_names_and_kept_by_one() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    for (country, sent, kept) in [
        ("US", "CA", "CA"),
        ("US", "california", "CA"),
        ("BR", "Sao Paulo", "SP"),
        ("ES", "Alava", "VI"),
        ("IT", "Roma", "RM"),
        ("JP", "TOKYO", "Tokyo"),
        ("JP", "東京都", "東京都"),
        ("AE", "dubai", "Dubai"),
        ("AU", "New South Wales", "NSW"),
        // Where it is not needed, it is kept as people write it.
        ("IE", "Dublin", "Dublin"),
        ("IE", "co. cork", "Co. Cork"),
        ("KE", "Kiambu County", "Kiambu County"),
    ] {
        let code = match country {
            "US" | "ES" | "IT" => "28013",
            "BR" => "01310-100",
            "JP" => "100-0001",
            "AU" => "2000",
            _ => "",
        };
        let address = ana.post(MINE, there(country, sent, code)).await.expect(201);
        assert_eq!(address["area"], kept, "{country} {sent}");
    }
    for (country, code) in [("US", "94043"), ("BR", "01310-100"), ("CN", "100000")] {
        let told = ana.post(MINE, there(country, "Atlantis", code)).await.expect(400);
        assert_eq!(told, json!({"area": ["\"Atlantis\" is not a valid choice."]}), "{country}");
    }
}

#[actix_web::test]
async fn a_city_is_needed_where_there_are_cities() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mut singapore = there("SG", "", "018956");
    singapore["city"] = json!("");
    ana.post(MINE, singapore.clone()).await.expect(201);

    singapore["country"] = json!("MY");
    singapore["postal_code"] = json!("50050");
    let told = ana.post(MINE, singapore).await.expect(400);

    assert_eq!(told, json!({"city": ["This field may not be blank."]}));
}

#[actix_web::test]
async fn anybody_reads_what_a_country_needs() {
    let shop = TestShop::new().await;
    let answer = shop.anonymous().get("/api/countries/ke/").await;
    assert_eq!(
        answer.expect(200),
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
async fn the_list_of_countries_can_be_kept_and_cut() {
    let shop = TestShop::new().await;
    let list = shop.anonymous().get("/api/countries/").await;
    let countries = list.expect(200);
    let countries = countries.as_array().unwrap();
    assert!(countries.len() >= 249, "{}", countries.len());
    let names: Vec<&str> = countries.iter().map(|country| country["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.contains(&"Kenya") && names.contains(&"Japan"));

    assert_eq!(list.header("cache-control"), Some("no-cache"), "kept, and asked about before it is shown again");
    let again = shop.anonymous().with_header("if-none-match", list.header("etag").unwrap());
    assert_eq!(again.get("/api/countries/").await.status, 304);
    let cut = shop.anonymous().get("/api/countries/?fields=code").await.expect(200);
    assert_eq!(cut[0].as_object().unwrap().len(), 1);
}

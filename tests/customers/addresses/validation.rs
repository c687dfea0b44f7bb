//! Validation of addresses by the rules of their country: postal codes, areas and cities.

use serde_json::{Value, json};

use super::MINE;
use crate::support::TestShop;

/// An address that is complete in its country apart from the postal code.
fn address_in(country: &str, area: &str, postal_code: &str) -> Value {
    json!({
        "name": "Ana", "line1": "x", "city": "y", "country": country, "area": area, "postal_code": postal_code,
    })
}

/// Country, an area if it is required, valid postal codes, and invalid ones.
type PostalCodes = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const POSTAL_CODES: [PostalCodes; 24] = [
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
async fn postal_codes_are_validated_by_country() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    for (country, area, valid, invalid) in POSTAL_CODES {
        for code in valid {
            let response = ana.post(MINE, address_in(country, area, code)).await;
            let stored = if *code == "560 001" { "560001".to_owned() } else { code.to_uppercase() };
            assert_eq!(response.expect(201)["postal_code"], json!(stored), "{country} {code}");
        }
        for code in invalid {
            let errors = ana.post(MINE, address_in(country, area, code)).await.expect(400);
            let members: Vec<_> = errors.as_object().unwrap().keys().collect();
            assert_eq!(members, ["postal_code"], "{country} {code}: {errors}");
        }
    }
}

#[actix_web::test]
async fn area_names_are_stored_as_one_code() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    for (country, sent, stored) in [
        ("US", "CA", "CA"),
        ("US", "california", "CA"),
        ("BR", "Sao Paulo", "SP"),
        ("ES", "Alava", "VI"),
        ("IT", "Roma", "RM"),
        ("JP", "TOKYO", "Tokyo"),
        ("JP", "東京都", "東京都"),
        ("AE", "dubai", "Dubai"),
        ("AU", "New South Wales", "NSW"),
        // If the area is optional, it is stored as entered.
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
        let address = ana.post(MINE, address_in(country, sent, code)).await.expect(201);
        assert_eq!(address["area"], stored, "{country} {sent}");
    }
    for (country, code) in [("US", "94043"), ("BR", "01310-100"), ("CN", "100000")] {
        let errors = ana.post(MINE, address_in(country, "Atlantis", code)).await.expect(400);
        assert_eq!(errors, json!({"area": ["\"Atlantis\" is not a valid choice."]}), "{country}");
    }
}

#[actix_web::test]
async fn city_is_required_if_the_country_has_cities() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mut singapore = address_in("SG", "", "018956");
    singapore["city"] = json!("");
    ana.post(MINE, singapore.clone()).await.expect(201);

    singapore["country"] = json!("MY");
    singapore["postal_code"] = json!("50050");
    let errors = ana.post(MINE, singapore).await.expect(400);

    assert_eq!(errors, json!({"city": ["This field may not be blank."]}));
}

//! Text with special meaning to programs: stored unchanged, or rejected.

use serde_json::{Value, json};

use super::{encoded, send_json};
use crate::house::endpoints::digest::Digest;
use crate::support::TestShop;
use crate::support::builders::{address, order_body};

/// Unusual but valid texts, which responses must return unchanged.
const VALID_TEXTS: [&str; 14] = [
    "\u{feff}Mug",                        // byte order mark
    "Mug \u{202e}gnp.exe",                // right to left
    "\u{2066}Mug\u{2069}\u{200f}",        // directional isolates and a mark
    "M\u{200b}u\u{200d}g\u{2060}",        // zero width
    "e\u{301}\u{302}\u{303}\u{304}",      // combining marks
    "☕ 👩‍👩‍👧‍👦 🇰🇪 \u{1f9ff}",                 // four bytes, joined
    "ıIiİ ſs ﬁ ß ẞ Σσς",                  // unusual case mappings
    "１２３ ＡＢＣ",                      // full width
    "\u{fffd}\u{fffe}\u{ffff}\u{10ffff}", // replacement character and noncharacters
    "a\u{1}b\u{7f}c\u{1b}[31md\u{85}e",   // control characters that PostgreSQL stores
    "line\r\nline\ttab",
    "𝕄𝕦𝕘 Ⅷ ㍿",
    "%00 \\u0000 &#0; \\x00 ${0}", // escapes of NUL
    "' \" ` \\ / < > & { } %",
];

#[actix_web::test]
async fn unusual_text_is_stored_and_returned_unchanged() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(100).create();

    for text in VALID_TEXTS {
        let category = staff.post("/api/categories/", json!({"name": text, "description": text})).await.expect(201);
        assert_eq!((&category["name"], &category["description"]), (&json!(text), &json!(text)));
        let url = format!("/api/categories/{}/", category["id"].as_str().unwrap());
        assert_eq!(staff.get(&url).await.expect(200), category);
        let slug = category["slug"].as_str().unwrap();
        assert!(!slug.is_empty() && slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));

        let mut body = order_body(&[(&mug, 1)]);
        body["note"] = json!(text);
        body["shipping_address"]["name"] = json!(text);
        let order = ana.post("/api/orders/", body).await.expect(201);
        assert_eq!((&order["note"], &order["shipping_address"]["name"]), (&json!(text), &json!(text)));

        let me = ana.patch("/api/customers/me/", json!({"last_name": text})).await;
        assert_eq!(me.expect(200)["last_name"], text);
        let found = staff.get(&format!("/api/categories/?name={}", encoded(text))).await.expect(200);
        assert_eq!(found["count"], 1, "{text:?}");
    }
}

#[actix_web::test]
async fn nul_is_rejected_in_every_text_field() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").create();
    let before = Digest::of(&shop);
    let null_error = json!(["Null characters are not allowed."]);

    let category = staff.post("/api/categories/", json!({"name": "a\0", "description": "\0", "slug": "\0"})).await;
    let errors = category.expect(400);
    assert_eq!((&errors["name"], &errors["description"]), (&null_error, &null_error));
    assert!(errors["slug"].is_array());

    let mut body = order_body(&[(&mug, 1)]);
    body["note"] = json!("\0");
    body["shipping_address"]["city"] = json!("Nai\0robi");
    body["lines"][0]["sku"] = json!("MUG\0");
    body["email"] = json!("a\0@example.com");
    let errors = ana.post("/api/orders/", body).await.expect(400);
    assert_eq!((&errors["note"], &errors["email"]), (&null_error, &null_error));
    assert_eq!((&errors["shipping_address"]["city"], &errors["lines"]["0"]["sku"]), (&null_error, &null_error));

    for metadata in [json!({"a": "\0"}), json!({"\0": 1}), json!({"a": [{"b": {"\0": "\0"}}]})] {
        let body = json!({"name": "Pot", "sku": "POT", "price": "1", "metadata": metadata});
        let errors = staff.post("/api/products/", body).await.expect(400);
        assert_eq!(errors, json!({"metadata": null_error}));
    }
    for query in ["search=%00", "name=a%00b", "slug__in=a,%00", "name__icontains=%00"] {
        let response = staff.get(&format!("/api/products/?{query}")).await;
        assert_eq!(response.status, 400, "{query}");
    }
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn invalid_utf_8_is_a_parse_error() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let before = Digest::of(&shop);

    for name in [
        &b"\xc0\xaf"[..], // overlong
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xed\xa0\x80",     // surrogate
        b"\xf4\x90\x80\x80", // beyond Unicode
        b"\xff",
        b"\xe2\x82", // truncated
        b"\\ud800",
        b"\\udc00\\ud800",
        b"\\ud83d\\u0041",
        b"\\u00",
        b"a\x00b", // unescaped control character
        b"a\nb",
    ] {
        let body = [b"{\"name\": \"", name, b"\"}"].concat();
        let response = send_json(&staff, "/api/categories/", body).await.expect(400);
        assert_eq!(response["code"], "parse_error", "{name:?}");
    }
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());

    let pair = send_json(&staff, "/api/categories/", br#"{"name": "\ud83d\ude00"}"#).await;
    assert_eq!(pair.expect(201)["name"], "😀");
}

#[actix_web::test]
async fn combining_marks_count_as_characters() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let flood = |marks: usize| format!("e{}", "\u{301}".repeat(marks));

    let most = staff.post("/api/categories/", json!({"name": flood(149)})).await;
    assert_eq!(most.expect(201)["name"], flood(149));
    let more = staff.post("/api/categories/", json!({"name": flood(150)})).await;
    assert_eq!(more.expect(400), json!({"name": ["Ensure this field has no more than 150 characters."]}));
    let four_bytes = staff.post("/api/categories/", json!({"name": "\u{1f9ff}".repeat(150)})).await;
    assert_eq!(four_bytes.status, 201);
}

async fn register(shop: &TestShop, email: &str) -> (u16, Value) {
    let body = json!({"email": email, "password1": "correct horse", "password2": "correct horse"});
    let response = shop.anonymous().post("/api/auth/registration/", body).await;
    (response.status.as_u16(), response.json())
}

#[actix_web::test]
async fn confusable_email_identifies_the_same_account_or_is_rejected() {
    let shop = TestShop::new().await;
    assert_eq!(register(&shop, "kate.smith@example.com").await.0, 201);
    let users = shop.number("select count(*) from users");

    for email in [
        "KATE.SMITH@EXAMPLE.COM",
        " kate.smith@example.com\t",
        "\u{212a}ate.smith@example.com",  // Kelvin sign
        "kate.smith@examp\u{2113}e.com",  // script l
        "ｋate.smith@example.com",        // full-width k
        "kate.ſmith@example.com",         // long s
        "kаte.smith@example.com",         // Cyrillic a
        "kate.smith@example.com\u{200b}", // zero-width space
        "kate\u{ad}.smith@example.com",   // soft hyphen
        "KATE.SMİTH@example.com",         // dotted capital I
        "kate.smıth@example.com",         // dotless i
        "kate.smith@example。com",        // ideographic full stop
        "kate.smith@example.com\0",
        "\u{202e}moc.elpmaxe@htims.etak",
    ] {
        let (status, body) = register(&shop, email).await;
        assert_eq!(status, 400, "{email}");
        assert!(body["email"].is_array(), "{body}");
    }
    assert_eq!(shop.number("select count(*) from users"), users);
    assert_eq!(shop.number("select count(*) from users where email !~ '^[ -~]+$'"), 0, "only ASCII is stored");
}

#[actix_web::test]
async fn confusable_skus_and_slugs_are_distinct() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    shop.product("Mug").sku("MUG").stock(1).create();

    for sku in ["MUG\u{200b}", "ＭＵＧ", "МUG"] {
        let body = json!({"shipping_address": address(), "lines": [{"sku": sku, "quantity": 1}]});
        assert_eq!(ana.post("/api/orders/", body).await.status, 400, "{sku}");
        for slug in [sku, "Mug", "ｍｕｇ"] {
            let response = staff.post("/api/categories/", json!({"name": "Mugs", "slug": slug})).await;
            let errors = response.expect(400);
            assert!(errors["slug"].is_array(), "{errors}");
        }
    }
    assert_eq!(shop.number("select count(*) from orders"), 0);
    assert_eq!(shop.number("select count(*) from categories"), 0);
}

//! Texts that mean something to a machine on the way: kept letter by letter, or refused by the field.

use serde_json::{Value, json};

use super::{encoded, send_json};
use crate::house::endpoints::digest::Digest;
use crate::support::TestShop;
use crate::support::builders::{address, order_of};

/// All of them are good texts, however odd: who wrote them gets them back.
const KEPT: [&str; 14] = [
    "\u{feff}Mug",                        // a byte order mark that is none
    "Mug \u{202e}gnp.exe",                // right to left
    "\u{2066}Mug\u{2069}\u{200f}",        // isolates and a mark
    "M\u{200b}u\u{200d}g\u{2060}",        // of no width
    "e\u{301}\u{302}\u{303}\u{304}",      // a letter under many marks
    "☕ 👩‍👩‍👧‍👦 🇰🇪 \u{1f9ff}",                 // four bytes, joined
    "ıIiİ ſs ﬁ ß ẞ Σσς",                  // letters whose cases are not what they seem
    "１２３ ＡＢＣ",                      // of full width
    "\u{fffd}\u{fffe}\u{ffff}\u{10ffff}", // replaced and unassigned
    "a\u{1}b\u{7f}c\u{1b}[31md\u{85}e",   // controls that PostgreSQL keeps
    "line\r\nline\ttab",
    "𝕄𝕦𝕘 Ⅷ ㍿",
    "%00 \\u0000 &#0; \\x00 ${0}", // NUL, only spelled
    "' \" ` \\ / < > & { } %",
];

#[actix_web::test]
async fn odd_texts_come_back_letter_by_letter() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").stock(100).create();

    for text in KEPT {
        let category = staff.post("/api/categories/", json!({"name": text, "description": text})).await.expect(201);
        assert_eq!((&category["name"], &category["description"]), (&json!(text), &json!(text)));
        let url = format!("/api/categories/{}/", category["id"].as_str().unwrap());
        assert_eq!(staff.get(&url).await.expect(200), category);
        let slug = category["slug"].as_str().unwrap();
        assert!(!slug.is_empty() && slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));

        let mut body = order_of(&[(&mug, 1)]);
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
async fn nul_is_refused_by_the_field_wherever_it_stands() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    let mug = shop.product("Mug").create();
    let before = Digest::of(&shop);
    let refused = json!(["Null characters are not allowed."]);

    let category = staff.post("/api/categories/", json!({"name": "a\0", "description": "\0", "slug": "\0"})).await;
    let told = category.expect(400);
    assert_eq!((&told["name"], &told["description"]), (&refused, &refused));
    assert!(told["slug"].is_array());

    let mut body = order_of(&[(&mug, 1)]);
    body["note"] = json!("\0");
    body["shipping_address"]["city"] = json!("Nai\0robi");
    body["lines"][0]["sku"] = json!("MUG\0");
    body["email"] = json!("a\0@example.com");
    let told = ana.post("/api/orders/", body).await.expect(400);
    assert_eq!((&told["note"], &told["email"]), (&refused, &refused));
    assert_eq!((&told["shipping_address"]["city"], &told["lines"]["0"]["sku"]), (&refused, &refused));

    for metadata in [json!({"a": "\0"}), json!({"\0": 1}), json!({"a": [{"b": {"\0": "\0"}}]})] {
        let body = json!({"name": "Pot", "sku": "POT", "price": "1", "metadata": metadata});
        let told = staff.post("/api/products/", body).await.expect(400);
        assert_eq!(told, json!({"metadata": refused}));
    }
    for query in ["search=%00", "name=a%00b", "slug__in=a,%00", "name__icontains=%00"] {
        let answer = staff.get(&format!("/api/products/?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
    }
    assert_eq!(before.changes_until(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn what_is_no_utf_8_is_no_json() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let before = Digest::of(&shop);

    for name in [
        &b"\xc0\xaf"[..], // overlong
        b"\xe0\x80\xaf",  // overlonger
        b"\xf0\x80\x80\xaf",
        b"\xed\xa0\x80",     // half a pair
        b"\xf4\x90\x80\x80", // beyond Unicode
        b"\xff",
        b"\xe2\x82", // broken off
        b"\\ud800",
        b"\\udc00\\ud800",
        b"\\ud83d\\u0041",
        b"\\u00",
        b"a\x00b", // a control that is not escaped
        b"a\nb",
    ] {
        let body = [b"{\"name\": \"", name, b"\"}"].concat();
        let answer = send_json(&staff, "/api/categories/", body).await.expect(400);
        assert_eq!(answer["code"], "parse_error", "{name:?}");
    }
    assert_eq!(before.changes_until(&Digest::of(&shop)), Vec::<&str>::new());

    let pair = send_json(&staff, "/api/categories/", br#"{"name": "\ud83d\ude00"}"#).await;
    assert_eq!(pair.expect(201)["name"], "😀");
}

#[actix_web::test]
async fn a_flood_of_marks_is_counted_like_letters() {
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
    let answer = shop.anonymous().post("/api/auth/registration/", body).await;
    (answer.status.as_u16(), answer.json())
}

#[actix_web::test]
async fn an_address_that_looks_like_anothers_is_theirs_or_none() {
    let shop = TestShop::new().await;
    assert_eq!(register(&shop, "kate.smith@example.com").await.0, 201);
    let users = shop.number("select count(*) from users");

    for email in [
        "KATE.SMITH@EXAMPLE.COM",
        " kate.smith@example.com\t",
        "\u{212a}ate.smith@example.com",  // the sign of kelvin, small: k
        "kate.smith@examp\u{2113}e.com",  // a script l
        "ｋate.smith@example.com",        // of full width
        "kate.ſmith@example.com",         // a long s
        "kаte.smith@example.com",         // a Cyrillic a
        "kate.smith@example.com\u{200b}", // of no width
        "kate\u{ad}.smith@example.com",   // a soft hyphen
        "KATE.SMİTH@example.com",         // a dotted capital I
        "kate.smıth@example.com",         // an i without its dot
        "kate.smith@example。com",        // another full stop
        "kate.smith@example.com\0",
        "\u{202e}moc.elpmaxe@htims.etak",
    ] {
        let (status, body) = register(&shop, email).await;
        assert_eq!(status, 400, "{email}");
        assert!(body["email"].is_array(), "{body}");
    }
    assert_eq!(shop.number("select count(*) from users"), users);
    assert_eq!(shop.number("select count(*) from users where email !~ '^[ -~]+$'"), 0, "only ASCII is kept");
}

#[actix_web::test]
async fn skus_and_slugs_that_differ_in_a_letter_are_different() {
    let shop = TestShop::new().await;
    let (staff, ana) = (shop.staff().await, shop.customer("ana").await);
    shop.product("Mug").sku("MUG").stock(1).create();

    for sku in ["MUG\u{200b}", "ＭＵＧ", "МUG"] {
        let body = json!({"shipping_address": address(), "lines": [{"sku": sku, "quantity": 1}]});
        assert_eq!(ana.post("/api/orders/", body).await.status, 400, "{sku}");
        for slug in [sku, "Mug", "ｍｕｇ"] {
            let answer = staff.post("/api/categories/", json!({"name": "Mugs", "slug": slug})).await;
            let told = answer.expect(400);
            assert!(told["slug"].is_array(), "{told}");
        }
    }
    assert_eq!(shop.number("select count(*) from orders"), 0);
    assert_eq!(shop.number("select count(*) from categories"), 0);
}

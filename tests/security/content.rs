//! What is written in a text field is a text wherever it is read: in answers, e-mails, headers and the log.

use std::fs;

use serde_json::json;

use crate::support::TestShop;
use crate::support::builders::{Made, order_of};
use crate::support::fakes::{CapturedLog, ReadMail};

/// Templates of other programs, of ours, and code of browsers.
const CODE: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "{{ 1337*1337 }} {{ order.access_token }} {% include 'x' %}",
    "{# comment #} ${1337*1337} #{1337*1337}",
    "<%= 1337*1337 %> <?php echo 1337*1337; ?>",
    "{{constructor.constructor('return 1')()}}",
    "@import url(//evil.example) ; =cmd|' /C calc'!A0",
    "</td></tr></table><a href=\"https://evil.example\">Pay here</a>",
];

fn mails_of(shop: &TestShop) -> Vec<ReadMail> {
    let folder = fs::read_dir(shop.data_dir().join("mail")).unwrap();
    folder.map(|file| ReadMail::parse(&fs::read_to_string(file.unwrap().path()).unwrap())).collect()
}

/// Somebody orders a mug of this name with this text in every field that takes one, and all are told.
async fn ordered(shop: &TestShop, mug: &Made, text: &str) -> Vec<ReadMail> {
    let ana = shop.customer("ana").await;
    ana.patch("/api/customers/me/", json!({"first_name": text, "last_name": text})).await.expect(200);
    let mut body = order_of(&[(mug, 1)]);
    body["note"] = json!(text);
    for field in ["name", "company", "line1", "line2", "city", "area"] {
        body["shipping_address"][field] = json!(text);
    }
    ana.post("/api/orders/", body).await.expect(201);
    shop.run_jobs().await;
    mails_of(shop)
}

fn escaped(text: &str) -> String {
    let signs = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#x27;"), ("/", "&#x2f;")];
    signs.iter().fold(text.to_owned(), |text, (sign, entity)| text.replace(sign, entity))
}

#[actix_web::test]
async fn code_in_every_text_is_a_text_in_every_mail() {
    for code in CODE {
        let shop = TestShop::new().await;
        let mug = shop.product(code).sku("MUG").create();

        let mails = ordered(&shop, &mug, code).await;

        assert_eq!(mails.len(), 2, "the customer's and the shop's");
        for mail in mails {
            // Name of the product, six lines of the address and the note.
            assert!(mail.text.matches(code).count() >= 6, "{}", mail.text);
            assert!(mail.html.matches(&escaped(code)).count() >= 6, "{code}: {}", mail.html);
            for tag in ["<script", "<img", "<%", "<?php", "href=\"https://evil", "onerror=alert(1)>"] {
                assert!(!mail.html.contains(tag), "{tag}: {}", mail.html);
            }
            assert!(!mail.text.contains("1787569") && !mail.header("Subject").contains("1787569"));
        }
    }
}

#[actix_web::test]
async fn line_breaks_add_no_header_and_no_recipient() {
    let breaks = "Ana\r\nBcc: eve@example.com\r\nSubject: Won\r\n\r\nHello";
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let plain = ordered(&shop, &mug, "Ana").await;
    let names = |mail: &ReadMail| mail.header_names().into_iter().map(str::to_owned).collect::<Vec<_>>();

    let hostile = TestShop::new().await;
    let mug = hostile.product(breaks).sku("MUG").create();
    let mails = ordered(&hostile, &mug, breaks).await;

    assert_eq!((plain.len(), mails.len()), (2, 2));
    for mail in &mails {
        assert_eq!(names(mail), names(&plain[0]));
        assert!(["ana@example.com", "boss@example.com"].contains(&mail.header("To")), "{}", mail.header("To"));
        assert!(!mail.header("Subject").contains("Won"));
        assert!(mail.text.contains("Bcc: eve@example.com"), "it is a part of the text");
    }
    let to: Vec<_> = hostile.mails().into_iter().map(|(to, _)| to).collect();
    assert_eq!(to, ["ana@example.com", "boss@example.com"]);
}

#[actix_web::test]
async fn an_address_with_a_line_break_is_no_address() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let before = shop.books();

    for email in [
        "eve@example.com\r\nBcc: all@example.com",
        "eve@example.com\nTo: all@example.com",
        "eve@example.com,all@example.com",
        "Eve <eve@example.com>",
        "eve@example.com%0d%0aBcc:x@example.com",
        "\"eve\r\n\"@example.com",
    ] {
        let mut body = order_of(&[(&mug, 1)]);
        body["email"] = json!(email);
        let told = shop.anonymous().post("/api/orders/", body).await.expect(400);
        assert_eq!(told, json!({"email": ["Enter a valid email address."]}), "{email:?}");
        let body = json!({"email": email, "password1": "correct horse", "password2": "correct horse"});
        shop.anonymous().post("/api/auth/registration/", body).await.expect(400);
    }
    assert_eq!(shop.books(), before);
    assert_eq!(shop.number("select count(*) from users"), 0);
}

#[actix_web::test]
async fn code_in_an_answer_is_json_that_no_browser_runs() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    for code in CODE {
        let answer = staff.post("/api/categories/", json!({"name": code, "description": code})).await;
        let made = answer.expect(201);
        assert_eq!((&made["name"], &made["description"]), (&json!(code), &json!(code)));
        let slug = made["slug"].as_str().unwrap();
        assert!(
            slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte)),
            "{slug}"
        );
        assert!(!answer.header("location").unwrap().contains(['<', '"', '\r', '\n']));
        let refused = staff.get(&format!("/api/products/?category={}", super::encoded(code))).await;
        for answer in [answer, refused] {
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
    }
}

#[actix_web::test]
async fn no_value_of_a_request_splits_an_answer() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    for number in 0..3 {
        staff.post("/api/categories/", json!({"name": format!("Mugs {number}")})).await.expect(201);
    }
    let broken = "x%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a%3Cscript%3E";

    for url in [
        format!("/api/categories/?page_size=1&search=mugs&x={broken}"),
        format!("/api/categories/?page_size=1&{broken}=1"),
        format!("/api/categories/{broken}/"),
        format!("/api/{broken}"),
        format!("/api/docs{broken}"),
    ] {
        let answer = staff.get(&url).await;
        assert_eq!(answer.header("set-cookie"), None, "{url}");
        let mut values = answer.headers.iter().map(|(_, value)| value.as_bytes());
        assert!(!values.any(|value| value.contains(&b'\r') || value.contains(&b'\n')), "{url}");
        if answer.status == 200 {
            let next = answer.json()["next"].as_str().unwrap().to_owned();
            assert!(!next.contains(['\r', '\n', '<', ' ']), "{next}");
        }
    }
}

#[actix_web::test]
async fn nothing_that_is_sent_forges_a_line_of_the_log() {
    let forged = "2026-11-21T08:00:00Z ERROR mercer: Somebody stole the till";
    let shop = TestShop::new().await;
    let log = CapturedLog::start();
    let encoded = super::encoded(&format!("x\r\n{forged}\u{1b}[2J\u{85}\u{2028}{forged}"));

    let anybody = shop.anonymous().with_header("user-agent", "x\t2026 ERROR").with_header("x-request-id", forged);
    anybody.get(&format!("/api/products/{encoded}/?a={encoded}")).await;
    anybody.get(&format!("/{encoded}")).await;
    anybody.post("/api/auth/login/", json!({"email": format!("a\n{forged}"), "password": format!("\n{forged}")})).await;
    anybody.with_header("authorization", "Bearer \tx").get("/api/products/").await;
    shop.execute("alter table categories rename to gone");
    anybody.get(&format!("/api/categories/?search={encoded}")).await.expect(500);

    let text = log.text();
    assert!(text.contains("/api/products/"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{85}') && !text.contains('\u{2028}'), "{text:?}");
    for line in text.lines() {
        assert!(!line.starts_with("2026-11-21T08:00:00Z"), "{line}");
        assert!(!line.contains("stole the till") || line.contains("%20stole"), "{line}");
    }
}

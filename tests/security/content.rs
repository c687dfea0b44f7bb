//! Injection of code through text fields: into responses, e-mails, headers and the log.

use std::fs;

use serde_json::json;

use crate::support::TestShop;
use crate::support::builders::{TestProduct, order_body};
use crate::support::fakes::{CapturedLog, ParsedMail};

/// Template expressions and browser code.
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

fn mails_of(shop: &TestShop) -> Vec<ParsedMail> {
    let folder = fs::read_dir(shop.data_dir().join("mail")).unwrap();
    folder.map(|file| ParsedMail::parse(&fs::read_to_string(file.unwrap().path()).unwrap())).collect()
}

/// Places an order with `text` in every text field and returns the mails to the customer and the shop.
async fn mails_of_order_with(shop: &TestShop, mug: &TestProduct, text: &str) -> Vec<ParsedMail> {
    let ana = shop.customer("ana").await;
    ana.patch("/api/customers/me/", json!({"first_name": text, "last_name": text})).await.expect(200);
    let mut body = order_body(&[(mug, 1)]);
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
async fn code_in_text_fields_is_escaped_in_mails() {
    for code in CODE {
        let shop = TestShop::new().await;
        let mug = shop.product(code).sku("MUG").create();

        let mails = mails_of_order_with(&shop, &mug, code).await;

        assert_eq!(mails.len(), 2, "one to the customer and one to the shop");
        for mail in mails {
            // The product name, six address fields and the note.
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
async fn line_breaks_add_no_mail_header_or_recipient() {
    let breaks = "Ana\r\nBcc: eve@example.com\r\nSubject: Won\r\n\r\nHello";
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let plain = mails_of_order_with(&shop, &mug, "Ana").await;
    let names = |mail: &ParsedMail| mail.header_names().into_iter().map(str::to_owned).collect::<Vec<_>>();

    let hostile = TestShop::new().await;
    let mug = hostile.product(breaks).sku("MUG").create();
    let mails = mails_of_order_with(&hostile, &mug, breaks).await;

    assert_eq!((plain.len(), mails.len()), (2, 2));
    for mail in &mails {
        assert_eq!(names(mail), names(&plain[0]));
        assert!(["ana@example.com", "boss@example.com"].contains(&mail.header("To")), "{}", mail.header("To"));
        assert!(!mail.header("Subject").contains("Won"));
        assert!(mail.text.contains("Bcc: eve@example.com"), "the text contains the injected header");
    }
    let to: Vec<_> = hostile.mails().into_iter().map(|(to, _)| to).collect();
    assert_eq!(to, ["ana@example.com", "boss@example.com"]);
}

#[actix_web::test]
async fn email_with_a_line_break_is_rejected() {
    let shop = TestShop::new().await;
    let mug = shop.product("Mug").create();
    let before = shop.record_counts();

    for email in [
        "eve@example.com\r\nBcc: all@example.com",
        "eve@example.com\nTo: all@example.com",
        "eve@example.com,all@example.com",
        "Eve <eve@example.com>",
        "eve@example.com%0d%0aBcc:x@example.com",
        "\"eve\r\n\"@example.com",
    ] {
        let mut body = order_body(&[(&mug, 1)]);
        body["email"] = json!(email);
        let errors = shop.anonymous().post("/api/orders/", body).await.expect(400);
        assert_eq!(errors, json!({"email": ["Enter a valid email address."]}), "{email:?}");
        let body = json!({"email": email, "password1": "correct horse", "password2": "correct horse"});
        shop.anonymous().post("/api/auth/registration/", body).await.expect(400);
    }
    assert_eq!(shop.record_counts(), before);
    assert_eq!(shop.number("select count(*) from users"), 0);
}

#[actix_web::test]
async fn code_in_a_response_is_json_that_browsers_do_not_run() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    for code in CODE {
        let response = staff.post("/api/categories/", json!({"name": code, "description": code})).await;
        let created = response.expect(201);
        assert_eq!((&created["name"], &created["description"]), (&json!(code), &json!(code)));
        let slug = created["slug"].as_str().unwrap();
        assert!(
            slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte)),
            "{slug}"
        );
        assert!(!response.header("location").unwrap().contains(['<', '"', '\r', '\n']));
        let not_found = staff.get(&format!("/api/products/?category={}", super::encoded(code))).await;
        for response in [response, not_found] {
            assert_eq!(response.header("content-type"), Some("application/json"));
            assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        }
    }
}

#[actix_web::test]
async fn request_values_do_not_split_the_response() {
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
        let response = staff.get(&url).await;
        assert_eq!(response.header("set-cookie"), None, "{url}");
        let mut values = response.headers.iter().map(|(_, value)| value.as_bytes());
        assert!(!values.any(|value| value.contains(&b'\r') || value.contains(&b'\n')), "{url}");
        if response.status == 200 {
            let next = response.json()["next"].as_str().unwrap().to_owned();
            assert!(!next.contains(['\r', '\n', '<', ' ']), "{next}");
        }
    }
}

#[actix_web::test]
async fn request_values_do_not_forge_log_lines() {
    let forged = "2026-11-21T08:00:00Z ERROR mercer: Payment gateway is down";
    let shop = TestShop::new().await;
    let log = CapturedLog::start();
    let encoded = super::encoded(&format!("x\r\n{forged}\u{1b}[2J\u{85}\u{2028}{forged}"));

    let guest = shop.anonymous().with_header("user-agent", "x\t2026 ERROR").with_header("x-request-id", forged);
    guest.get(&format!("/api/products/{encoded}/?a={encoded}")).await;
    guest.get(&format!("/{encoded}")).await;
    guest.post("/api/auth/login/", json!({"email": format!("a\n{forged}"), "password": format!("\n{forged}")})).await;
    guest.with_header("authorization", "Bearer \tx").get("/api/products/").await;
    shop.execute("alter table categories rename to gone");
    guest.get(&format!("/api/categories/?search={encoded}")).await.expect(500);

    let text = log.text();
    assert!(text.contains("/api/products/"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{85}') && !text.contains('\u{2028}'), "{text:?}");
    for line in text.lines() {
        assert!(!line.starts_with("2026-11-21T08:00:00Z"), "{line}");
        assert!(!line.contains("gateway is down") || line.contains("%20gateway"), "{line}");
    }
}

//! Templates of all messages.

use std::fs;
use std::path::Path;

use mercer::platform::notify::{FileMailer, TemplateError, Templates};
use mercer::platform::ports::{Mail, Mailer};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::mail;
use crate::support::fakes::ParsedMail;

fn templates() -> Templates {
    Templates::compile().unwrap()
}

fn order() -> Value {
    json!({
        "shop_name": "Mercer",
        "customer_name": "Ana Njeri",
        "order": {
            "number": "1001", "status": "confirmed", "placed_at": "21 November 2026, 07:30 UTC",
            "currency": "KES", "subtotal_net": "2500.00", "total_tax": "400.00", "total_gross": "2900.00",
            "note": "Please ring twice.", "url": "https://shop.example/orders/1001"
        },
        "lines": [
            { "product_name": "Mug", "variant_name": "Blue", "sku": "MUG-BLUE", "quantity": 2,
              "unit_price": "1250.00", "total_gross": "2500.00" },
            { "product_name": "Card", "variant_name": "", "sku": "CARD", "quantity": 1,
              "unit_price": "400.00", "total_gross": "400.00" }
        ],
        "shipping_address": ["Ana Njeri", "12 Market Street", "Nairobi"]
    })
}

/// Returns the context of an order with the value at `path` replaced.
fn order_with(path: &str, value: impl Into<Value>) -> Value {
    let mut order = order();
    *order.pointer_mut(path).unwrap() = value.into();
    order
}

/// Context of the e-mails about accounts.
fn account_context() -> Value {
    json!({
        "shop_name": "Mercer", "customer_name": "Ana Njeri", "hours": 24,
        "change": "totp_added", "changed_at": "2026-11-21 07:30 UTC",
        "link": "https://shop.example/account/verify-email#key=abc",
    })
}

/// Returns the entries of a folder in `templates`, without the files that other templates include.
fn folders(path: &str) -> Vec<String> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(path)).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('_'))
        .collect();
    names.sort_unstable();
    names
}

/// Returns the names of the e-mails about orders, whose context contains an order.
fn order_mails() -> Vec<String> {
    folders("email").into_iter().filter(|name| name.starts_with("order_")).collect()
}

#[test]
fn every_template_in_the_folder_is_embedded_and_renders() {
    let templates = templates();
    templates.check().unwrap();

    assert_eq!(order_mails(), ["order_cancelled", "order_confirmed", "order_placed_admin", "order_shipped"]);
    for name in order_mails() {
        let mail = templates.render_mail(&name, "en", &order()).unwrap();

        assert!(mail.subject.contains("1001"), "{name}");
        assert!(mail.text.contains("2 x Mug, Blue (MUG-BLUE)"), "{name}");
        assert!(mail.text.contains("https://shop.example/orders/1001"), "{name}");
        assert!(mail.html.contains("2 × <strong>Mug</strong>, Blue"), "{name}");
        assert!(mail.html.starts_with("<!doctype html>"), "{name}");
    }
    for name in folders("email") {
        let context = if name.starts_with("order_") { order() } else { account_context() };
        for language in folders(&format!("email/{name}")) {
            let mail = templates.render_mail(&name, &language, &context).unwrap();
            assert!(mail.subject.contains("Mercer") || name == "order_placed_admin", "{name}: {}", mail.subject);
            assert!(mail.html.contains(&format!("<html lang=\"{language}\">")), "{name} in {language}");
        }
    }
    for name in folders("sms") {
        for file in folders(&format!("sms/{name}")) {
            templates.render_sms(&name, file.trim_end_matches(".txt"), &order()).unwrap();
        }
    }
}

#[test]
fn messages_to_customers_exist_in_english_and_german() {
    for name in folders("email") {
        let languages = if name == "order_placed_admin" { vec!["en"] } else { vec!["de", "en"] };
        assert_eq!(folders(&format!("email/{name}")), languages, "{name}");
    }
    for name in folders("sms") {
        assert_eq!(folders(&format!("sms/{name}")), ["de.txt", "en.txt"], "{name}");
    }
}

#[test]
fn message_uses_the_closest_available_language() {
    let templates = templates();
    let german = "Ihre Bestellung 1001 bei Mercer ist bestätigt";
    let english = "Your order 1001 at Mercer is confirmed";
    for (language, subject) in [
        ("de", german),
        ("de-AT", german),
        ("DE-at-1996", german),
        ("en-GB", english),
        ("sw", english),
        ("", english),
        ("../de", english),
    ] {
        let mail = templates.render_mail("order_confirmed", language, &order()).unwrap();
        assert_eq!(mail.subject, subject, "{language:?}");
    }
    let admin = templates.render_mail("order_placed_admin", "de-AT", &order()).unwrap();
    assert_eq!(admin.subject, "New order 1001: 2900.00 KES");
    let sms = templates.render_sms("order_confirmed", "de-CH", &order()).unwrap();
    assert!(sms.starts_with("Mercer: Bestellung 1001 ist bestätigt, 2900.00 KES."), "{sms}");
}

#[test]
fn order_confirmation_is_complete_in_german() {
    let mail = templates().render_mail("order_confirmed", "de", &order()).unwrap();

    assert_eq!(
        mail.text,
        "Guten Tag Ana Njeri,

vielen Dank für Ihre Bestellung. Wir haben die Bestellung 1001
vom 21 November 2026, 07:30 UTC bestätigt.

2 x Mug, Blue (MUG-BLUE)
    1250.00 KES je Stück, 2500.00 KES
1 x Card (CARD)
    400.00 KES je Stück, 400.00 KES

Zwischensumme: 2500.00 KES
Steuer:        400.00 KES
Summe:         2900.00 KES

Lieferung an:
    Ana Njeri
    12 Market Street
    Nairobi

Anmerkung:
    Please ring twice.

Ihre Bestellung ansehen: https://shop.example/orders/1001

Mercer"
    );
    for english in ["Subtotal", "each", "Shipping", "Note", "Hello", "You receive"] {
        assert!(!mail.html.contains(english), "{english}: {}", mail.html);
    }
}

#[test]
fn greeting_works_without_a_customer_name() {
    let mut nameless = account_context();
    nameless["customer_name"] = json!("");

    let named = templates().render_mail("verify_email", "en", &account_context()).unwrap();
    let nameless = templates().render_mail("verify_email", "en", &nameless).unwrap();

    assert_eq!(
        named.text,
        "Hello Ana Njeri,

thank you for your registration at Mercer. Please confirm that this is
your e-mail address.

Confirm e-mail address: https://shop.example/account/verify-email#key=abc

The link is valid for 24 hours. If you did not register, you can ignore
this e-mail. The address is not confirmed without the link.

Mercer"
    );
    assert_eq!(nameless.text, named.text.replace(" Ana Njeri", ""));
    assert!(named.html.contains("<p style=\"margin: 0 0 16px;\">Hello Ana Njeri,</p>"), "{}", named.html);
}

#[test]
fn order_confirmation_is_complete_in_english() {
    let mail = templates().render_mail("order_confirmed", "en", &order()).unwrap();

    assert_eq!(mail.subject, "Your order 1001 at Mercer is confirmed");
    assert_eq!(
        mail.text,
        "Hello Ana Njeri,

thank you for your order. We have confirmed order 1001,
placed on 21 November 2026, 07:30 UTC.

2 x Mug, Blue (MUG-BLUE)
    1250.00 KES each, 2500.00 KES
1 x Card (CARD)
    400.00 KES each, 400.00 KES

Subtotal: 2500.00 KES
Tax:      400.00 KES
Total:    2900.00 KES

Shipping to:
    Ana Njeri
    12 Market Street
    Nairobi

Note:
    Please ring twice.

View your order: https://shop.example/orders/1001

Mercer"
    );
}

#[test]
fn empty_note_and_address_are_omitted() {
    let mut order = order_with("/order/note", "");
    order["shipping_address"] = json!([]);

    let mail = templates().render_mail("order_confirmed", "en", &order).unwrap();

    for body in [mail.text, mail.html] {
        assert!(!body.contains("Note") && !body.contains("Shipping to"), "{body}");
    }
}

#[test]
fn tracking_number_appears_only_if_it_is_known() {
    let templates = templates();
    let mut order = order();
    for (number, is_shown) in [(None, false), (Some(Value::Null), false), (Some("TRACK-42".into()), true)] {
        if let Some(number) = number {
            order["order"]["tracking_number"] = number;
        }
        let mail = templates.render_mail("order_shipped", "en", &order).unwrap();

        assert_eq!(mail.text.contains("Tracking number: TRACK-42"), is_shown);
        assert_eq!(mail.html.contains("Tracking number: <strong>TRACK-42</strong>"), is_shown);
    }
}

#[test]
fn markup_and_template_code_in_a_product_name_are_escaped() {
    let name = "<script>alert(\"1\")</script> {{ order.total_gross }} {% include 'x' %}";
    let order = order_with("/lines/0/product_name", name);
    for template in order_mails() {
        let mail = templates().render_mail(&template, "en", &order).unwrap();

        assert!(mail.text.contains(name), "plain text is not escaped: {}", mail.text);
        assert!(!mail.html.contains("<script"), "{}", mail.html);
        let escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;&#x2f;script&gt; {{ order.total_gross }} {% include";
        assert!(mail.html.contains(escaped), "{}", mail.html);
    }
}

#[test]
fn every_value_is_escaped_in_html() {
    let evil = "\"><img src=x onerror='y'>";
    for path in [
        "/shop_name",
        "/customer_name",
        "/order/number",
        "/order/note",
        "/order/url",
        "/order/placed_at",
        "/lines/0/variant_name",
        "/lines/0/sku",
        "/shipping_address/0",
    ] {
        for template in order_mails() {
            let mail = templates().render_mail(&template, "de", &order_with(path, evil)).unwrap();
            assert!(!mail.html.contains("<img"), "{path} in {template}");
        }
    }
    for path in ["/shop_name", "/customer_name", "/link"] {
        let mut context = account_context();
        *context.pointer_mut(path).unwrap() = json!(evil);
        for template in folders("email").iter().filter(|name| !name.starts_with("order_")) {
            let mail = templates().render_mail(template, "de", &context).unwrap();
            assert!(!mail.html.contains("<img"), "{path} in {template}");
        }
    }
}

#[tokio::test]
async fn line_breaks_in_the_shop_name_add_no_header() {
    let templates = templates();
    let folder = TempDir::new().unwrap();
    let mailer = FileMailer::new(folder.path().to_owned(), "shop@mercer.example").unwrap();
    let mut mails = Vec::new();
    for shop in ["Mercer", "Mercer\r\nBcc: eve@example.com\r\n\r\nHi"] {
        let rendered = templates.render_mail("order_confirmed", "en", &order_with("/shop_name", shop)).unwrap();
        assert!(!rendered.subject.contains(['\r', '\n']));
        let message = Mail { subject: rendered.subject, text: rendered.text, html: rendered.html, ..mail() };

        let receipt = mailer.send(&message).await.unwrap();
        mails.push(ParsedMail::parse(&fs::read_to_string(folder.path().join(receipt.reference)).unwrap()));
    }

    assert_eq!(mails[1].header_names(), mails[0].header_names());
    assert_eq!(mails[1].header("Subject"), "Your order 1001 at Mercer Bcc: eve@example.com Hi is confirmed");
    assert!(mails[0].html.contains("2 × <strong>Mug</strong>, Blue<br>"));
}

#[test]
fn error_for_a_missing_value_contains_no_customer_data() {
    let mut order = order();
    order["order"].as_object_mut().unwrap().remove("total_tax");

    let error = templates().render_mail("order_confirmed", "en", &order).unwrap_err();

    assert!(matches!(error, TemplateError::Unrendered(_)));
    let formatted = format!("{error} {error:?} {error:#?}");
    assert!(
        formatted.contains("_order.en.txt") && !formatted.contains("Ana") && !formatted.contains("Market"),
        "{formatted}"
    );
}

#[test]
fn error_for_an_unknown_template_contains_its_name() {
    let templates = templates();
    for error in [
        templates.render_mail("../secrets", "en", &order()).unwrap_err(),
        templates.render_sms("../secrets", "en", &order()).unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "there is no template \"../secrets\"");
    }
}

#[test]
fn typical_order_confirmation_fits_into_one_text_message() {
    let order = order_with("/order/url", "https://shop.example/orders/0199a7d2-5c3e-7b41-9d20-8f6a1c2b3d4e");

    let text = templates().render_sms("order_confirmed", "en", &order).unwrap();

    assert_eq!(
        text,
        "Mercer: order 1001 is confirmed, 2900.00 KES. \
         https://shop.example/orders/0199a7d2-5c3e-7b41-9d20-8f6a1c2b3d4e"
    );
    // Each of these GSM-7 characters takes one septet.
    let is_single = |c: char| c.is_ascii_alphanumeric() || " :/.,-?=&_".contains(c);
    assert!(text.chars().all(is_single) && text.len() <= 160, "{} characters", text.len());
}

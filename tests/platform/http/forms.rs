//! Form bodies, which have the same meaning and the same errors as JSON.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{send_raw, send_with};
use crate::house::endpoints::digest::Digest;
use crate::support::builders::order_body;
use crate::support::{Client, TestResponse, TestShop};

const URLENCODED: &str = "application/x-www-form-urlencoded";
const CATEGORIES: &str = "/api/categories/";
const PRODUCTS: &str = "/api/products/";
const ORDERS: &str = "/api/orders/";

async fn send_form(client: &Client, url: &str, form: impl Into<Vec<u8>>) -> TestResponse {
    send_raw(client, url, Some(URLENCODED), form).await
}

async fn patch_form(client: &Client, url: &str, form: &str) -> TestResponse {
    send_with(client, Method::PATCH, url, Some(URLENCODED), form).await
}

/// Builds a multipart body from names, texts and optional file names.
fn multipart(parts: &[(&str, &str, Option<&str>)]) -> Vec<u8> {
    let part = |(name, text, file): &(&str, &str, Option<&str>)| {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n")
    };
    format!("{}--edge--\r\n", parts.iter().map(part).collect::<String>()).into_bytes()
}

async fn send_multipart(client: &Client, url: &str, parts: &[(&str, &str, Option<&str>)]) -> TestResponse {
    send_raw(client, url, Some("multipart/form-data; boundary=edge"), multipart(parts)).await
}

/// Asserts that the server could not parse the form.
#[track_caller]
fn assert_parse_error(response: &TestResponse, detail: &str) {
    assert_eq!(response.expect(400), json!({"detail": detail, "code": "parse_error"}));
}

#[actix_web::test]
async fn category_is_created_from_a_form() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);

    let form = format!("name=Mugs+%26+cups&parent={kitchen}&sort_order=3&description=&slug=");
    let created = send_form(&staff, CATEGORIES, form).await.expect(201);

    assert_eq!(
        created,
        json!({
            "id": created["id"], "name": "Mugs & cups", "slug": "mugs-cups", "description": "", "parent": kitchen,
            "level": 1, "sort_order": 3, "product_count": 0, "created_at": created["created_at"],
            "updated_at": created["updated_at"],
        })
    );
}

#[actix_web::test]
async fn product_with_variants_is_created_from_a_multipart_form() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    let parts = [
        ("name", "Enamel mug", None),
        ("is_active", "on", None),
        ("metadata.colour", "blue", None),
        ("variants[0]sku", "MUG-S", None),
        ("variants[0]price", "12.50", None),
        ("variants[0]options.size", "S", None),
        ("variants[1]sku", "MUG-L", None),
        ("variants[1]price", "14", None),
        ("variants[1]stock", "7", None),
    ];
    let created = send_multipart(&staff, PRODUCTS, &parts).await.expect(201);

    assert_eq!((&created["name"], &created["is_active"]), (&json!("Enamel mug"), &json!(true)));
    assert_eq!(created["metadata"], json!({"colour": "blue"}));
    let variant = |sku: &str| {
        let mut variants = created["variants"].as_array().unwrap().iter();
        variants.find(|variant| variant["sku"] == sku).unwrap()
    };
    assert_eq!((&variant("MUG-S")["price"], &variant("MUG-S")["options"]), (&json!("12.50"), &json!({"size": "S"})));
    assert_eq!((&variant("MUG-L")["price"], &variant("MUG-L")["available"]), (&json!("14.00"), &json!(7)));
}

#[actix_web::test]
async fn order_with_lines_and_address_is_placed_with_both_kinds_of_form() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    let mug = shop.product("Mug").create();
    let pot = shop.product("Pot").create();
    let fields = [
        ("lines[0]sku", "MUG"),
        ("lines[0]quantity", "2"),
        ("lines[1][sku]", "POT"),
        ("lines[1][quantity]", "1"),
        ("shipping_address.name", "Ana Wanjiru"),
        ("shipping_address.line1", "Moi Avenue 12"),
        ("shipping_address.city", "Nairobi"),
        ("shipping_address.postal_code", "00100"),
        ("shipping_address.country", "KE"),
        ("email", ""),
        ("customer", ""),
        ("currency", ""),
    ];
    let as_json = ana.post(ORDERS, order_body(&[(&mug, 2), (&pot, 1)])).await.expect(201);

    let encoded = urlencoded(&fields);
    let as_form = send_form(&ana, ORDERS, encoded).await.expect(201);
    let parts: Vec<_> = fields.iter().map(|(name, text)| (*name, *text, None)).collect();
    let as_parts = send_multipart(&ana, ORDERS, &parts).await.expect(201);

    for order in [as_form, as_parts] {
        for member in ["email", "currency", "total_gross", "shipping_address", "billing_address", "status"] {
            assert_eq!(order[member], as_json[member], "{member}");
        }
        let summary = |order: &Value| -> Vec<Value> {
            let lines = order["lines"].as_array().unwrap().iter();
            lines.map(|line| json!([line["sku"], line["quantity"], line["total_gross"]])).collect()
        };
        assert_eq!(summary(&order), summary(&as_json));
    }
    assert_eq!((shop.stock_of(&mug), shop.stock_of(&pot)), ((10, 6), (10, 3)));
}

fn urlencoded(fields: &[(&str, &str)]) -> String {
    let encoded =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let pairs: Vec<_> = fields.iter().map(|(name, text)| format!("{}={}", encoded(name), encoded(text))).collect();
    pairs.join("&")
}

#[actix_web::test]
async fn all_form_errors_are_reported_together_by_path() {
    let shop = TestShop::new().await;
    let ana = shop.customer("ana").await;
    shop.product("Mug").create();
    let before = shop.record_counts();

    let form = "email=nobody&currency=EURO&lines[0]sku=MUG&lines[0]quantity=2&lines[1]quantity=0\
                &lines[2]sku=MUG&lines[2]quantity=&shipping_address.name=&shipping_address.country=Kenya";
    let response = send_form(&ana, ORDERS, form).await;

    let required = json!(["This field is required."]);
    let errors = response.expect(400);
    assert_eq!(
        errors["lines"],
        json!({
            "1": {
                "quantity": ["Ensure this value is greater than or equal to 1."],
                "non_field_errors": ["Specify a product, a variant or a sku."],
            },
            "2": {"quantity": ["A valid integer is required."]},
        })
    );
    let address = &errors["shipping_address"];
    assert_eq!((&address["line1"], &address["city"]), (&required, &required));
    assert_eq!(address["name"], json!(["This field may not be blank."]));
    assert!(address["country"].is_array(), "{address}");
    assert_eq!(errors["email"], json!(["Enter a valid email address."]));
    assert!(errors["currency"].is_array(), "{errors}");
    assert_eq!(errors.as_object().unwrap().len(), 4);
    assert_eq!(shop.record_counts(), before);
}

#[actix_web::test]
async fn required_null_and_blank_are_distinct_errors() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let before = Digest::of(&shop);

    for (body, message) in [
        (json!({}), "This field is required."),
        (json!({"name": null}), "This field may not be null."),
        (json!({"name": ""}), "This field may not be blank."),
        (json!({"name": " \t\u{a0} "}), "This field may not be blank."),
    ] {
        let response = staff.post(CATEGORIES, body.clone()).await;
        assert_eq!(response.expect(400), json!({"name": [message]}), "{body}");
    }
    // A form cannot contain null.
    for (form, message) in [("slug=x", "This field is required."), ("name=", "This field may not be blank.")] {
        let response = send_form(&staff, CATEGORIES, form).await;
        assert_eq!(response.expect(400), json!({"name": [message]}), "{form}");
        let wanted =
            json!({"name": [message], "sku": ["This field is required."], "price": ["A valid number is required."]});
        let response = send_form(&staff, PRODUCTS, format!("{form}&price=")).await;
        assert_eq!(response.expect(400), wanted, "{form}");
    }
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn patch_distinguishes_absent_null_and_value() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let kitchen = shop.category("Kitchen", None);
    let mugs = shop.category("Mugs", Some(kitchen));
    let url = format!("{CATEGORIES}{mugs}/");
    let parent = async || staff.get(&url).await.expect(200)["parent"].clone();

    staff.patch(&url, json!({"description": "For tea"})).await.expect(200);
    assert_eq!(parent().await, json!(kitchen));
    staff.patch(&url, json!({"parent": null})).await.expect(200);
    assert_eq!(parent().await, Value::Null);
    staff.patch(&url, json!({"parent": kitchen})).await.expect(200);
    assert_eq!(parent().await, json!(kitchen));
    patch_form(&staff, &url, "description=").await.expect(200);
    assert_eq!(parent().await, json!(kitchen));
    assert_eq!(staff.get(&url).await.expect(200)["description"], "");
    // An empty form field is null if the field is nullable, as in DRF. Otherwise it counts as absent.
    patch_form(&staff, &url, "parent=&sort_order=").await.expect(200);
    assert_eq!(parent().await, Value::Null);

    let before = Digest::of(&shop);
    let rejected = staff.patch(&url, json!({"name": null, "slug": null, "sort_order": null})).await;
    let message = json!(["This field may not be null."]);
    assert_eq!(rejected.expect(400), json!({"name": message, "slug": message, "sort_order": message}));
    let blank = patch_form(&staff, &url, "name=+").await;
    assert_eq!(blank.expect(400), json!({"name": ["This field may not be blank."]}));
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn read_only_and_unknown_fields_are_ignored() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mugs = shop.category("Mugs", None);
    let url = format!("{CATEGORIES}{mugs}/");
    let mut whole = staff.get(&url).await.expect(200);
    let original = whole.clone();

    // Like react-admin, send back the whole record, with further members.
    for (member, value) in [
        ("id", json!("0190feed-0000-7000-8000-00000000feed")),
        ("level", json!("seven")),
        ("product_count", json!(-1)),
        ("created_at", json!([])),
        ("version", json!(99)),
        ("nonsense", json!({"a": {"b": [1, null]}})),
        ("", json!("")),
    ] {
        whole[member] = value;
    }
    let patched = staff.patch(&url, whole).await.expect(200);
    assert_eq!(patched, json_with(&original, "updated_at", &patched["updated_at"]));

    let form = "name=Pots&level=7&id=x&created_at=never&nonsense[0]a.b=1&files=";
    let created = send_form(&staff, CATEGORIES, form).await.expect(201);
    assert_eq!((&created["name"], &created["level"]), (&json!("Pots"), &json!(0)));
}

fn json_with(value: &Value, member: &str, other: &Value) -> Value {
    let mut changed = value.clone();
    changed[member] = other.clone();
    changed
}

#[actix_web::test]
async fn repeated_form_field_is_a_list_and_not_text() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let before = Digest::of(&shop);

    for form in ["name=First&name=Last", "name[]=First", "name[0]=First", "name.x=First", "name=First&name[x]=Last"] {
        let response = send_form(&staff, CATEGORIES, form).await;
        assert_eq!(response.expect(400), json!({"name": ["Not a valid string."]}), "{form}");
    }
    let parts = [("name", "First", None), ("name", "Last", None)];
    let response = send_multipart(&staff, CATEGORIES, &parts).await;
    assert_eq!(response.expect(400), json!({"name": ["Not a valid string."]}));
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn uploaded_files_are_ignored() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let php = "<?php system('id');";

    let parts = [("name", "Mugs", None), ("image", php, Some("../../x.php")), ("slug", php, Some("a.php"))];
    let created = send_multipart(&staff, CATEGORIES, &parts).await.expect(201);

    assert_eq!((&created["name"], &created["slug"]), (&json!("Mugs"), &json!("mugs")));
    // A file does not count as text, even with an empty file name.
    let only_a_file = send_multipart(&staff, CATEGORIES, &[("name", "Pots", Some(""))]).await;
    assert_eq!(only_a_file.expect(400), json!({"name": ["This field is required."]}));
}

#[actix_web::test]
async fn malformed_multipart_form_is_a_parse_error() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let before = Digest::of(&shop);
    let good = multipart(&[("name", "Mugs", None)]);
    let unnamed = b"--edge\r\nContent-Type: text/plain\r\n\r\nMugs\r\n--edge--\r\n".to_vec();
    let invalid = b"--edge\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n\xff\xfe\r\n--edge--\r\n".to_vec();

    for (kind, body) in [
        ("multipart/form-data", good.clone()),
        ("multipart/form-data; boundary=", good.clone()),
        ("multipart/form-data; boundary=other", good.clone()),
        ("multipart/form-data; boundary=edge", good[..good.len() - 12].to_vec()),
        ("multipart/form-data; boundary=edge", b"--edge".to_vec()),
        ("multipart/form-data; boundary=edge", b"name=Mugs".to_vec()),
        ("multipart/form-data; boundary=edge", unnamed),
        ("multipart/form-data; boundary=edge", invalid),
    ] {
        let response = send_raw(&staff, CATEGORIES, Some(kind), body).await;
        let errors = response.expect(400);
        assert_eq!(errors["code"], "parse_error", "{kind}");
        assert!(errors["detail"].as_str().unwrap().starts_with("Multipart form parse error - "), "{errors}");
    }
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn form_with_more_than_1000_fields_is_rejected() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let before = Digest::of(&shop);
    let too_many = "Form parse error - more than 1000 fields";

    for count in [1001, 100_000] {
        let form = format!("name=Mugs{}", "&a=1".repeat(count - 1));
        assert_parse_error(&send_form(&staff, CATEGORIES, form).await, too_many);
    }
    for count in [1001, 10_000] {
        let parts: Vec<_> = (0..count).map(|_| ("name", "Mugs", None)).collect();
        assert_parse_error(&send_multipart(&staff, CATEGORIES, &parts).await, too_many);
    }
    let deep = format!("name=Mugs&{}=1", ["a"; 11].join("."));
    assert_parse_error(&send_form(&staff, CATEGORIES, deep).await, "Form parse error - fields are nested too deep");
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());

    let most = format!("name=Mugs{}", "&a=1".repeat(999));
    send_form(&staff, CATEGORIES, most).await.expect(201);
}

#[actix_web::test]
async fn form_must_be_utf_8_without_nul() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let before = Digest::of(&shop);

    let raw = send_form(&staff, CATEGORIES, b"name=\xff\xfe".to_vec()).await.expect(400);
    assert_eq!(raw["code"], "parse_error");
    let nul = send_form(&staff, CATEGORIES, "name=a%00b").await;
    assert_eq!(nul.expect(400), json!({"name": ["Null characters are not allowed."]}));
    let nul = send_multipart(&staff, CATEGORIES, &[("name", "a\0b", None)]).await;
    assert_eq!(nul.expect(400), json!({"name": ["Null characters are not allowed."]}));
    for charset in ["utf-16", "bz2", "latin-1", "\"utf-7\""] {
        let kind = format!("{URLENCODED}; charset={charset}");
        send_raw(&staff, CATEGORIES, Some(&kind), "name=Mugs").await.expect(415);
    }
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());

    // Percent-encoded bytes that are not UTF-8 are replaced, as in Django.
    let replaced = send_form(&staff, CATEGORIES, "name=a%FFb%ED%A0%80").await.expect(201);
    assert_eq!(replaced["name"], "a\u{fffd}b\u{fffd}\u{fffd}\u{fffd}");
}

#[actix_web::test]
async fn form_has_the_same_size_limit_as_json() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let form = |bytes: usize| {
        let name = "name=Mugs&ignored=";
        format!("{name}{}", "x".repeat(bytes - name.len()))
    };
    let too_large = json!({"detail": "The request body is too large.", "code": "request_too_large"});

    assert_eq!(send_form(&staff, CATEGORIES, form((1 << 20) + 1)).await.expect(413), too_large);
    let parts = [("name", "Pots", None), ("ignored", &*"x".repeat(1 << 20), Some("big"))];
    assert_eq!(send_multipart(&staff, CATEGORIES, &parts).await.expect(413), too_large);
    assert_eq!(shop.number("select count(*) from categories"), 0);
    assert_eq!(send_form(&staff, CATEGORIES, form(1 << 20)).await.status, 201);
}

//! Read-only fields in all writes, and sensitive fields in all responses.

use mercer::routes;
use serde_json::{Map, Value, json};

use crate::house::assert_none;
use crate::house::endpoints::case::{Case, Role, Success};
use crate::house::endpoints::digest::table_names;
use crate::house::endpoints::fixture::Fixture;
use crate::house::endpoints::operations::{Document, Operation};
use crate::house::endpoints::{all, digest::Digest};
use crate::support::TestResponse;

/// Forged values, which must not appear in responses or tables.
const FORGED: [&str; 4] = ["forged-xyzzy", "7654321", "1999-12-31", "0190feed-0000-7000-8000-00000000feed"];

/// Members that no client can set.
fn hidden() -> Map<String, Value> {
    let forged = json!({
        "id": FORGED[3], "pk": FORGED[3], "version": 7_654_321, "created_at": "1999-12-31T23:59:59Z",
        "is_staff": true, "is_superuser": true, "is_verified": true, "role": FORGED[0], "groups": [FORGED[0]],
        "permissions": [FORGED[0]], "user": FORGED[3], "user_id": FORGED[3], "customer_id": FORGED[3],
        "owner": FORGED[3], "password_hash": FORGED[0], "token_version": 7_654_321, "access_token_hash": FORGED[0],
        "balance": "7654321.00", "cost_price": "7654321.00", "tax_rate": "7654321.00", "total_gross": "7654321.00",
        "payment_status": "paid", "fulfillment_status": "fulfilled", "archived_at": "1999-12-31T23:59:59Z",
    });
    forged.as_object().cloned().unwrap_or_default()
}

/// OpenAPI document with the schemas of its responses.
struct Contract {
    whole: Value,
    document: Document,
}

impl Contract {
    fn read() -> Self {
        Self { whole: serde_json::to_value(routes::document().unwrap()).unwrap(), document: Document::read() }
    }

    fn response(&self, operation: &Operation) -> Option<&Value> {
        let method = operation.method.as_str().to_lowercase();
        let responses = &self.whole["paths"][&operation.path][method]["responses"];
        let schema = |status: &str| responses[status].pointer("/content/application~1json/schema");
        schema("200").or_else(|| schema("201"))
    }

    fn properties(&self, schema: &Value) -> Map<String, Value> {
        self.document.resolved(schema)["properties"].as_object().cloned().unwrap_or_default()
    }

    /// Adds forged values for all members that only the response has, in nested objects too.
    fn forge(&self, body: &mut Value, request: &Value, response: &Value) {
        let taken = self.properties(request);
        let Some(members) = body.as_object_mut() else { return };
        for (name, schema) in self.properties(response) {
            match taken.get(&name) {
                None => {
                    members.insert(name, self.forged(&schema));
                }
                Some(request) => {
                    let (request, schema) = (self.document.resolved(request), self.document.resolved(&schema));
                    let items = members.get_mut(&name).and_then(Value::as_array_mut).into_iter().flatten();
                    items.for_each(|item| self.forge(item, &request["items"], &schema["items"]));
                }
            }
        }
        for (name, value) in hidden() {
            if !taken.contains_key(&name) && !members.contains_key(&name) {
                members.insert(name, value);
            }
        }
    }

    /// Returns a forged value of the schema's type.
    fn forged(&self, schema: &Value) -> Value {
        let schema = self.document.resolved(schema);
        if let Some(words) = schema["enum"].as_array() {
            return words.last().cloned().unwrap_or_default();
        }
        let kinds = [&schema["type"], &schema["type"][0], &schema["type"][1]];
        let kind = kinds.into_iter().filter_map(Value::as_str).find(|kind| *kind != "null");
        match (kind.unwrap_or_default(), schema["format"].as_str().unwrap_or_default()) {
            ("string", "uuid") => json!(FORGED[3]),
            ("string", "date-time") => json!("1999-12-31T23:59:59Z"),
            ("string", "decimal") => json!("7654321.00"),
            ("integer" | "number", _) => json!(7_654_321),
            ("boolean", _) => json!(true),
            ("array", _) => json!([FORGED[0]]),
            ("object", _) => json!({FORGED[0]: FORGED[0]}),
            _ => json!(FORGED[0]),
        }
    }

    /// Returns enum and boolean members. They cannot contain a marker, so they are compared with those of a normal
    /// request.
    fn plain_members(&self, operation: &Operation, response: &TestResponse) -> Vec<(String, Value)> {
        let Some(schema) = self.response(operation) else { return Vec::new() };
        let body = response.json();
        let is_plain = |schema: &Value| {
            let schema = self.document.resolved(schema);
            schema["enum"].is_array() || schema["type"] == "boolean"
        };
        let plain = self.properties(schema).into_iter().filter(|(_, schema)| is_plain(schema));
        plain.map(|(name, _)| (name.clone(), body[&name].clone())).collect()
    }

    /// Returns the members that the document does not contain.
    fn undeclared(&self, value: &Value, schema: &Value, path: &str) -> Vec<String> {
        let schema = self.document.resolved(schema);
        match value {
            Value::Array(items) => {
                items.iter().flat_map(|item| self.undeclared(item, &schema["items"], path)).collect()
            }
            Value::Object(members) if schema["properties"].is_object() => {
                let each = members.iter().flat_map(|(name, value)| {
                    let path = format!("{path}/{name}");
                    match schema["properties"].get(name) {
                        None => vec![path],
                        Some(schema) => self.undeclared(value, schema, &path),
                    }
                });
                each.collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Returns the tables that contain a forged value.
fn forged_rows(fixture: &Fixture) -> Vec<String> {
    let holds = |table: &String| {
        let conditions = FORGED.map(|forged| format!("t::text like '%{forged}%'")).join(" or ");
        fixture.shop.number(&format!("select count(*) from \"{table}\" t where {conditions}")) > 0
    };
    table_names(&fixture.shop).into_iter().filter(holds).collect()
}

fn privileged(fixture: &Fixture) -> (i64, i64) {
    let count = |flag: &str| fixture.shop.number(&format!("select count(*) from users where {flag}"));
    (count("is_staff"), count("is_superuser"))
}

/// Operations that add or remove staff members.
const ABOUT_STAFF: [&str; 2] = ["staff_create", "staff_destroy"];

/// Returns true if all users are still logged in without a second factor. Some operations change that.
async fn is_unchanged(fixture: &Fixture) -> bool {
    for role in [Role::Customer, Role::OtherCustomer, Role::Staff, Role::Superuser] {
        if fixture.client(role).get("/api/auth/user/").await.status != 200 {
            return false;
        }
    }
    fixture.shop.number("select (select count(*) from totp_devices) + (select count(*) from passkeys)") == 0
}

/// Tries a forged request, and once more in a new shop if it deviates: earlier operations can interfere.
async fn try_forging(
    contract: &Contract,
    operation: &Operation,
    success: &Success,
    fixture: &mut Fixture,
) -> Vec<String> {
    let found = forge_once(contract, operation, success, fixture).await;
    if found.is_empty() {
        return found;
    }
    *fixture = Fixture::new().await;
    forge_once(contract, operation, success, fixture).await
}

async fn forge_once(contract: &Contract, operation: &Operation, success: &Success, fixture: &Fixture) -> Vec<String> {
    let (client, method, path) = (fixture.client(success.by), &operation.method, operation.path.as_str());
    let call = (success.call)(fixture).await;
    let before = privileged(fixture);
    let mut body = call.json();
    let nothing = Value::Null;
    let request = operation.body.as_ref().unwrap_or(&nothing);
    contract.forge(&mut body, request, contract.response(operation).unwrap_or(&nothing));

    let response = call.body(body).send(&client, method, path).await;

    let text = String::from_utf8_lossy(&response.body);
    if response.status != success.status {
        return vec![format!("{}, not {}: {text}", response.status, success.status)];
    }
    let mut found = Vec::new();
    found.extend(FORGED.iter().filter(|forged| text.contains(**forged)).map(|forged| format!("returns {forged}")));
    found.extend(forged_rows(fixture).into_iter().map(|table| format!("{table} contains a forged value")));
    let (staff, superusers) = privileged(fixture);
    let may_differ = ABOUT_STAFF.contains(&operation.id.as_str());
    if superusers != before.1 || (staff != before.0 && !may_differ) {
        found.push("a user gained privileges".to_owned());
    }
    let honest = (success.call)(fixture).await.send(&client, method, path).await;
    let (plain, usual) = (contract.plain_members(operation, &response), contract.plain_members(operation, &honest));
    // Some operations, such as logout, succeed only once.
    if honest.status == response.status && plain != usual {
        found.push(format!("{plain:?}, not {usual:?}"));
    }
    found
}

fn writes<'a>(contract: &'a Contract, cases: &'a [Case]) -> impl Iterator<Item = (&'a Operation, &'a Case)> {
    let operations = contract.document.operations.iter().filter(|operation| !operation.method.is_safe());
    operations.map(|operation| (operation, cases.iter().find(|case| case.operation == operation.id).unwrap()))
}

#[actix_web::test]
async fn read_only_fields_cannot_be_written() {
    let (contract, cases) = (Contract::read(), all());
    let mut fixture = Fixture::new().await;
    let mut found = Vec::new();
    for (operation, case) in writes(&contract, &cases) {
        for success in &case.successes {
            if !is_unchanged(&fixture).await {
                fixture = Fixture::new().await;
            }
            let deviations = try_forging(&contract, operation, success, &mut fixture).await;
            found.extend(deviations.into_iter().map(|line| format!("{} by {:?}: {line}", operation.id, success.by)));
        }
    }
    assert_none(&found);
}

#[actix_web::test]
async fn rejected_write_stores_no_forged_value() {
    let fixture = Fixture::new().await;
    let before = Digest::of(&fixture.shop);
    let mut body = json!({"name": ""});
    body.as_object_mut().unwrap().extend(hidden());

    for url in ["/api/categories/", "/api/products/", "/api/orders/", "/api/auth/registration/"] {
        let response = fixture.client(Role::Superuser).post(url, body.clone()).await;
        assert_eq!(response.status, 400, "{url}");
    }

    assert_eq!(before.changed_tables(&Digest::of(&fixture.shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn responses_contain_only_documented_members() {
    let (contract, cases) = (Contract::read(), all());
    let mut fixture = Fixture::new().await;
    let mut found = Vec::new();
    for case in &cases {
        let operation = contract.document.operation(case.operation).unwrap();
        let Some(schema) = contract.response(operation) else { continue };
        for success in &case.successes {
            let mut response = served(operation, success, &fixture).await;
            if response.status != success.status {
                fixture = Fixture::new().await;
                response = served(operation, success, &fixture).await;
            }
            assert_eq!(response.status, success.status, "{}", operation.id);
            let undeclared = contract.undeclared(&response.json(), schema, "");
            found.extend(undeclared.into_iter().map(|member| format!("{} shows {member}", operation.id)));
        }
    }
    found.dedup();
    assert_none(&found);
}

async fn served(operation: &Operation, success: &Success, fixture: &Fixture) -> TestResponse {
    let call = (success.call)(fixture).await;
    call.send(&fixture.client(success.by), &operation.method, &operation.path).await
}

/// Parts of names of sensitive members.
const SENSITIVE: [&str; 14] = [
    "password", "passwd", "hash", "token", "secret", "salt", "private", "cost", "margin", "internal", "notes",
    "hidden", "session", "is_staff",
];

/// Sensitive members in responses that are intended: they require a permission (`Resource::redact`), belong to the
/// client's own session, or are returned once on creation.
const GUARDED: [(&str, &str); 7] = [
    ("CustomerRecord", "private_metadata"),
    ("Login", "csrf_token"),
    ("NewAppToken", "token"),
    ("Product", "private_metadata"),
    ("SecondFactor", "mfa_token"),
    ("TotpSetup", "secret"),
    ("Variant", "cost"),
];

/// Returns the members of responses with a sensitive name.
fn sensitive_members(contract: &Contract) -> Vec<String> {
    let mut found = Vec::new();
    for (name, schema) in contract.whole["components"]["schemas"].as_object().unwrap() {
        if name.ends_with("Request") {
            continue;
        }
        let members = schema["properties"].as_object().into_iter().flatten();
        let sensitive = members.filter(|(member, _)| SENSITIVE.iter().any(|part| member.to_lowercase().contains(part)));
        let unintended = sensitive.filter(|(member, _)| !GUARDED.contains(&(name.as_str(), member.as_str())));
        found.extend(unintended.map(|(member, _)| format!("{name} shows {member}")));
    }
    found
}

#[test]
fn responses_contain_no_sensitive_members() {
    assert_none(&sensitive_members(&Contract::read()));
}

/// Tests the checks themselves with invalid documents.
#[test]
fn sensitive_and_undocumented_members_are_reported() {
    let mut contract = Contract::read();
    let user = &mut contract.whole["components"]["schemas"]["User"]["properties"];
    user["password_hash"] = json!({"type": "string"});
    user["resetToken"] = json!({"type": "string"});
    assert_eq!(sensitive_members(&contract), ["User shows password_hash", "User shows resetToken"]);

    let schema =
        json!({"type": "object", "properties": {"lines": {"type": "array", "items": {"properties": {"sku": {}}}}}});
    let response = json!({"lines": [{"sku": "A"}, {"sku": "B", "cost": 1}], "margin": 2});
    assert_eq!(contract.undeclared(&response, &schema, ""), ["/lines/cost", "/margin"]);
}

#[test]
fn forged_body_contains_all_read_only_fields() {
    let contract = Contract::read();
    let operation = contract.document.operation("orders_create").unwrap();
    let mut body = json!({"lines": [{"sku": "MUG", "quantity": 1}]});

    contract.forge(&mut body, operation.body.as_ref().unwrap(), contract.response(operation).unwrap());

    assert_eq!((&body["status"], &body["number"]), (&json!("returned"), &json!("forged-xyzzy")));
    assert_eq!((&body["total_gross"], &body["is_staff"]), (&json!("7654321.00"), &json!(true)));
    let line = &body["lines"][0];
    assert_eq!(
        (&line["sku"], &line["unit_price"], &line["quantity"]),
        (&json!("MUG"), &json!("7654321.00"), &json!(1))
    );
    // Writable fields keep the values of the request.
    assert_eq!((body.get("currency"), body.get("customer"), body.get("note")), (None, None, None));
}

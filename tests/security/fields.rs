//! Fields that nobody may set, on every write; and fields that nobody is shown, in every answer.

use mercer::routes;
use serde_json::{Map, Value, json};

use crate::house::assert_none;
use crate::house::endpoints::case::{Case, Happy, Role};
use crate::house::endpoints::digest::table_names;
use crate::house::endpoints::operations::{Document, Operation};
use crate::house::endpoints::stage::Stage;
use crate::house::endpoints::{all, digest::Digest};
use crate::support::TestResponse;

/// What a forger writes, and what is then looked for everywhere.
const FORGED: [&str; 4] = ["forged-xyzzy", "7654321", "1999-12-31", "0190feed-0000-7000-8000-00000000feed"];

/// Columns and members that are set by nobody outside, and shown to nobody.
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

/// The document with the schemas of its answers.
struct Contract {
    whole: Value,
    document: Document,
}

impl Contract {
    fn read() -> Self {
        Self { whole: serde_json::to_value(routes::document().unwrap()).unwrap(), document: Document::read() }
    }

    fn answer(&self, operation: &Operation) -> Option<&Value> {
        let method = operation.method.as_str().to_lowercase();
        let responses = &self.whole["paths"][&operation.path][method]["responses"];
        let schema = |status: &str| responses[status].pointer("/content/application~1json/schema");
        schema("200").or_else(|| schema("201"))
    }

    fn properties(&self, schema: &Value) -> Map<String, Value> {
        self.document.resolved(schema)["properties"].as_object().cloned().unwrap_or_default()
    }

    /// Adds all that the answer has and the request has not, wherever the body has a place for it.
    fn forge(&self, body: &mut Value, request: &Value, answer: &Value) {
        let taken = self.properties(request);
        let Some(members) = body.as_object_mut() else { return };
        for (name, schema) in self.properties(answer) {
            match taken.get(&name) {
                None => {
                    members.insert(name, self.forged(&schema));
                }
                Some(asked) => {
                    let (asked, schema) = (self.document.resolved(asked), self.document.resolved(&schema));
                    let items = members.get_mut(&name).and_then(Value::as_array_mut).into_iter().flatten();
                    items.for_each(|item| self.forge(item, &asked["items"], &schema["items"]));
                }
            }
        }
        for (name, value) in hidden() {
            if !taken.contains_key(&name) && !members.contains_key(&name) {
                members.insert(name, value);
            }
        }
    }

    /// Of the right type, but never right.
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

    /// Words and booleans cannot be marked: they are compared with those of an honest request.
    fn plain_members(&self, operation: &Operation, answer: &TestResponse) -> Vec<(String, Value)> {
        let Some(schema) = self.answer(operation) else { return Vec::new() };
        let body = answer.json();
        let is_plain = |schema: &Value| {
            let schema = self.document.resolved(schema);
            schema["enum"].is_array() || schema["type"] == "boolean"
        };
        let plain = self.properties(schema).into_iter().filter(|(_, schema)| is_plain(schema));
        plain.map(|(name, _)| (name.clone(), body[&name].clone())).collect()
    }

    /// Members that the document does not name.
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

/// Tables in which something forged stands.
fn forged_rows(stage: &Stage) -> Vec<String> {
    let holds = |table: &String| {
        let conditions = FORGED.map(|forged| format!("t::text like '%{forged}%'")).join(" or ");
        stage.shop.number(&format!("select count(*) from \"{table}\" t where {conditions}")) > 0
    };
    table_names(&stage.shop).into_iter().filter(holds).collect()
}

fn privileged(stage: &Stage) -> (i64, i64) {
    let count = |flag: &str| stage.shop.number(&format!("select count(*) from users where {flag}"));
    (count("is_staff"), count("is_superuser"))
}

/// These make somebody one of the staff, or no longer.
const ABOUT_STAFF: [&str; 2] = ["staff_create", "staff_destroy"];

/// Whether everybody can still do what they could: some operations sign people out, or ask for more from then on.
async fn is_as_it_was(stage: &Stage) -> bool {
    for role in [Role::Customer, Role::Stranger, Role::Staff, Role::Superuser] {
        if stage.client(role).get("/api/auth/user/").await.status != 200 {
            return false;
        }
    }
    stage.shop.number("select (select count(*) from totp_devices) + (select count(*) from passkeys)") == 0
}

/// Tried again in a fresh shop where something is wrong: what was done before may only be in the way.
async fn try_forging(contract: &Contract, operation: &Operation, happy: &Happy, stage: &mut Stage) -> Vec<String> {
    let found = forge_once(contract, operation, happy, stage).await;
    if found.is_empty() {
        return found;
    }
    *stage = Stage::new().await;
    forge_once(contract, operation, happy, stage).await
}

async fn forge_once(contract: &Contract, operation: &Operation, happy: &Happy, stage: &Stage) -> Vec<String> {
    let (client, method, path) = (stage.client(happy.by), &operation.method, operation.path.as_str());
    let call = (happy.call)(stage).await;
    let before = privileged(stage);
    let mut body = call.json();
    let nothing = Value::Null;
    let request = operation.body.as_ref().unwrap_or(&nothing);
    contract.forge(&mut body, request, contract.answer(operation).unwrap_or(&nothing));

    let answer = call.body(body).send(&client, method, path).await;

    let text = String::from_utf8_lossy(&answer.body);
    if answer.status != happy.status {
        return vec![format!("{}, not {}: {text}", answer.status, happy.status)];
    }
    let mut found = Vec::new();
    found.extend(FORGED.iter().filter(|forged| text.contains(**forged)).map(|forged| format!("answers with {forged}")));
    found.extend(forged_rows(stage).into_iter().map(|table| format!("{table} keeps what was forged")));
    let (staff, superusers) = privileged(stage);
    let may_differ = ABOUT_STAFF.contains(&operation.id.as_str());
    if superusers != before.1 || (staff != before.0 && !may_differ) {
        found.push("somebody was promoted".to_owned());
    }
    let honest = (happy.call)(stage).await.send(&client, method, path).await;
    let (plain, usual) = (contract.plain_members(operation, &answer), contract.plain_members(operation, &honest));
    // Whoever has just signed out cannot do it again.
    if honest.status == answer.status && plain != usual {
        found.push(format!("{plain:?}, not {usual:?}"));
    }
    found
}

fn writes<'a>(contract: &'a Contract, cases: &'a [Case]) -> impl Iterator<Item = (&'a Operation, &'a Case)> {
    let operations = contract.document.operations.iter().filter(|operation| !operation.method.is_safe());
    operations.map(|operation| (operation, cases.iter().find(|case| case.operation == operation.id).unwrap()))
}

#[actix_web::test]
async fn what_only_answers_have_cannot_be_sent() {
    let (contract, cases) = (Contract::read(), all());
    let mut stage = Stage::new().await;
    let mut found = Vec::new();
    for (operation, case) in writes(&contract, &cases) {
        for happy in &case.happy {
            if !is_as_it_was(&stage).await {
                stage = Stage::new().await;
            }
            let deviations = try_forging(&contract, operation, happy, &mut stage).await;
            found.extend(deviations.into_iter().map(|line| format!("{} by {:?}: {line}", operation.id, happy.by)));
        }
    }
    assert_none(&found);
}

#[actix_web::test]
async fn a_refused_write_keeps_nothing_that_was_forged() {
    let stage = Stage::new().await;
    let before = Digest::of(&stage.shop);
    let mut body = json!({"name": ""});
    body.as_object_mut().unwrap().extend(hidden());

    for url in ["/api/categories/", "/api/products/", "/api/orders/", "/api/auth/registration/"] {
        let answer = stage.client(Role::Superuser).post(url, body.clone()).await;
        assert_eq!(answer.status, 400, "{url}");
    }

    assert_eq!(before.changes_until(&Digest::of(&stage.shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn answers_have_the_members_that_the_document_names_and_no_others() {
    let (contract, cases) = (Contract::read(), all());
    let mut stage = Stage::new().await;
    let mut found = Vec::new();
    for case in &cases {
        let operation = contract.document.operation(case.operation).unwrap();
        let Some(schema) = contract.answer(operation) else { continue };
        for happy in &case.happy {
            let mut answer = served(operation, happy, &stage).await;
            if answer.status != happy.status {
                stage = Stage::new().await;
                answer = served(operation, happy, &stage).await;
            }
            assert_eq!(answer.status, happy.status, "{}", operation.id);
            let undeclared = contract.undeclared(&answer.json(), schema, "");
            found.extend(undeclared.into_iter().map(|member| format!("{} shows {member}", operation.id)));
        }
    }
    found.dedup();
    assert_none(&found);
}

async fn served(operation: &Operation, happy: &Happy, stage: &Stage) -> TestResponse {
    let call = (happy.call)(stage).await;
    call.send(&stage.client(happy.by), &operation.method, &operation.path).await
}

/// Parts of names that tell of what nobody should be shown.
const TELLING: [&str; 14] = [
    "password", "passwd", "hash", "token", "secret", "salt", "private", "cost", "margin", "internal", "notes",
    "hidden", "session", "is_staff",
];

/// What is shown on purpose: to those with a permission of its own (`Resource::conceal`), to the browser whose session it
/// belongs to, or once, to whoever made it.
const GUARDED: [(&str, &str); 7] = [
    ("CustomerRecord", "private_metadata"),
    ("Login", "csrf_token"),
    ("NewAppToken", "token"),
    ("Product", "private_metadata"),
    ("SecondFactor", "mfa_token"),
    ("TotpSetup", "secret"),
    ("Variant", "cost"),
];

/// Members of answers whose name tells.
fn telling(contract: &Contract) -> Vec<String> {
    let mut found = Vec::new();
    for (name, schema) in contract.whole["components"]["schemas"].as_object().unwrap() {
        if name.ends_with("Request") {
            continue;
        }
        let members = schema["properties"].as_object().into_iter().flatten();
        let told = members.filter(|(member, _)| TELLING.iter().any(|part| member.to_lowercase().contains(part)));
        let told = told.filter(|(member, _)| !GUARDED.contains(&(name.as_str(), member.as_str())));
        found.extend(told.map(|(member, _)| format!("{name} shows {member}")));
    }
    found
}

#[test]
fn no_answer_has_a_member_that_should_be_hidden() {
    assert_none(&telling(&Contract::read()));
}

/// The rules at work on bad examples.
#[test]
fn a_hidden_member_and_an_undeclared_one_are_told() {
    let mut contract = Contract::read();
    let user = &mut contract.whole["components"]["schemas"]["User"]["properties"];
    user["password_hash"] = json!({"type": "string"});
    user["resetToken"] = json!({"type": "string"});
    assert_eq!(telling(&contract), ["User shows password_hash", "User shows resetToken"]);

    let schema =
        json!({"type": "object", "properties": {"lines": {"type": "array", "items": {"properties": {"sku": {}}}}}});
    let shown = json!({"lines": [{"sku": "A"}, {"sku": "B", "cost": 1}], "margin": 2});
    assert_eq!(contract.undeclared(&shown, &schema, ""), ["/lines/cost", "/margin"]);
}

#[test]
fn a_forger_sends_all_that_the_answer_alone_has() {
    let contract = Contract::read();
    let operation = contract.document.operation("orders_create").unwrap();
    let mut body = json!({"lines": [{"sku": "MUG", "quantity": 1}]});

    contract.forge(&mut body, operation.body.as_ref().unwrap(), contract.answer(operation).unwrap());

    assert_eq!((&body["status"], &body["number"]), (&json!("returned"), &json!("forged-xyzzy")));
    assert_eq!((&body["total_gross"], &body["is_staff"]), (&json!("7654321.00"), &json!(true)));
    let line = &body["lines"][0];
    assert_eq!(
        (&line["sku"], &line["unit_price"], &line["quantity"]),
        (&json!("MUG"), &json!("7654321.00"), &json!(1))
    );
    // What may be sent is left to the customer.
    assert_eq!((body.get("currency"), body.get("customer"), body.get("note")), (None, None, None));
}

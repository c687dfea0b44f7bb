//! Hostile input to every operation that reads a body, a query or an id. No response can have status 5xx.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use serde_json::Value;

use super::access::open;
use super::case::{Call, Case, Rejections, Role};
use super::fixture::{Fixture, UNKNOWN_ID};
use super::operations::{Document, Operation, Query};
use super::responses::fault;
use crate::support::Client;

/// Complete request bodies.
const BODIES: [&str; 14] = [
    "",
    " ",
    "{",
    "{\"a\":1,}",
    "{}{}",
    "[]",
    "[{}]",
    "\"x\"",
    "12",
    "1e309",
    "true",
    "null",
    "{}",
    "{\"\\ud800\": 1, \"a\": 1, \"a\": 2}",
];

/// JSON that replaces each property of a body.
const FRAGMENTS: [&str; 26] = [
    "null",
    "true",
    "0",
    "-1",
    "0.5",
    "2147483648",
    "1e30",
    "1e309",
    "-123456789012345678901234567890",
    "\"\"",
    "\"  \"",
    "\"x\"",
    "\"a\\u0000b\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\u202e\\ufffe\\u0001\\r\\n\"",
    "\"'; drop table orders; --\"",
    "\"NaN\"",
    "\"1e400\"",
    "\"99999999999999999999\"",
    "[]",
    "[null, 1, \"x\", {}]",
    "{}",
    "{\"a\\u0000b\": {\"c\": [1]}}",
    "{\"\": \"\", \"id\": 1e308, \"s\": \"\\\\u0000\"}",
    "[[[[]]]]",
];

/// Percent-encoded values of a query parameter.
const VALUES: [&str; 22] = [
    "",
    "0",
    "-1",
    "1.5",
    "1e400",
    "99999999999999999999999999999999999",
    "9223372036854775807",
    "-2147483649",
    "NaN",
    "true",
    "x",
    "%00",
    "a%00b",
    "%FF",
    "%",
    "%zz",
    "'",
    "%27%3B%20drop%20table%20orders%3B%20--",
    "%22open",
    "%25_%5C",
    "0001-01-01T00:00:00%2B23:59",
    "%F0%9F%98%80%E2%80%AE",
];

/// Complete query strings.
const QUERIES: [&str; 14] = [
    "page=0",
    "page=-1",
    "page=last",
    "page=9223372036854775807",
    "page=99999999999999999999",
    "page=2&page_size=9223372036854775807",
    "page_size=0",
    "page_size=-9223372036854775808",
    "ordering=;drop%20table%20orders",
    "ordering=-,--name,,name%00,-name,name",
    "&&&===&",
    "page=1&page=x&page=1",
    "search[]=x&search=%FF%00",
    "%00=%00&%FF=%FF",
];

/// Percent-encoded ids that do not exist.
const IDS: [&str; 12] =
    ["0", "-1", "x", "tree", "%00", "a%00b", "%FF", "%zz", "'", "%27%20or%20true", "%2F%2E%2E%2F", "{id}"];

/// Calls one operation with an authorized client and collects faulty responses.
struct Attack<'a> {
    case: &'a Case,
    operation: &'a Operation,
    fixture: Fixture,
    client: Client,
    found: Vec<String>,
}

/// Attacks the operations of these cases and returns one line per fault.
pub async fn faults(cases: &[Case], document: &Document) -> Vec<String> {
    let mut all = Vec::new();
    for case in cases {
        if let Some(operation) = document.operation(case.operation) {
            let attack = AssertUnwindSafe(attack(case, operation, document)).catch_unwind().await;
            let found = attack.unwrap_or_else(|_| vec!["panicked: see above".to_owned()]);
            all.extend(found.into_iter().map(|line| format!("{}: {line}", case.operation)));
        }
    }
    all
}

async fn attack(case: &Case, operation: &Operation, document: &Document) -> Vec<String> {
    let takes_nothing = operation.body.is_none() && operation.queries.is_empty() && !operation.path.contains("{id}");
    let Some(first) = case.successes.first().filter(|_| !takes_nothing) else {
        return Vec::new();
    };
    let fixture = Fixture::new().await;
    let mut attack = Attack { client: fixture.client(first.by), case, operation, fixture, found: Vec::new() };
    if let Some(schema) = &operation.body {
        attack.with_bodies(schema, document).await;
    }
    if !operation.queries.is_empty() {
        attack.with_queries().await;
    }
    if operation.path.contains("{id}") {
        attack.with_ids().await;
    }
    attack.found
}

impl Attack<'_> {
    /// Returns the first successful call, with new data for it.
    async fn new_call(&self) -> Call {
        match self.case.successes.first() {
            Some(success) => (success.call)(&self.fixture).await,
            None => Call::empty(),
        }
    }

    /// Sends a call and records a fault. Returns true if the call succeeded.
    async fn send(&mut self, call: &Call, description: &str) -> bool {
        let response = call.send(&self.client, &self.operation.method, &self.operation.path).await;
        if let Some(fault) = fault(&response) {
            let cut: String = description.chars().take(120).collect();
            self.found.push(format!("{cut}: {fault}"));
        }
        response.status.is_success()
    }

    async fn with_bodies(&mut self, schema: &Value, document: &Document) {
        let deep = [("[", "]"), ("{\"a\":", "}")].map(|(open, close)| {
            let (open, close) = (open.repeat(5_000), close.repeat(5_000));
            format!("{open}1{close}")
        });
        let mut call = self.new_call().await;
        let invalid_utf8 = b"{\"name\": \"\xff\xfe\"}".to_vec();
        let bodies = BODIES.iter().map(|body| body.as_bytes().to_vec());
        let bodies = bodies.chain(deep.map(String::into_bytes)).chain([invalid_utf8]);
        for body in bodies {
            let description = String::from_utf8_lossy(&body).into_owned();
            if self.send(&call.clone().raw(body), &description).await {
                call = self.new_call().await;
            }
        }
        for path in property_paths(schema, document) {
            call = self.with_fragments(call, &path).await;
        }
    }

    /// Sends an otherwise valid body with one property replaced.
    async fn with_fragments(&mut self, mut call: Call, path: &[String]) -> Call {
        let long = format!("\"{}\"", "x".repeat(10_000));
        let nested = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        let other_customer = format!("\"{UNKNOWN_ID}\"");
        let others = [long.as_str(), nested.as_str(), other_customer.as_str()];
        for fragment in FRAGMENTS.iter().copied().chain(others) {
            let body = replace_at(call.json(), path, fragment);
            let description = format!("{} = {fragment}", path.join("/"));
            if self.send(&call.clone().raw(body), &description).await {
                call = self.new_call().await;
            }
        }
        call
    }

    async fn with_queries(&mut self) {
        let call = self.new_call().await;
        let long = "x".repeat(10_000);
        let words = "a%20".repeat(2_500);
        let mut queries: Vec<String> = QUERIES.iter().map(|query| (*query).to_owned()).collect();
        for Query { name, words: known } in &self.operation.queries {
            let many = format!("{},", known.join(",")).repeat(500);
            let values = VALUES.iter().copied().chain([long.as_str(), words.as_str(), many.as_str(), UNKNOWN_ID]);
            queries.extend(values.map(|value| format!("{name}={value}")));
        }
        for query in queries {
            self.send(&call.clone().query(&query), &query).await;
        }
    }

    async fn with_ids(&mut self) {
        let long = "x".repeat(10_000);
        for id in IDS.iter().copied().chain([long.as_str(), UNKNOWN_ID]) {
            let call = self.new_call().await.id(id);
            self.send(&call, &format!("id {id}")).await;
        }
    }
}

/// Returns the paths of all properties of a schema, including nested objects and items of lists.
fn property_paths(schema: &Value, document: &Document) -> Vec<Vec<String>> {
    let schema = document.resolved(schema);
    let mut found = Vec::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let name = vec![name.clone()];
        let property = document.resolved(property);
        found.push(name.clone());
        found.extend(property_paths(property, document).into_iter().map(|child| [name.clone(), child].concat()));
        if property["items"].is_object() {
            let item = [name, vec!["0".to_owned()]].concat();
            let child = property_paths(&property["items"], document).into_iter();
            found.extend(child.map(|child| [item.clone(), child].concat()));
            found.push(item);
        }
    }
    found
}

/// Returns the body with a fragment, which can be invalid JSON, at a path. Creates missing parents.
fn replace_at(mut body: Value, path: &[String], fragment: &str) -> Vec<u8> {
    const MARK: &str = "@here@";
    let mut at = &mut body;
    for name in path {
        if name == "0" {
            if at.as_array().is_none_or(Vec::is_empty) {
                *at = Value::Array(vec![Value::Null]);
            }
            at = &mut at[0];
        } else {
            if !at.is_object() {
                *at = Value::Object(Default::default());
            }
            at = &mut at[name.as_str()];
        }
    }
    *at = Value::from(MARK);
    body.to_string().replace(&format!("\"{MARK}\""), fragment).into_bytes()
}

#[test]
fn paths_of_all_declared_properties_are_found() {
    use serde_json::json;

    let document = Document::of(&json!({"paths": {}, "components": {"schemas": {
        "Line": {"type": "object", "properties": {"sku": {"type": "string"}}},
        "Address": {"type": "object", "properties": {"city": {"type": "string"}}},
    }}}));
    let schema = json!({"properties": {
        "note": {"type": ["string", "null"]},
        "address": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Address"}]},
        "lines": {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/Line"}},
    }});

    let found: Vec<String> = property_paths(&schema, &document).iter().map(|path| path.join("/")).collect();

    let mut sorted = found;
    sorted.sort();
    assert_eq!(sorted, ["address", "address/city", "lines", "lines/0", "lines/0/sku", "note"]);
}

#[test]
fn fragment_of_json_replaces_a_property_of_the_body() {
    use serde_json::json;

    let path = ["lines".to_owned(), "0".to_owned(), "sku".to_owned()];
    let body = replace_at(json!({"lines": [{"sku": "A", "quantity": 1}]}), &path, "1e309");
    assert_eq!(body, br#"{"lines":[{"sku":1e309,"quantity":1}]}"#);
    let body = replace_at(json!({}), &path, "null");
    assert_eq!(body, br#"{"lines":[{"sku":null}]}"#);
}

#[actix_web::test]
async fn fault_is_reported_with_the_input_that_caused_it() {
    let fixture = Fixture::new().await;
    fixture.shop.execute("alter table channels rename to channels_gone");
    let case = Case {
        operation: "products_list",
        successes: Vec::new(),
        rejections: Rejections::None("only the attack is tried"),
        other_callers: open("only the attack is tried"),
    };
    let document = Document::read();
    let operation = document.operation(case.operation).unwrap();
    let client = fixture.client(Role::Guest);
    let mut attack = Attack { case: &case, operation, fixture, client, found: Vec::new() };

    attack.send(&Call::with_query("page=0"), "page=0").await;
    attack.send(&Call::with_query("search=mug"), "search=mug").await;

    assert_eq!(attack.found.len(), 1, "{:?}", attack.found);
    assert!(attack.found[0].starts_with("search=mug: response 500"), "{:?}", attack.found);
}

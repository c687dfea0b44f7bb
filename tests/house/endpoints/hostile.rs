//! What no client of ours would send, to every operation that reads a body, a query or an id: never a 5xx.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use serde_json::Value;

use super::answers::fault;
use super::case::{Call, Case, Refused, Role};
use super::gates::open;
use super::operations::{Document, Operation, Query};
use super::stage::{NOBODY, Stage};
use crate::support::Client;

/// Bodies as a whole.
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

/// JSON in place of each property, wherever it stands.
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

/// Values of a parameter, as they stand in the query.
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

/// Queries as a whole.
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

/// Ids that nothing has, as they stand in the path.
const IDS: [&str; 12] =
    ["0", "-1", "x", "tree", "%00", "a%00b", "%FF", "%zz", "'", "%27%20or%20true", "%2F%2E%2E%2F", "{id}"];

/// Calls one operation as the right person, and keeps what should not have been answered.
struct Attack<'a> {
    case: &'a Case,
    operation: &'a Operation,
    stage: Stage,
    client: Client,
    found: Vec<String>,
}

/// Attacks the operations of these cases; every fault is a line.
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
    let Some(first) = case.happy.first().filter(|_| !takes_nothing) else {
        return Vec::new();
    };
    let stage = Stage::new().await;
    let mut attack = Attack { client: stage.client(first.by), case, operation, stage, found: Vec::new() };
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
    /// The first happy call, with all it needs made anew.
    async fn fresh(&self) -> Call {
        match self.case.happy.first() {
            Some(happy) => (happy.call)(&self.stage).await,
            None => Call::plain(),
        }
    }

    /// Whether it was served.
    async fn send(&mut self, call: &Call, what: &str) -> bool {
        let answer = call.send(&self.client, &self.operation.method, &self.operation.path).await;
        if let Some(fault) = fault(&answer) {
            let cut: String = what.chars().take(120).collect();
            self.found.push(format!("{cut}: {fault}"));
        }
        answer.status.is_success()
    }

    async fn with_bodies(&mut self, schema: &Value, document: &Document) {
        let deep = [("[", "]"), ("{\"a\":", "}")].map(|(open, close)| {
            let (open, close) = (open.repeat(5_000), close.repeat(5_000));
            format!("{open}1{close}")
        });
        let mut call = self.fresh().await;
        let invalid_utf8 = b"{\"name\": \"\xff\xfe\"}".to_vec();
        let bodies = BODIES.iter().map(|body| body.as_bytes().to_vec());
        let bodies = bodies.chain(deep.map(String::into_bytes)).chain([invalid_utf8]);
        for body in bodies {
            let what = String::from_utf8_lossy(&body).into_owned();
            if self.send(&call.clone().raw(body), &what).await {
                call = self.fresh().await;
            }
        }
        for place in places(schema, document) {
            call = self.with_fragments(call, &place).await;
        }
    }

    /// An otherwise good body, with one property replaced.
    async fn with_fragments(&mut self, mut call: Call, place: &[String]) -> Call {
        let long = format!("\"{}\"", "x".repeat(10_000));
        let nested = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        let stranger = format!("\"{NOBODY}\"");
        let others = [long.as_str(), nested.as_str(), stranger.as_str()];
        for fragment in FRAGMENTS.iter().copied().chain(others) {
            let body = replaced(call.json(), place, fragment);
            let what = format!("{} = {fragment}", place.join("/"));
            if self.send(&call.clone().raw(body), &what).await {
                call = self.fresh().await;
            }
        }
        call
    }

    async fn with_queries(&mut self) {
        let call = self.fresh().await;
        let long = "x".repeat(10_000);
        let words = "a%20".repeat(2_500);
        let mut queries: Vec<String> = QUERIES.iter().map(|query| (*query).to_owned()).collect();
        for Query { name, words: known } in &self.operation.queries {
            let many = format!("{},", known.join(",")).repeat(500);
            let values = VALUES.iter().copied().chain([long.as_str(), words.as_str(), many.as_str(), NOBODY]);
            queries.extend(values.map(|value| format!("{name}={value}")));
        }
        for query in queries {
            self.send(&call.clone().query(&query), &query).await;
        }
    }

    async fn with_ids(&mut self) {
        let long = "x".repeat(10_000);
        for id in IDS.iter().copied().chain([long.as_str(), NOBODY]) {
            let call = self.fresh().await.id(id);
            self.send(&call, &format!("id {id}")).await;
        }
    }
}

/// Where the properties of a schema stand, those of nested objects and of the items of lists among them.
fn places(schema: &Value, document: &Document) -> Vec<Vec<String>> {
    let schema = document.resolved(schema);
    let mut found = Vec::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let name = vec![name.clone()];
        let property = document.resolved(property);
        found.push(name.clone());
        found.extend(places(property, document).into_iter().map(|below| [name.clone(), below].concat()));
        if property["items"].is_object() {
            let item = [name, vec!["0".to_owned()]].concat();
            let below = places(&property["items"], document).into_iter();
            found.extend(below.map(|below| [item.clone(), below].concat()));
            found.push(item);
        }
    }
    found
}

/// The body as text with a fragment, JSON or not, at a place; what leads there is made.
fn replaced(mut body: Value, place: &[String], fragment: &str) -> Vec<u8> {
    const MARK: &str = "@here@";
    let mut at = &mut body;
    for name in place {
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
fn every_declared_property_is_a_place() {
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

    let found: Vec<String> = places(&schema, &document).iter().map(|place| place.join("/")).collect();

    let mut sorted = found;
    sorted.sort();
    assert_eq!(sorted, ["address", "address/city", "lines", "lines/0", "lines/0/sku", "note"]);
}

#[test]
fn a_fragment_stands_where_the_property_stood() {
    use serde_json::json;

    let place = ["lines".to_owned(), "0".to_owned(), "sku".to_owned()];
    let body = replaced(json!({"lines": [{"sku": "A", "quantity": 1}]}), &place, "1e309");
    assert_eq!(body, br#"{"lines":[{"sku":1e309,"quantity":1}]}"#);
    let body = replaced(json!({}), &place, "null");
    assert_eq!(body, br#"{"lines":[{"sku":null}]}"#);
}

#[actix_web::test]
async fn a_fault_is_told_with_what_was_sent() {
    let stage = Stage::new().await;
    stage.shop.execute("alter table channels rename to channels_gone");
    let case = Case {
        operation: "products_list",
        happy: Vec::new(),
        refused: Refused::Never("only the attack is tried"),
        outsiders: open("only the attack is tried"),
    };
    let document = Document::read();
    let operation = document.operation(case.operation).unwrap();
    let client = stage.client(Role::Anyone);
    let mut attack = Attack { case: &case, operation, stage, client, found: Vec::new() };

    attack.send(&Call::asking("page=0"), "page=0").await;
    attack.send(&Call::asking("search=mug"), "search=mug").await;

    assert_eq!(attack.found.len(), 1, "{:?}", attack.found);
    assert!(attack.found[0].starts_with("search=mug: answered 500"), "{:?}", attack.found);
}

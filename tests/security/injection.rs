//! SQL that comes from outside stays a word: in values and names of parameters, in bodies, headers and ids.
//!
//! No clock is asked whether `pg_sleep` slept. The server says what it was last asked on each connection: words from
//! outside go there as values, beside the statement, and never stand in it.

use actix_web::http::Method;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};

use super::{encoded, send_json};
use crate::house::assert_none;
use crate::house::endpoints::case::{Call, Role};
use crate::house::endpoints::digest::Digest;
use crate::house::endpoints::operations::{Document, Operation};
use crate::house::endpoints::stage::Stage;
use crate::support::{TestResponse, TestShop};

/// In each of them, so that it is found again.
const MARK: &str = "xyzzy";

const PAYLOADS: [&str; 10] = [
    "'; select pg_sleep(5); -- xyzzy",
    "' or (select 1 from pg_sleep(5)) is not null -- xyzzy",
    "1) or pg_sleep(5) is null -- xyzzy",
    "xyzzy' union select null,(select email),(select password_hash) from users --",
    "xyzzy\"; drop table orders cascade; --",
    "xyzzy', (select password_hash from users limit 1), '",
    "(case when (select count(*) from users) > 0 then name else xyzzy end)",
    "$$xyzzy$$; copy users to '/tmp/xyzzy'",
    "xyzzy\\'; begin; commit; --",
    "name); update users set is_superuser = true; -- xyzzy",
];

/// What is nobody's name and nothing's value.
const HARMLESS: &str = "unknown-xyzzy";

/// Statements of this shop in which the mark stands, apart from this question.
fn statements_with_the_mark(conn: &mut PgConnection) -> i64 {
    let asked = "select count(*) from pg_stat_activity where datname = current_database() \
                 and pid <> pg_backend_pid() and query like '%xyzzy%'";
    diesel::select(diesel::dsl::sql::<BigInt>(&format!("({asked})"))).get_result(conn).unwrap()
}

/// The answer without what repeats the question.
fn gist(answer: &TestResponse) -> (u16, Value) {
    let is_table = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/csv"));
    let mut body = if is_table { json!(String::from_utf8_lossy(&answer.body)) } else { answer.json() };
    if answer.status == 200 {
        for link in ["next", "previous"] {
            body.as_object_mut().map(|page| page.shift_remove(link));
        }
        return (200, body);
    }
    let names = body.as_object().map(|members| members.keys().cloned().collect::<Vec<_>>());
    (answer.status.as_u16(), json!(names))
}

/// Calls every reading operation, and tells what was answered otherwise than to a harmless word.
struct Prober {
    stage: Stage,
    watch: PgConnection,
    found: Vec<String>,
}

impl Prober {
    async fn new() -> Self {
        let stage = Stage::new().await;
        let kitchen = stage.category("Kitchen");
        stage.mug_in(Some(kitchen));
        stage.order("confirmed").await;
        stage.taken_back().await;
        Self { watch: stage.shop.database.connect(), stage, found: Vec::new() }
    }

    async fn get(&mut self, operation: &Operation, id: &str, query: &str) -> TestResponse {
        let call = Call::of(id).query(query);
        let answer = call.send(&self.stage.client(Role::Superuser), &Method::GET, &operation.path).await;
        let what = format!("{} ?{query}", operation.id);
        if answer.status.is_server_error() {
            self.found.push(format!("{what}: {}", answer.status));
        }
        if statements_with_the_mark(&mut self.watch) > 0 {
            self.found.push(format!("{what}: stands in a statement"));
        }
        answer
    }

    async fn compare(&mut self, operation: &Operation, query: impl Fn(&str) -> String) {
        let harmless = gist(&self.get(operation, "kitchen", &query(HARMLESS)).await);
        for payload in PAYLOADS {
            let answer = gist(&self.get(operation, "kitchen", &query(&encoded(payload))).await);
            if answer != harmless {
                self.found.push(format!("{} {payload}: {answer:?}, not {harmless:?}", operation.id));
            }
        }
    }
}

fn readers(document: &Document) -> impl Iterator<Item = &Operation> {
    document.operations.iter().filter(|operation| operation.method == Method::GET && !operation.queries.is_empty())
}

#[actix_web::test]
async fn values_and_names_of_parameters_stay_words() {
    let document = Document::read();
    let mut prober = Prober::new().await;
    let before = Digest::of(&prober.stage.shop);

    for operation in readers(&document) {
        for query in &operation.queries {
            // One word in the list is enough, and a format that is none is none.
            let name = query.name.clone();
            prober.compare(operation, |payload| format!("{name}={payload}")).await;
        }
        prober.compare(operation, |payload| format!("{payload}=1")).await;
        prober.compare(operation, |payload| format!("name__{payload}=x&status__{payload}=x")).await;
        prober.compare(operation, |payload| format!("ordering=id,{payload},-{payload}")).await;
        prober.compare(operation, |payload| format!("fields=id,{payload}.{payload}&omit={payload}")).await;
    }

    assert_none(&prober.found);
    // Who reads a whole table stands in the audit log.
    assert_eq!(before.changes_until(&Digest::of(&prober.stage.shop)), ["audit_entries"]);
    let others = "select count(*) from audit_entries where action <> 'customers.exported' and created_at > \
                  (select min(created_at) from audit_entries where action = 'customers.exported')";
    assert_eq!(prober.stage.shop.number(others), 0);
}

#[actix_web::test]
async fn an_id_stays_an_id() {
    let document = Document::read();
    let mut prober = Prober::new().await;
    let before = Digest::of(&prober.stage.shop);

    for operation in document.operations.iter().filter(|operation| operation.path.contains("{id}")) {
        for payload in PAYLOADS {
            let call = Call::of(encoded(payload)).body(json!({}));
            let answer = call.send(&prober.stage.client(Role::Superuser), &operation.method, &operation.path).await;
            if !matches!(answer.status.as_u16(), 400 | 404) {
                prober.found.push(format!("{} {payload}: {}", operation.id, answer.status));
            }
        }
        if statements_with_the_mark(&mut prober.watch) > 0 {
            prober.found.push(format!("{}: stands in a statement", operation.id));
        }
    }

    assert_none(&prober.found);
    assert_eq!(before.changes_until(&Digest::of(&prober.stage.shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn names_and_values_in_a_body_are_kept_as_they_are() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mut watch = shop.database.connect();
    let users = shop.number("select count(*) from users where not is_superuser");

    for (place, payload) in PAYLOADS.iter().enumerate() {
        let metadata = json!({*payload: {"deep": [payload, {*payload: payload}]}});
        let body = json!({
            "name": payload, "description": payload, "sku": format!("{place}'; --xyzzy"), "price": "1",
            "metadata": metadata, *payload: payload,
        });
        let made = staff.post("/api/products/", body).await.expect(201);
        assert_eq!((&made["name"], &made["description"]), (&json!(payload), &json!(payload)));
        assert_eq!(made["metadata"], metadata);
        let refused =
            staff.post("/api/stocks/adjust/", json!({"sku": payload, "delta": 1, "warehouse": payload})).await;
        assert_eq!(refused.status, 400, "{payload}");
        let email = json!({"email": payload, "password": payload, "username": payload});
        assert!([400, 401].contains(&shop.anonymous().post("/api/auth/login/", email).await.status.as_u16()));
        assert_eq!(statements_with_the_mark(&mut watch), 0, "{payload}");
    }

    assert_eq!(shop.number("select count(*) from products"), 10);
    assert_eq!(shop.number("select count(*) from users where not is_superuser"), users);
}

#[actix_web::test]
async fn headers_stay_headers() {
    let shop = TestShop::with_settings(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let staff = shop.staff().await;
    let mut watch = shop.database.connect();
    let before = Digest::of(&shop);

    for payload in PAYLOADS {
        for header in [
            "accept",
            "accept-language",
            "authorization",
            "cookie",
            "if-match",
            "if-none-match",
            "origin",
            "referer",
            "user-agent",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-proto",
            "x-order-token",
            "x-request-id",
        ] {
            let client = shop.anonymous().with_header(header, payload);
            for url in ["/api/products/", "/api/orders/0190aaaa-0000-7000-8000-00000000dead/"] {
                let answer = client.get(url).await;
                assert!(answer.status.as_u16() < 500, "{header}: {payload}: {}", answer.status);
            }
        }
        assert_eq!(statements_with_the_mark(&mut watch), 0, "{payload}");
    }
    assert_eq!(before.changes_until(&Digest::of(&shop)), Vec::<&str>::new());

    // Those that are written down are written down as they came.
    let signed = staff.with_header("user-agent", PAYLOADS[0]).with_header("idempotency-key", "');--xyzzy");
    let made = send_json(&signed, "/api/categories/", r#"{"name": "Mugs"}"#).await;
    assert_eq!(made.status, 201);
    let again = send_json(&signed, "/api/categories/", r#"{"name": "Mugs"}"#).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(shop.number("select count(*) from categories"), 1);
    assert_eq!(statements_with_the_mark(&mut watch), 0);
}

#[actix_web::test]
async fn a_statement_with_the_mark_would_be_noticed() {
    let shop = TestShop::new().await;
    let mut watch = shop.database.connect();
    assert_eq!(statements_with_the_mark(&mut watch), 0);

    let mut careless = shop.database.connect();
    let statement = format!("select count(*) from products where name = '{MARK}'");
    diesel::sql_query(statement).execute(&mut careless).unwrap();

    assert_eq!(statements_with_the_mark(&mut watch), 1);
}

//! SQL injection through query parameters, bodies, headers and ids.
//!
//! The tests do not measure the duration of `pg_sleep`. Instead they read the last statement of each connection from
//! `pg_stat_activity`: input is bound as a parameter, so that no statement contains it.

use actix_web::http::Method;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};

use super::{encoded, send_json};
use crate::house::assert_none;
use crate::house::endpoints::case::{Call, Role};
use crate::house::endpoints::digest::Digest;
use crate::house::endpoints::fixture::Fixture;
use crate::house::endpoints::operations::{Document, Operation};
use crate::support::{TestResponse, TestShop};

/// Marker that every payload contains.
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

/// Harmless text that matches nothing.
const HARMLESS: &str = "unknown-xyzzy";

/// Counts the last statements of other connections that contain the marker.
fn statements_with_the_mark(conn: &mut PgConnection) -> i64 {
    let query = "select count(*) from pg_stat_activity where datname = current_database() \
                 and pid <> pg_backend_pid() and query like '%xyzzy%'";
    diesel::select(diesel::dsl::sql::<BigInt>(&format!("({query})"))).get_result(conn).unwrap()
}

/// Returns the response without the parts that repeat the request.
fn essence(response: &TestResponse) -> (u16, Value) {
    let is_table = response.header("content-type").is_some_and(|kind| kind.starts_with("text/csv"));
    let mut body = if is_table { json!(String::from_utf8_lossy(&response.body)) } else { response.json() };
    if response.status == 200 {
        for link in ["next", "previous"] {
            body.as_object_mut().map(|page| page.shift_remove(link));
        }
        return (200, body);
    }
    let names = body.as_object().map(|members| members.keys().cloned().collect::<Vec<_>>());
    (response.status.as_u16(), json!(names))
}

/// Calls read operations and collects responses that differ from the response to harmless text.
struct Prober {
    fixture: Fixture,
    watch: PgConnection,
    found: Vec<String>,
}

impl Prober {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let kitchen = fixture.category("Kitchen");
        fixture.mug_in(Some(kitchen));
        fixture.order("confirmed").await;
        fixture.return_of_order().await;
        Self { watch: fixture.shop.database.connect(), fixture, found: Vec::new() }
    }

    async fn get(&mut self, operation: &Operation, id: &str, query: &str) -> TestResponse {
        let call = Call::with_id(id).query(query);
        let response = call.send(&self.fixture.client(Role::Superuser), &Method::GET, &operation.path).await;
        let what = format!("{} ?{query}", operation.id);
        if response.status.is_server_error() {
            self.found.push(format!("{what}: {}", response.status));
        }
        if statements_with_the_mark(&mut self.watch) > 0 {
            self.found.push(format!("{what}: is part of a statement"));
        }
        response
    }

    async fn compare(&mut self, operation: &Operation, query: impl Fn(&str) -> String) {
        let harmless = essence(&self.get(operation, "kitchen", &query(HARMLESS)).await);
        for payload in PAYLOADS {
            let response = essence(&self.get(operation, "kitchen", &query(&encoded(payload))).await);
            if response != harmless {
                self.found.push(format!("{} {payload}: {response:?}, not {harmless:?}", operation.id));
            }
        }
    }
}

fn readers(document: &Document) -> impl Iterator<Item = &Operation> {
    document.operations.iter().filter(|operation| operation.method == Method::GET && !operation.queries.is_empty())
}

#[actix_web::test]
async fn sql_in_query_parameters_is_not_executed() {
    let document = Document::read();
    let mut prober = Prober::new().await;
    let before = Digest::of(&prober.fixture.shop);

    for operation in readers(&document) {
        for query in &operation.queries {
            // An unknown name in a list is ignored like a payload, and an unknown format is rejected like one.
            let name = query.name.clone();
            prober.compare(operation, |payload| format!("{name}={payload}")).await;
        }
        prober.compare(operation, |payload| format!("{payload}=1")).await;
        prober.compare(operation, |payload| format!("name__{payload}=x&status__{payload}=x")).await;
        prober.compare(operation, |payload| format!("ordering=id,{payload},-{payload}")).await;
        prober.compare(operation, |payload| format!("fields=id,{payload}.{payload}&omit={payload}")).await;
    }

    assert_none(&prober.found);
    // The audit log records exports.
    assert_eq!(before.changed_tables(&Digest::of(&prober.fixture.shop)), ["audit_entries"]);
    let others = "select count(*) from audit_entries where action <> 'customers.exported' and created_at > \
                  (select min(created_at) from audit_entries where action = 'customers.exported')";
    assert_eq!(prober.fixture.shop.number(others), 0);
}

#[actix_web::test]
async fn sql_in_ids_is_not_executed() {
    let document = Document::read();
    let mut prober = Prober::new().await;
    let before = Digest::of(&prober.fixture.shop);

    for operation in document.operations.iter().filter(|operation| operation.path.contains("{id}")) {
        for payload in PAYLOADS {
            let call = Call::with_id(encoded(payload)).body(json!({}));
            let response = call.send(&prober.fixture.client(Role::Superuser), &operation.method, &operation.path).await;
            if !matches!(response.status.as_u16(), 400 | 404) {
                prober.found.push(format!("{} {payload}: {}", operation.id, response.status));
            }
        }
        if statements_with_the_mark(&mut prober.watch) > 0 {
            prober.found.push(format!("{}: is part of a statement", operation.id));
        }
    }

    assert_none(&prober.found);
    assert_eq!(before.changed_tables(&Digest::of(&prober.fixture.shop)), Vec::<&str>::new());
}

#[actix_web::test]
async fn sql_in_a_body_is_stored_verbatim() {
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
        let created = staff.post("/api/products/", body).await.expect(201);
        assert_eq!((&created["name"], &created["description"]), (&json!(payload), &json!(payload)));
        assert_eq!(created["metadata"], metadata);
        let rejected =
            staff.post("/api/stocks/adjust/", json!({"sku": payload, "delta": 1, "warehouse": payload})).await;
        assert_eq!(rejected.status, 400, "{payload}");
        let email = json!({"email": payload, "password": payload, "username": payload});
        assert!([400, 401].contains(&shop.anonymous().post("/api/auth/login/", email).await.status.as_u16()));
        assert_eq!(statements_with_the_mark(&mut watch), 0, "{payload}");
    }

    assert_eq!(shop.number("select count(*) from products"), 10);
    assert_eq!(shop.number("select count(*) from users where not is_superuser"), users);
}

#[actix_web::test]
async fn sql_in_headers_is_not_executed() {
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
                let response = client.get(url).await;
                assert!(response.status.as_u16() < 500, "{header}: {payload}: {}", response.status);
            }
        }
        assert_eq!(statements_with_the_mark(&mut watch), 0, "{payload}");
    }
    assert_eq!(before.changed_tables(&Digest::of(&shop)), Vec::<&str>::new());

    // Headers that the server stores are stored verbatim.
    let signed = staff.with_header("user-agent", PAYLOADS[0]).with_header("idempotency-key", "');--xyzzy");
    let created = send_json(&signed, "/api/categories/", r#"{"name": "Mugs"}"#).await;
    assert_eq!(created.status, 201);
    let again = send_json(&signed, "/api/categories/", r#"{"name": "Mugs"}"#).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(shop.number("select count(*) from categories"), 1);
    assert_eq!(statements_with_the_mark(&mut watch), 0);
}

#[actix_web::test]
async fn statement_with_the_marker_is_detected() {
    let shop = TestShop::new().await;
    let mut watch = shop.database.connect();
    assert_eq!(statements_with_the_mark(&mut watch), 0);

    let mut careless = shop.database.connect();
    let statement = format!("select count(*) from products where name = '{MARK}'");
    diesel::sql_query(statement).execute(&mut careless).unwrap();

    assert_eq!(statements_with_the_mark(&mut watch), 1);
}

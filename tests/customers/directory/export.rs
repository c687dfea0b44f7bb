//! CSV export of customers.

use serde_json::json;

use super::imported;
use crate::support::{Client, TestResponse, TestShop};

/// Returns the rows of a CSV response, without the header row.
fn rows(response: &TestResponse) -> Vec<Vec<String>> {
    assert_eq!(response.status, 200, "{:?}", response.body);
    let mut reader = csv::Reader::from_reader(response.body.as_ref());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

async fn first_names(client: &Client, query: &str) -> Vec<String> {
    let table = client.get(&format!("/api/customers/export/?{query}")).await;
    rows(&table).into_iter().map(|row| row[3].clone()).collect()
}

#[actix_web::test]
async fn customers_are_exported_as_csv() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    ana.patch("/api/customers/me/", json!({"last_name": "Wañjirũ, \"A\""})).await.expect(200);

    let table = staff.get("/api/customers/export/?email=ana@example.com").await;

    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(table.header("content-disposition"), Some("attachment; filename=\"customers.csv\""));
    assert_eq!(table.header("cache-control"), Some("no-store"));
    let created = staff.get(&format!("/api/customers/{}/", ana.customer)).await.expect(200)["created_at"].clone();
    let created = format!("{}Z", created.as_str().unwrap().split(['.', 'Z']).next().unwrap());
    let expected = format!(
        "id,external_id,email,first_name,last_name,phone,language,has_account,is_active,is_verified,created_at\r\n\
         {},,ana@example.com,ana,\"Wañjirũ, \"\"A\"\"\",,en,true,true,false,{created}\r\n",
        ana.customer
    );
    assert_eq!(String::from_utf8_lossy(&table.body), expected);
}

#[actix_web::test]
async fn exported_cells_are_never_formulas() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    for (number, name) in
        ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\",\"y\")"].iter().enumerate()
    {
        let quoted = name.replace('\'', "''");
        shop.execute(&format!(
            "insert into customers (id, external_id, name, created_at, updated_at) \
             values ('0190cccc-0000-7000-8000-00000000000{number}', E'={number}', '{quoted}', now(), now())"
        ));
    }

    let table = staff.get("/api/customers/export/?has_account=false").await;

    let rows = rows(&table);
    assert_eq!(rows.len(), 7);
    for row in &rows {
        assert!(row[1].starts_with("'=") && row[3].starts_with('\''), "{row:?}");
        for cell in row {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{row:?}");
        }
    }
}

#[actix_web::test]
async fn exported_phone_number_is_escaped() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    ana.patch("/api/customers/me/", json!({"phone": "+254700000001"})).await.expect(200);

    let table = staff.get("/api/customers/export/?search=ana").await;

    assert_eq!(rows(&table)[0][5], "'+254700000001");
}

#[actix_web::test]
async fn export_accepts_the_filters_of_the_list() {
    let shop = TestShop::new().await;
    shop.customer("ana").await;
    shop.customer("ben").await;
    let staff = shop.staff().await;
    imported(&shop, "Mugs Ltd");

    for query in ["", "email__icontains=example", "has_account=false", "search=ben", "created_at__gt=2100-01-01"] {
        let list = staff.get(&format!("/api/customers/?ordering=created_at&{query}")).await.expect(200);
        let listed: Vec<_> = list["results"].as_array().unwrap().iter().map(|row| row["first_name"].clone()).collect();
        let mut listed: Vec<String> = listed.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
        let mut exported = first_names(&staff, query).await;
        listed.sort();
        exported.sort();
        assert_eq!(exported, listed, "{query}");
    }
    let rejected = staff.get("/api/customers/export/?is_active=maybe").await.expect(400);
    assert_eq!(rejected, json!({"is_active": ["Must be a valid boolean."]}));
}

#[actix_web::test]
async fn large_export_contains_each_row_once() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    shop.execute(
        "insert into customers (id, name, created_at, updated_at) \
         select gen_random_uuid(), 'c' || n, now(), now() from generate_series(1, 2500) n",
    );

    let table = staff.get("/api/customers/export/?has_account=false").await;

    let mut names: Vec<String> = rows(&table).into_iter().map(|row| row[3].clone()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 2500);
}

#[actix_web::test]
async fn export_is_recorded_in_the_audit_log() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let entries = "select count(*) from audit_entries where action = 'customers.exported'";

    assert_eq!(ana.get("/api/customers/export/").await.status, 403);
    assert_eq!(shop.number(entries), 0);
    first_names(&staff, "search=ana").await;

    assert_eq!(shop.number(entries), 1);
    let recorded = format!(
        "{entries} and changes::jsonb = '{{\"customers\": {{\"after\": 1}}}}' and actor->>'id' = '{}'",
        staff.user
    );
    assert_eq!(shop.number(&recorded), 1);
}

#[actix_web::test]
async fn export_negotiates_csv() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    for accept in ["text/csv", "text/*", "*/*", "application/json"] {
        let response = staff.with_header("accept", accept).get("/api/customers/export/").await;
        assert_eq!(
            (response.status.as_u16(), response.header("content-type")),
            (200, Some("text/csv; charset=utf-8")),
            "{accept}"
        );
    }
    assert_eq!(staff.get("/api/customers/export/?format=csv").await.status, 200);
    assert_eq!(staff.with_header("accept", "image/png").get("/api/customers/export/").await.status, 406);
    // Other endpoints do not offer CSV.
    assert_eq!(staff.with_header("accept", "text/csv").get("/api/customers/").await.status, 406);
}

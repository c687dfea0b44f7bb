//! No list runs a query per row, even with expanded relations.

use serde_json::{Value, json};

use super::{order_url, place_order};
use crate::support::shop::PASSWORD;
use crate::support::{Client, TestShop};

/// Number of rows of the larger page.
const ROWS: usize = 100;

/// Creates a shop with a hundred rows of every list, each with all its references.
async fn large_shop() -> TestShop {
    let shop = TestShop::with_statement_log().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let root = shop.category("Root", None);
    for number in 0..ROWS {
        let category = shop.category(&format!("c{number:03}"), Some(root));
        shop.product(&format!("Mug {number:03}")).in_category(category).create();
    }
    let first = shop.product("Mug").in_category(root).create();
    let order = place_order(&ana, &[(&first, 1)]).await;
    for verb in ["process", "ship"] {
        staff.post(&order_url(&order, &format!("{verb}/")), json!({})).await.expect(200);
    }
    staff.post(&order_url(&order, "returns/"), json!({})).await.expect(201);
    copy_orders(&shop);
    add_customers(&shop, &ana.customer.to_string());
    add_apps_and_staff(&shop);
    shop.execute(
        "insert into jobs (id, queue, name, payload, run_at, max_attempts, created_at) \
         select gen_random_uuid(), 'default', 'n', '{}', now(), 1, now() from generate_series(1, 100)",
    );
    shop
}

/// A customer group with a hundred members.
const GROUP: &str = "00000000-0000-7000-a000-000000000001";

/// Creates a hundred customers with one address each, and a hundred rows of everything that belongs to Ana.
fn add_customers(shop: &TestShop, ana: &str) {
    for statement in [
        "insert into customers (id, name, created_at, updated_at) \
         select gen_random_uuid(), 'c' || lpad(n::text, 3, '0'), now(), now() from generate_series(1, 100) n",
        "insert into addresses (id, customer_id, name, line1, city, country, is_default_billing, created_at, updated_at) \
         select gen_random_uuid(), id, name, 'x', 'y', 'KE', true, now(), now() from customers where name like 'c%'",
        "insert into addresses (id, customer_id, name, line1, city, country, is_default_billing, created_at, updated_at) \
         select gen_random_uuid(), '{ana}', 'Ana', 'x', 'y', 'KE', n = 1, now(), now() from generate_series(1, 100) n",
        "insert into customer_notes (id, customer_id, text, author, created_at) \
         select gen_random_uuid(), '{ana}', 'x', '{}', now() from generate_series(1, 100)",
        "insert into audit_entries (id, action, actor, object_type, object_id, changes, mac, created_at) \
         select gen_random_uuid(), 'x', '{}', 'customer', '{ana}', '{}', '', now() from generate_series(1, 100)",
        "insert into customer_groups (id, name, created_at, updated_at) \
         select ('00000000-0000-7000-a000-' || lpad(n::text, 12, '0'))::uuid, 'g' || n, now(), now() \
         from generate_series(1, 100) n",
        "insert into customer_group_members (group_id, customer_id, added_at) \
         select '{group}', id, now() from customers where name like 'c%'",
    ] {
        shop.execute(&statement.replace("{ana}", ana).replace("{group}", GROUP));
    }
}
/// Creates a hundred apps, and a hundred signed-in staff members with one group each.
fn add_apps_and_staff(shop: &TestShop) {
    let of_a_hundred = |insert: &str| shop.execute(&format!("insert into {insert} from generate_series(1, 100) n"));
    of_a_hundred("apps (id, name, created_at, updated_at) select gen_random_uuid(), 'App ' || n, now(), now()");
    of_a_hundred("groups (id, name, created_at, updated_at) select gen_random_uuid(), 'Desk ' || n, now(), now()");
    of_a_hundred(
        "users (id, email, is_staff, created_at, updated_at) \
         select gen_random_uuid(), 'a' || n || '@example.com', true, now(), now()",
    );
    shop.execute(
        "insert into group_members (group_id, user_id) select g.id, u.id from groups g \
         join users u on 'Desk ' || substr(split_part(u.email, '@', 1), 2) = g.name",
    );
    shop.execute(
        "insert into sessions (id, user_id, refresh_hash, rotated_at, expires_at, created_at, last_used_at) \
         select gen_random_uuid(), id, '', now(), now() + interval '1 day', now(), now() from users",
    );
}

/// Lists whose rows have no references that can be expanded.
const WITHOUT_RELATIONS: [&str; 10] = [
    "/api/apps/",
    "/api/audit-log/",
    "/api/customer-groups/",
    "/api/customers/me/addresses/",
    "/api/customers/{id}/addresses/",
    "/api/customers/{id}/history/",
    "/api/customers/{id}/notes/",
    "/api/groups/",
    "/api/jobs/",
    "/api/sessions/",
];

/// Creates a hundred copies of the order and its return, each with a line of a different product.
fn copy_orders(shop: &TestShop) {
    let id =
        |kind: u8, number: &str| format!("('00000000-0000-7000-{kind}000-' || lpad({number}::text, 12, '0'))::uuid");
    let copies = |table: &str, members: &str| {
        shop.execute(&format!(
            "insert into {table} select (jsonb_populate_record(r, jsonb_build_object({members}))).* \
             from {table} r, (select v.id, v.product_id, row_number() over (order by v.sku) n from variants v \
                              where v.sku like 'MUG-%') v"
        ));
    };
    let (order, line) = (id(8, "v.n"), id(9, "v.n"));
    copies("orders", &format!("'id', {order}, 'number', 'C-' || v.n"));
    copies(
        "order_lines",
        &format!("'id', {line}, 'order_id', {order}, 'product_id', v.product_id, 'variant_id', v.id"),
    );
    copies("returns", &format!("'id', gen_random_uuid(), 'number', 'R-' || v.n, 'order_id', {order}"));
}

/// All lists, each with a URL whose first rows resemble its last rows.
fn lists() -> Vec<(&'static str, String)> {
    vec![
        ("/api/apps/", "/api/apps/?".to_owned()),
        ("/api/audit-log/", "/api/audit-log/?ordering=created_at".to_owned()),
        ("/api/categories/", "/api/categories/?ordering=-level".to_owned()),
        ("/api/categories/{id}/children/", "/api/categories/root/children/?".to_owned()),
        ("/api/categories/{id}/descendants/", "/api/categories/root/descendants/?".to_owned()),
        ("/api/categories/{id}/products/", "/api/categories/root/products/?ordering=-name".to_owned()),
        ("/api/customer-groups/", "/api/customer-groups/?".to_owned()),
        ("/api/customer-groups/{id}/members/", format!("/api/customer-groups/{GROUP}/members/?")),
        ("/api/customers/", "/api/customers/?ordering=name".to_owned()),
        ("/api/customers/me/addresses/", "/api/customers/me/addresses/?".to_owned()),
        ("/api/customers/me/orders/", "/api/customers/me/orders/?ordering=number".to_owned()),
        ("/api/customers/{id}/addresses/", "/api/customers/{ana}/addresses/?".to_owned()),
        ("/api/customers/{id}/history/", "/api/customers/{ana}/history/?".to_owned()),
        ("/api/customers/{id}/notes/", "/api/customers/{ana}/notes/?".to_owned()),
        ("/api/customers/{id}/orders/", "/api/customers/{ana}/orders/?ordering=number".to_owned()),
        ("/api/groups/", "/api/groups/?ordering=-created_at".to_owned()),
        ("/api/jobs/", "/api/jobs/?".to_owned()),
        ("/api/orders/", "/api/orders/?ordering=number".to_owned()),
        ("/api/products/", "/api/products/?ordering=-name".to_owned()),
        ("/api/returns/", "/api/returns/?ordering=-number".to_owned()),
        ("/api/sessions/", "/api/sessions/?".to_owned()),
        ("/api/staff/", "/api/staff/?ordering=email".to_owned()),
        ("/api/stock-movements/", "/api/stock-movements/?".to_owned()),
        ("/api/stocks/", "/api/stocks/?".to_owned()),
    ]
}

/// Returns the statements and the rows of a page of this size.
async fn statements(shop: &TestShop, client: &Client, url: &str, size: usize) -> (Vec<String>, Vec<Value>) {
    let (response, statements) = shop.record_statements(client.get(&format!("{url}&page_size={size}"))).await;
    let rows = response.expect(200)["results"].as_array().unwrap().clone();
    assert_eq!(rows.len(), size, "{url}");
    (statements, rows)
}

#[actix_web::test]
async fn number_of_queries_does_not_depend_on_the_page_size() {
    let shop = large_shop().await;
    let root = shop.superuser().await;
    let credentials = json!({"email": "ana@example.com", "password": PASSWORD});
    let tokens = shop.anonymous().post("/api/auth/token/", credentials).await.expect(200);
    let token = format!("Bearer {}", tokens["access"].as_str().unwrap());
    let ana = shop.anonymous().with_header("authorization", &token);
    let me = ana.get("/api/customers/me/").await.expect(200);

    for (list, url) in lists() {
        let url = url.replace("{ana}", me["id"].as_str().unwrap());
        let client = if list.contains("/me/") { &ana } else { &root.client };
        let (_, plain) = statements(&shop, client, &url, ROWS).await;
        for parameters in ["", "&expand=*.*.*", "&expand=*.*.*&cursor="] {
            let url = format!("{url}{parameters}");
            let (few, _) = statements(&shop, client, &url, 10).await;
            let (many, rows) = statements(&shop, client, &url, ROWS).await;
            assert_eq!(few.len(), many.len(), "{url}: {few:#?} {many:#?}");
            assert!(few.len() > 1 && few.len() <= 30, "{url}: {few:#?}");
            let has_grown = |row: &Value, plain: &Value| row.to_string().len() > plain.to_string().len();
            let grown = rows.iter().zip(&plain).filter(|(row, plain)| has_grown(row, plain)).count();
            let expected = if parameters.is_empty() || WITHOUT_RELATIONS.contains(&list) { 0 } else { ROWS };
            assert_eq!(grown, expected, "{url}: all rows are expanded");
        }
    }

    let url = "/api/orders/?ordering=number";
    let (plain, _) = statements(&shop, &root, url, ROWS).await;
    let (expanded, _) = statements(&shop, &root, &format!("{url}&expand=lines.product.category"), ROWS).await;
    // Products need queries for themselves and their offers, categories for themselves and their products.
    assert!(expanded.len() - plain.len() <= 7, "{plain:#?} {expanded:#?}");
}

#[actix_web::test]
async fn every_documented_list_is_covered() {
    let shop = TestShop::new().await;
    let document = shop.anonymous().get("/api/schema/?format=json").await.expect(200);
    let has_cursor = |item: &Value| {
        let parameters = item.pointer("/get/parameters").and_then(Value::as_array).into_iter().flatten();
        parameters.into_iter().any(|parameter| parameter["$ref"] == "#/components/parameters/Cursor")
    };
    let paths = document["paths"].as_object().unwrap().iter();
    let mut documented: Vec<&str> = paths.filter(|(_, item)| has_cursor(item)).map(|(path, _)| path.as_str()).collect();
    documented.sort_unstable();

    assert_eq!(documented, lists().iter().map(|(list, _)| *list).collect::<Vec<_>>());
}

//! Lookups of each field type, and their errors for invalid values.

use serde_json::{Value, json};

use super::{column, order_url, place_order};
use crate::support::{Client, TestShop};

const NUMBER: &str = "A valid number is required.";
const INTEGER: &str = "A valid integer is required.";
const UUID: &str = "Must be a valid UUID.";
const BOOLEAN: &str = "Must be a valid boolean.";
const DATE: &str = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
const DATETIME: &str =
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";
const RANGE: &str = "Range query expects two values.";

/// Returns the names of the listed resources, one letter each.
async fn found(client: &Client, list: &str, query: &str) -> String {
    column(&client.get(&format!("/api/{list}/?{query}")).await.expect(200), "name").concat()
}

/// Asserts that each query is rejected with these messages under the names of its parameters.
async fn assert_rejected(client: &Client, list: &str, cases: &[(&str, Value)]) {
    for (query, errors) in cases {
        let response = client.get(&format!("/api/{list}/?{query}")).await;
        assert_eq!(response.expect(400), *errors, "{query}");
        client.get(&format!("/api/{list}/?cursor=&{query}")).await.expect(400);
    }
}

#[actix_web::test]
async fn number_lookups_compare_and_reject_invalid_values() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    for (name, price) in [("a", "5.00"), ("b", "7.50"), ("c", "10.00"), ("d", "12.00")] {
        shop.product(name).price(price).create();
    }
    shop.product("e").price("0").create();
    shop.execute("delete from variant_prices where amount = 0");

    let cases = [
        ("price=7.5", "b"),
        ("price__exact=7.5000", "b"),
        ("price__gt=7.5", "cd"),
        ("price__gte=7.5", "bcd"),
        ("price_min=7.5", "bcd"),
        ("price__lt=10", "ab"),
        ("price__lte=10", "abc"),
        ("price_max=10", "abc"),
        ("price_min=6&price_max=11", "bc"),
        ("price__in=5,12,99", "ad"),
        ("price__in= 5 ,,12,", "ad"),
        ("price__range=7.5,10", "bc"),
        ("price__range=10,7.5", ""),
        ("price__gt=5&price__lt=12&price__in=5,10", "c"),
        ("price=1&price=5", "a"),
        ("price__gte=&price__in=&price__range=&price=&price_min=", "abcde"),
        ("price__isnull=false", "abcd"),
        ("price__gte=99999999999999999999", ""),
    ];

    for (query, names) in cases {
        assert_eq!(found(&guest, "products", &query.replace(' ', "%20")).await, names, "{query}");
    }
    assert_rejected(
        &guest,
        "products",
        &[
            ("price=x", json!({"price": [NUMBER]})),
            ("price__gt=1&price__lt=NaN&price__gte=Infinity", json!({"price__gte": [NUMBER], "price__lt": [NUMBER]})),
            ("price_min=x&price_max=1,5", json!({"price_min": [NUMBER], "price_max": [NUMBER]})),
            ("price__in=1,x", json!({"price__in": [NUMBER]})),
            ("price__range=1", json!({"price__range": [RANGE]})),
            ("price__range=1,2,3", json!({"price__range": [RANGE]})),
            ("price__range=1,x", json!({"price__range": [NUMBER]})),
            ("price__isnull=perhaps", json!({"price__isnull": [BOOLEAN]})),
        ],
    )
    .await;
}

#[actix_web::test]
async fn integer_and_reference_lookups_match() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let a = shop.category("a", None);
    let b = shop.category("b", Some(a));
    shop.category("c", Some(b));
    shop.category("d", Some(a));
    let by_parent = format!("parent={a}&parent={b}");
    let among = format!("parent__in={b},{a}");
    let both = format!("parent={a}&parent__in={b}");
    let bracketed = format!("parent[]={b}");
    let only = format!("parent={b}");

    let cases = [
        ("level=1", "bd"),
        ("level=1.0", "bd"),
        ("level__gt=0", "bdc"),
        ("level_max=1", "abd"),
        ("level__in=0,2", "ac"),
        ("level__range=1,2", "bdc"),
        ("level__isnull=true", ""),
        (&only, "c"),
        (&by_parent, "bdc"),
        (&among, "bdc"),
        (&both, ""),
        (&bracketed, "c"),
        ("parent=&parent__in=,", "abdc"),
        ("parent__isnull=true", "a"),
        ("parent__isnull=False", "bdc"),
        ("parent__isnull=0", "bdc"),
        ("parent__isnull=", "abdc"),
    ];

    for (query, names) in cases {
        assert_eq!(found(&guest, "categories", &format!("ordering=level,name&{query}")).await, names, "{query}");
    }
    let too_large = json!({"level__gt": ["Ensure this value is less than or equal to 2147483647."]});
    let many = vec![a.to_string(); 101].join(",");
    assert_rejected(
        &guest,
        "categories",
        &[
            ("level=1.5", json!({"level": [INTEGER]})),
            ("level__gt=99999999999", too_large),
            ("level__in=1,two,3", json!({"level__in": [INTEGER]})),
            ("parent=a", json!({"parent": [UUID]})),
            (&format!("parent={a}&parent=b"), json!({"parent": [UUID]})),
            (&format!("parent__in={a},b"), json!({"parent__in": [UUID]})),
            (
                &format!("parent__in={many}"),
                json!({"parent__in": ["Ensure this field has no more than 100 elements."]}),
            ),
            ("parent__isnull=null", json!({"parent__isnull": [BOOLEAN]})),
        ],
    )
    .await;
}

#[actix_web::test]
async fn text_lookups_match_exactly_and_partially() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    for name in ["Ale", "ale 50%", "Ginger_ale", "gingerbread"] {
        shop.category(name, None);
    }

    let cases: [(&str, &[&str]); 17] = [
        ("name=Ale", &["Ale"]),
        ("name__exact=ale", &[]),
        ("name__iexact=ALE", &["Ale"]),
        ("name__iexact=gin%25", &[]),
        ("name__contains=ale", &["ale 50%", "Ginger_ale"]),
        ("name__icontains=ale", &["Ale", "ale 50%", "Ginger_ale"]),
        ("name__icontains=50%25", &["ale 50%"]),
        ("name__icontains=_", &["Ginger_ale"]),
        ("name__icontains=%5C", &[]),
        ("name__startswith=ging", &["gingerbread"]),
        ("name__istartswith=ging", &["Ginger_ale", "gingerbread"]),
        ("name__endswith=ale", &["Ginger_ale"]),
        ("name__iendswith=ALE", &["Ale", "Ginger_ale"]),
        ("name__in=Ale,gingerbread,ale", &["Ale", "gingerbread"]),
        ("name__icontains=ale&name__istartswith=g", &["Ginger_ale"]),
        ("name=&name__in=&name__icontains=", &["Ale", "ale 50%", "Ginger_ale", "gingerbread"]),
        ("name=%20&name__icontains=%20%20", &["Ale", "ale 50%", "Ginger_ale", "gingerbread"]),
    ];

    for (query, names) in cases {
        let list = guest.get(&format!("/api/categories/?ordering=sort_order&{query}")).await.expect(200);
        assert_eq!(column(&list, "name"), names, "{query}");
    }
    let zero = json!(["Null characters are not allowed."]);
    assert_rejected(
        &guest,
        "categories",
        &[
            ("name=%00", json!({"name": zero})),
            ("name__icontains=a%00b&search=%00", json!({"name__icontains": zero, "search": zero})),
            ("name__in=a,%00", json!({"name__in": zero})),
            ("name__isnull=x", json!({"name__isnull": [BOOLEAN]})),
        ],
    )
    .await;
}

#[actix_web::test]
async fn date_time_lookups_match_ranges_days_months_and_years() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let times = [
        ("a", "2025-12-31T23:59:59.999999Z"),
        ("b", "2026-01-01T00:00:00Z"),
        ("c", "2026-01-31T12:00:00Z"),
        ("d", "2026-12-01T00:00:00Z"),
    ];
    for (name, time) in times {
        shop.product(name).create();
        shop.execute(&format!("update products set created_at = '{time}' where name = '{name}'"));
    }

    let cases = [
        ("created_at=2026-01-01T00:00:00Z", "b"),
        ("created_at=2026-01-01T03:00:00%2B03:00", "b"),
        ("created_at__gt=2026-01-01T00:00:00Z", "cd"),
        ("created_at__gte=2026-01-01", "bcd"),
        ("created_at_after=2026-01-01", "bcd"),
        ("created_at__lt=2026-01-01", "a"),
        ("created_at__lte=2026-01-01", "ab"),
        ("created_at_before=2026-01-01", "ab"),
        ("created_at_after=2026-01-01&created_at_before=2026-02-01", "bc"),
        ("created_at__range=2026-01-01,2026-01-31T12:00:00Z", "bc"),
        ("created_at__in=2026-01-01,2026-12-01", "bd"),
        ("created_at__date=2025-12-31", "a"),
        ("created_at__date=2026-01-01", "b"),
        ("created_at__year=2025", "a"),
        ("created_at__year=2026", "bcd"),
        ("created_at__month=12", "ad"),
        ("created_at__month=1&created_at__year=2026", "bc"),
        ("created_at__year=2026&created_at__date=2025-12-31", ""),
        ("created_at__isnull=true", ""),
        ("created_at__date=&created_at__year=&created_at__month=&created_at_after=", "abcd"),
        ("created_at__year=9998&created_at__month=2", ""),
    ];

    for (query, names) in cases {
        assert_eq!(found(&guest, "products", query).await, names, "{query}");
    }
    assert_rejected(&guest, "products", &[
        ("created_at=now", json!({"created_at": [DATETIME]})),
        ("created_at_after=x&created_at_before=2026-02-30", json!({
            "created_at_after": [DATETIME], "created_at_before": [DATETIME],
        })),
        ("created_at__date=2026-13-01", json!({"created_at__date": [DATE]})),
        ("created_at__date=2026-01-01T00:00:00Z", json!({"created_at__date": [DATE]})),
        ("created_at__year=x&created_at__month=13", json!({
            "created_at__year": [INTEGER], "created_at__month": ["Ensure this value is less than or equal to 12."],
        })),
        ("created_at__year=0", json!({"created_at__year": ["Ensure this value is greater than or equal to 1."]})),
        ("created_at__month=0", json!({"created_at__month": ["Ensure this value is greater than or equal to 1."]})),
        ("created_at__range=2026-01-01", json!({"created_at__range": [RANGE]})),
        ("created_at__range=2026-01-01,x", json!({"created_at__range": [DATETIME]})),
    ])
    .await;
}

#[actix_web::test]
async fn choice_lookups_accept_several_values() {
    let shop = TestShop::new().await;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let mug = shop.product("Mug").create();
    for verb in ["", "cancel", "process"] {
        let order = place_order(&ana, &[(&mug, 1)]).await;
        if !verb.is_empty() {
            staff.post(&order_url(&order, &format!("{verb}/")), json!({})).await.expect(200);
        }
    }
    let count = async |query: &str| staff.get(&format!("/api/orders/?{query}")).await.expect(200)["count"].clone();

    for (query, number) in [
        ("status=confirmed", 1),
        ("status=confirmed&status=cancelled", 2),
        ("status[]=confirmed&status=cancelled", 2),
        ("status=&status=confirmed", 1),
        ("status__in=confirmed,processing", 2),
        ("status__in=confirmed,confirmed", 1),
        ("status=cancelled&status__in=confirmed", 0),
        ("status__isnull=true", 0),
        ("customer__isnull=false&status__in=", 3),
        ("status=confirmed&status=confirmed", 1),
    ] {
        assert_eq!(count(query).await, number, "{query}");
    }
    let lost = json!(["\"lost\" is not a valid choice."]);
    assert_rejected(
        &staff,
        "orders",
        &[
            ("status=lost", json!({"status": lost})),
            ("status=confirmed&status=lost", json!({"status": lost})),
            ("status__in=confirmed,lost&customer__in=1", json!({"status__in": lost, "customer__in": [UUID]})),
            ("status=Confirmed", json!({"status": ["\"Confirmed\" is not a valid choice."]})),
        ],
    )
    .await;
}

//! Times and dates: limits of the calendar, time zones, daylight saving time.

use serde_json::json;

use super::encoded;
use crate::support::TestShop;

const INVALID_TIME: &str =
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";

/// Creates a shop with one category that was created at this time.
async fn created_at_time(time: &str) -> TestShop {
    let shop = TestShop::new().await;
    shop.category("Mugs", None);
    shop.execute(&format!("update categories set created_at = '{time}', updated_at = '{time}'"));
    shop
}

async fn count(shop: &TestShop, lookup: &str, value: &str) -> i64 {
    let url = format!("/api/categories/?{lookup}={}", encoded(value));
    shop.anonymous().get(&url).await.expect(200)["count"].as_i64().unwrap()
}

#[actix_web::test]
async fn filter_matches_equal_times_in_different_time_zones() {
    let shop = created_at_time("2026-03-29T01:30:00Z").await;

    for same in [
        "2026-03-29T01:30:00Z",
        "2026-03-29T01:30:00.000000+00:00",
        "2026-03-29T15:30:00+14:00",
        "2026-03-28T13:30:00-12:00",
        "2026-03-29T01:30:00-00:00",
        // The hour that daylight saving time skips in Berlin. With an offset, it is unambiguous.
        "2026-03-29T02:30:00+01:00",
        "2026-03-29T03:30:00+02:00",
    ] {
        assert_eq!(count(&shop, "created_at", same).await, 1, "{same}");
        assert_eq!((count(&shop, "created_at__gte", same).await, count(&shop, "created_at__gt", same).await), (1, 0));
        assert_eq!((count(&shop, "created_at__lte", same).await, count(&shop, "created_at__lt", same).await), (1, 0));
    }
}

#[actix_web::test]
async fn repeated_hour_at_the_end_of_summer_time_is_two_hours() {
    let shop = created_at_time("2026-10-25T00:30:00Z").await;

    assert_eq!(count(&shop, "created_at", "2026-10-25T02:30:00+02:00").await, 1);
    assert_eq!(count(&shop, "created_at", "2026-10-25T02:30:00+01:00").await, 0);
}

#[actix_web::test]
async fn date_filter_uses_days_in_utc() {
    let shop = created_at_time("2028-02-29T23:59:59.999999Z").await;

    assert_eq!(count(&shop, "created_at__date", "2028-02-29").await, 1);
    assert_eq!(count(&shop, "created_at__date", "2028-03-01").await, 0);
    assert_eq!(count(&shop, "created_at__year", "2028").await, 1);
    assert_eq!(count(&shop, "created_at__gte", "2028-02-29").await, 1);
    assert_eq!(count(&shop, "created_at__gte", "2028-03-01").await, 0);
}

#[actix_web::test]
async fn invalid_times_and_dates_are_rejected() {
    let shop = created_at_time("2026-01-01T00:00:00Z").await;

    for invalid in [
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "+12026-01-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-02-30",
        "2026-13-01",
        "2026-00-10",
        "2026-01-01T24:00:01Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+99:99",
        "2026-01-01T00:00:00 CET",
        "01/02/2026",
        "1767225600",
        "now",
        "infinity",
        "-infinity",
        "today",
        "epoch",
        "2026-01-01T00:00:00Z; select 1",
    ] {
        for lookup in ["created_at", "created_at__gte", "updated_at__lt"] {
            let response = shop.anonymous().get(&format!("/api/categories/?{lookup}={}", encoded(invalid))).await;
            assert_eq!(response.expect(400), json!({lookup: [INVALID_TIME]}), "{invalid}");
        }
    }
    for invalid in ["2026-02-29", "0000-01-01", "10000-01-01", "2026-1", "x", "infinity"] {
        let response = shop.anonymous().get(&format!("/api/categories/?created_at__date={}", encoded(invalid))).await;
        let errors = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
        assert_eq!(response.expect(400), json!({"created_at__date": [errors]}), "{invalid}");
    }
}

#[actix_web::test]
async fn times_at_the_limits_of_the_calendar_are_accepted() {
    let shop = created_at_time("2026-01-01T00:00:00Z").await;

    for (time, after) in [
        ("0001-01-01T00:00:00Z", 1),
        ("1582-10-10T00:00:00Z", 1),
        ("1969-12-31T23:59:59Z", 1),
        ("2038-01-19T03:14:08Z", 0),
        ("9999-12-31T23:59:59.999999Z", 0),
        // A leap second counts as the last instant of its minute or the first of the next.
        ("2016-12-31T23:59:60Z", 1),
    ] {
        assert_eq!(count(&shop, "created_at__gte", time).await, after, "{time}");
    }
    // An offset must not move the time out of the calendar.
    for time in ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"] {
        let response = shop.anonymous().get(&format!("/api/categories/?created_at__gte={}", encoded(time))).await;
        assert_eq!(response.expect(400), json!({"created_at__gte": [INVALID_TIME]}), "{time}");
    }
}

#[actix_web::test]
async fn responses_contain_times_in_utc_with_z() {
    let shop = created_at_time("2026-07-01T12:00:00.5+02:00").await;

    let page = shop.anonymous().get("/api/categories/").await.expect(200);

    assert_eq!(page["results"][0]["created_at"], "2026-07-01T10:00:00.500Z");
    assert_eq!(shop.number("select count(*) from pg_settings where name = 'TimeZone' and setting = 'UTC'"), 1);
}

#[actix_web::test]
async fn dates_in_a_body_are_read_only() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    for time in ["0000-00-00", "10000-01-01T00:00:00Z", "infinity", "2016-12-31T23:59:60Z"] {
        let body = json!({"name": "Mugs", "created_at": time, "updated_at": time});
        let created = staff.post("/api/categories/", body).await.expect(201);
        assert_ne!(created["created_at"], time);
    }
}

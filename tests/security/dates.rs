//! Moments and days, at the ends of the calendar and between summer and winter.

use serde_json::json;

use super::encoded;
use crate::support::TestShop;

const WRONG_MOMENT: &str =
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";

/// A shop with one category, made at this moment.
async fn made_at(moment: &str) -> TestShop {
    let shop = TestShop::new().await;
    shop.category("Mugs", None);
    shop.execute(&format!("update categories set created_at = '{moment}', updated_at = '{moment}'"));
    shop
}

async fn count(shop: &TestShop, lookup: &str, value: &str) -> i64 {
    let url = format!("/api/categories/?{lookup}={}", encoded(value));
    shop.anonymous().get(&url).await.expect(200)["count"].as_i64().unwrap()
}

#[actix_web::test]
async fn one_moment_is_the_same_in_every_zone() {
    let shop = made_at("2026-03-29T01:30:00Z").await;

    for same in [
        "2026-03-29T01:30:00Z",
        "2026-03-29T01:30:00.000000+00:00",
        "2026-03-29T15:30:00+14:00",
        "2026-03-28T13:30:00-12:00",
        "2026-03-29T01:30:00-00:00",
        // An hour that clocks in Berlin leave out, with its offset: there is no doubt.
        "2026-03-29T02:30:00+01:00",
        "2026-03-29T03:30:00+02:00",
    ] {
        assert_eq!(count(&shop, "created_at", same).await, 1, "{same}");
        assert_eq!((count(&shop, "created_at__gte", same).await, count(&shop, "created_at__gt", same).await), (1, 0));
        assert_eq!((count(&shop, "created_at__lte", same).await, count(&shop, "created_at__lt", same).await), (1, 0));
    }
}

#[actix_web::test]
async fn the_hour_that_comes_twice_is_two_hours() {
    let shop = made_at("2026-10-25T00:30:00Z").await;

    assert_eq!(count(&shop, "created_at", "2026-10-25T02:30:00+02:00").await, 1);
    assert_eq!(count(&shop, "created_at", "2026-10-25T02:30:00+01:00").await, 0);
}

#[actix_web::test]
async fn a_day_is_a_day_of_utc() {
    let shop = made_at("2028-02-29T23:59:59.999999Z").await;

    assert_eq!(count(&shop, "created_at__date", "2028-02-29").await, 1);
    assert_eq!(count(&shop, "created_at__date", "2028-03-01").await, 0);
    assert_eq!(count(&shop, "created_at__year", "2028").await, 1);
    assert_eq!(count(&shop, "created_at__gte", "2028-02-29").await, 1);
    assert_eq!(count(&shop, "created_at__gte", "2028-03-01").await, 0);
}

#[actix_web::test]
async fn what_is_no_moment_is_refused_by_the_field() {
    let shop = made_at("2026-01-01T00:00:00Z").await;

    for wrong in [
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
            let answer = shop.anonymous().get(&format!("/api/categories/?{lookup}={}", encoded(wrong))).await;
            assert_eq!(answer.expect(400), json!({lookup: [WRONG_MOMENT]}), "{wrong}");
        }
    }
    for wrong in ["2026-02-29", "0000-01-01", "10000-01-01", "2026-1", "x", "infinity"] {
        let answer = shop.anonymous().get(&format!("/api/categories/?created_at__date={}", encoded(wrong))).await;
        let told = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.";
        assert_eq!(answer.expect(400), json!({"created_at__date": [told]}), "{wrong}");
    }
}

#[actix_web::test]
async fn the_ends_of_the_calendar_are_moments_like_others() {
    let shop = made_at("2026-01-01T00:00:00Z").await;

    for (moment, after) in [
        ("0001-01-01T00:00:00Z", 1),
        ("1582-10-10T00:00:00Z", 1),
        ("1969-12-31T23:59:59Z", 1),
        ("2038-01-19T03:14:08Z", 0),
        ("9999-12-31T23:59:59.999999Z", 0),
        // A leap second is the last moment of its minute, or the first of the next.
        ("2016-12-31T23:59:60Z", 1),
    ] {
        assert_eq!(count(&shop, "created_at__gte", moment).await, after, "{moment}");
    }
    // An offset must not lead out of the calendar either.
    for moment in ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"] {
        let answer = shop.anonymous().get(&format!("/api/categories/?created_at__gte={}", encoded(moment))).await;
        assert_eq!(answer.expect(400), json!({"created_at__gte": [WRONG_MOMENT]}), "{moment}");
    }
}

#[actix_web::test]
async fn what_the_shop_writes_is_in_utc_with_a_z() {
    let shop = made_at("2026-07-01T12:00:00.5+02:00").await;

    let page = shop.anonymous().get("/api/categories/").await.expect(200);

    assert_eq!(page["results"][0]["created_at"], "2026-07-01T10:00:00.500Z");
    assert_eq!(shop.number("select count(*) from pg_settings where name = 'TimeZone' and setting = 'UTC'"), 1);
}

#[actix_web::test]
async fn dates_in_a_body_are_read_only_and_harmless() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;

    for moment in ["0000-00-00", "10000-01-01T00:00:00Z", "infinity", "2016-12-31T23:59:60Z"] {
        let body = json!({"name": "Mugs", "created_at": moment, "updated_at": moment});
        let made = staff.post("/api/categories/", body).await.expect(201);
        assert_ne!(made["created_at"], moment);
    }
}

//! Responses are stored for 24 hours.

use chrono::TimeDelta;
use mercer::jobs::PurgeIdempotencyKeys;
use mercer::platform::jobs::Job;

use super::{assert_replayed, guest_order, is_replayed, keyed, orders, stored};
use crate::support::TestShop;

#[actix_web::test]
async fn key_expires_after_24_hours_and_can_be_reused() {
    let shop = TestShop::new().await;
    let guest = keyed(&shop.anonymous(), "1");
    let mug = shop.product("Mug").create();
    let order = |quantity| guest.post("/api/orders/", guest_order("guest@example.com", &[(&mug, quantity)]));
    let first = order(1).await;

    shop.advance(TimeDelta::hours(24) - TimeDelta::seconds(5));
    assert_replayed(&first, &order(1).await);
    shop.advance(TimeDelta::seconds(5));

    let second = order(2).await;
    assert!(second.status == 201 && !is_replayed(&second));
    assert_ne!(first.json()["id"], second.json()["id"]);
    assert_replayed(&second, &order(2).await);
    assert_eq!((orders(&shop), stored(&shop)), (2, 1));
}

#[actix_web::test]
async fn purge_job_deletes_expired_keys_only() {
    let shop = TestShop::new().await;
    let guest = shop.anonymous();
    let mug = shop.product("Mug").stock(100).create();
    let order =
        async |key: &str| keyed(&guest, key).post("/api/orders/", guest_order("guest@example.com", &[(&mug, 1)])).await;
    order("1").await.expect(201);
    order("2").await.expect(201);
    shop.execute(
        "insert into idempotency_keys select convert_to(i::text, 'UTF8'), fingerprint, status, headers, null, null, \
         created_at, expires_at from (select * from idempotency_keys limit 1) k, generate_series(1, 1500) i",
    );
    shop.advance(TimeDelta::hours(12));
    let later = order("3").await;

    PurgeIdempotencyKeys {}.run(&shop.app).await.unwrap();
    assert_eq!(stored(&shop), 1503, "no key has expired yet");
    shop.advance(TimeDelta::hours(12) + TimeDelta::seconds(1));
    PurgeIdempotencyKeys {}.run(&shop.app).await.unwrap();

    assert_eq!((stored(&shop), orders(&shop)), (1, 3));
    assert_replayed(&later, &order("3").await);
    assert!(!is_replayed(&order("1").await));
    assert_eq!(orders(&shop), 4);
}

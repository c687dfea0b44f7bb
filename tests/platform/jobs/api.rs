//! HTTP endpoints of background jobs.

use mercer::platform::jobs::JobState;
use serde_json::json;

use super::{RunningWorker, enqueue_now, failure, note_of, row, run_once, runs, shop, until};

#[actix_web::test]
async fn only_superusers_have_access_to_jobs() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));
    let id = row(&shop).id;
    let (ana, staff) = (shop.customer("ana").await, shop.staff().await);
    let (list, one, replay) = ("/api/jobs/".to_owned(), format!("/api/jobs/{id}/"), format!("/api/jobs/{id}/replay/"));

    for url in [&list, &one] {
        assert_eq!(shop.anonymous().get(url).await.expect(401)["code"], "not_authenticated");
        for client in [&ana, &staff] {
            assert_eq!(client.get(url).await.expect(403)["code"], "permission_denied");
        }
    }
    assert_eq!(shop.anonymous().post(&replay, json!({})).await.status, 401);
    for client in [&ana, &staff] {
        assert_eq!(client.post(&replay, json!({})).await.status, 403);
    }
    assert_eq!(row(&shop).state, JobState::Queued);
}

#[actix_web::test]
async fn job_contains_its_last_error() {
    let shop = shop().await;
    enqueue_now(&shop, &failure("permanent"));
    let id = run_once(&shop).await.id;
    let root = shop.superuser().await;

    let job = root.get(&format!("/api/jobs/{id}/")).await.expect(200);

    assert_eq!(
        job,
        json!({
            "id": id, "name": "test.fail", "queue": "default", "payload": {"how": "permanent"}, "state": "dead",
            "attempts": 1, "max_attempts": 3, "last_error": "there is nothing to do", "run_at": job["run_at"],
            "created_at": job["created_at"], "finished_at": job["finished_at"],
        })
    );
    assert!(job["finished_at"].is_string());
    let missing = root.get("/api/jobs/01900000-0000-7000-8000-000000000000/").await;
    assert_eq!(missing.expect(404), json!({"detail": "Not found.", "code": "not_found"}));
    assert_eq!(root.get("/api/jobs/x/").await.status, 404);
}

#[actix_web::test]
async fn jobs_are_listed_newest_first_and_filtered() {
    let shop = shop().await;
    for job in [note_of("a"), note_of("b"), failure("x")] {
        enqueue_now(&shop, &job);
    }
    shop.execute("update jobs set state = 'dead' where payload->>'name' = 'a'");
    let root = shop.superuser().await;
    let names = async |query: &str| -> Vec<String> {
        let list = root.get(&format!("/api/jobs/{query}")).await.expect(200);
        let results = list["results"].as_array().unwrap().clone();
        assert_eq!(list["count"], results.len());
        results.iter().map(|job| job["payload"].to_string()).collect()
    };

    let [a, b, x] = [r#"{"name":"a"}"#, r#"{"name":"b"}"#, r#"{"how":"x"}"#];
    assert_eq!(names("").await, [x, b, a]);
    assert_eq!(names("?state=dead").await, [a]);
    assert_eq!(names("?name=test.note").await, [b, a]);
    assert_eq!(names("?name=test.note&state=queued").await, [b]);
    assert_eq!(names("?name=none").await, [""; 0]);
    let invalid = root.get("/api/jobs/?state=lost").await;
    assert_eq!(invalid.expect(400), json!({"state": ["\"lost\" is not a valid choice."]}));
}

#[actix_web::test]
async fn replayed_job_gets_all_its_attempts() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));
    shop.execute("update jobs set payload = '[1]', max_attempts = 1");
    let id = run_once(&shop).await.id;
    assert_eq!(row(&shop).state, JobState::Dead);
    shop.execute("update jobs set payload = '{\"name\": \"a\"}'");
    let root = shop.superuser().await;

    let replayed = root.post(&format!("/api/jobs/{id}/replay/"), json!({})).await.expect(200);

    assert_eq!(
        (&replayed["state"], &replayed["attempts"], &replayed["finished_at"]),
        (&json!("queued"), &json!(0), &json!(null))
    );
    let worker = RunningWorker::start(&shop);
    until(|| row(&shop).state == JobState::Done).await;
    worker.stop().await;
    assert_eq!(runs(&shop), ["a"]);
}

#[actix_web::test]
async fn only_dead_jobs_can_be_replayed() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));
    let id = row(&shop).id;
    let root = shop.superuser().await;
    let url = format!("/api/jobs/{id}/replay/");
    let not_dead = json!({"detail": "Only a dead job can be replayed.", "code": "job_not_dead"});

    assert_eq!(root.post(&url, json!({})).await.expect(409), not_dead);
    shop.execute("update jobs set state = 'done', attempts = 1, finished_at = now()");
    assert_eq!(root.post(&url, json!({})).await.expect(409), not_dead);
    assert_eq!((row(&shop).state, row(&shop).attempts), (JobState::Done, 1));

    let missing = root.post("/api/jobs/01900000-0000-7000-8000-000000000000/replay/", json!({})).await;
    assert_eq!(missing.expect(404)["code"], "not_found");
}

#[actix_web::test]
async fn concurrent_replays_succeed_once() {
    let shop = shop().await;
    enqueue_now(&shop, &note_of("a"));
    shop.execute("update jobs set state = 'dead', attempts = 8, finished_at = now()");
    let root = shop.superuser().await;
    let url = format!("/api/jobs/{}/replay/", row(&shop).id);

    let (one, other) = futures_util::join!(root.post(&url, json!({})), root.post(&url, json!({})));

    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!((row(&shop).state, row(&shop).attempts), (JobState::Queued, 0));
}

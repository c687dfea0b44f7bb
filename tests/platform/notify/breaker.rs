//! The circuit breaker, around a provider that fails and recovers.

use std::time::Duration;

use mercer::platform::notify::{Breaker, BreakerSettings, Twilio, TwilioSender, TwilioSettings};
use mercer::platform::ports::{DeliveryError, SmsGateway};
use mercer::platform::secret::Secret;
use pretty_assertions::assert_eq;
use serde_json::json;
use tokio::time::timeout;

use super::{BRIEFLY, class, sms};
use crate::support::fakes::{BRIEF, FakeHttp, HandClock, HttpResponse};

const PAUSE: Duration = Duration::from_secs(30);

/// Twilio behind a breaker that opens after three failures in a row.
struct Line {
    server: FakeHttp,
    clock: HandClock,
    gateway: Breaker<Twilio>,
}

impl Line {
    async fn open() -> Self {
        let server = FakeHttp::start([]).await;
        let clock = HandClock::new();
        let twilio = Twilio::new(&TwilioSettings {
            base_url: server.url(),
            account_sid: "AC0".to_owned(),
            auth_token: Secret::new("not-a-real-token".to_owned()),
            sender: TwilioSender::Number("+15005550006".to_owned()),
            status_callback: None,
            timeouts: BRIEFLY,
        });
        let settings = BreakerSettings { failures: 3, pause: PAUSE };
        Self { gateway: Breaker::new(twilio.unwrap(), settings, clock.reader()), server, clock }
    }

    /// Sends while the provider responds like this, and tells what came of it.
    async fn send(&self, response: HttpResponse) -> &'static str {
        self.server.then(response);
        match self.gateway.send(&sms()).await {
            Ok(_) => "sent",
            Err(error) => class(&error),
        }
    }

    async fn fail(&self, times: usize) {
        for _ in 0..times {
            assert_eq!(self.send(HttpResponse::empty(503, &[])).await, "unavailable");
        }
    }

    /// Sends while the provider should be left alone.
    async fn turned_away(&self) -> Option<Duration> {
        let asked = self.server.requests().len();
        let outcome = self.gateway.send(&sms()).await;
        assert_eq!(self.server.requests().len(), asked, "the provider is left alone");
        let Err(DeliveryError::Unavailable { reason, retry_after }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(reason, "twilio has failed repeatedly and is left alone for a while");
        retry_after
    }
}

fn accepted() -> HttpResponse {
    HttpResponse::json(201, &json!({ "sid": "SM1", "status": "queued" }))
}

fn bad_number() -> HttpResponse {
    HttpResponse::json(400, &json!({ "code": 21211, "message": "Invalid number" }))
}

#[tokio::test]
async fn a_provider_that_fails_is_left_alone_until_a_trial_succeeds() {
    let line = Line::open().await;
    line.fail(3).await;

    assert_eq!(line.turned_away().await, Some(PAUSE));
    line.clock.advance(Duration::from_secs(29));
    assert_eq!(line.turned_away().await, Some(Duration::from_secs(1)));

    line.clock.advance(Duration::from_secs(1));
    assert_eq!(line.send(accepted()).await, "sent");
    line.fail(2).await; // counts from nothing again
    assert_eq!(line.send(accepted()).await, "sent");
}

#[tokio::test]
async fn a_failed_trial_starts_another_pause() {
    let line = Line::open().await;
    line.fail(3).await;
    line.clock.advance(PAUSE);

    line.fail(1).await;

    assert_eq!(line.turned_away().await, Some(PAUSE));
    line.clock.advance(PAUSE);
    assert_eq!(line.send(accepted()).await, "sent");
}

#[tokio::test]
async fn only_failures_in_a_row_count() {
    let line = Line::open().await;

    line.fail(2).await;
    assert_eq!(line.send(accepted()).await, "sent");
    line.fail(2).await;

    assert_eq!(line.send(accepted()).await, "sent");
}

#[tokio::test]
async fn a_refusal_shows_that_the_provider_is_well() {
    let line = Line::open().await;

    line.fail(2).await;
    for _ in 0..5 {
        assert_eq!(line.send(bad_number()).await, "refused");
    }
    line.fail(3).await;
    assert_eq!(line.turned_away().await, Some(PAUSE));

    line.clock.advance(PAUSE);
    assert_eq!(line.send(bad_number()).await, "refused");
    assert_eq!(line.send(accepted()).await, "sent");
}

#[tokio::test]
async fn an_uncertain_outcome_is_a_failure_of_the_provider() {
    let line = Line::open().await;

    for _ in 0..3 {
        assert_eq!(line.send(HttpResponse::empty(500, &[])).await, "uncertain");
    }

    assert_eq!(line.turned_away().await, Some(PAUSE));
}

#[tokio::test]
async fn the_pause_is_as_long_as_the_provider_asks() {
    let line = Line::open().await;
    line.fail(2).await;

    assert_eq!(line.send(HttpResponse::empty(429, &[("Retry-After", "120")])).await, "unavailable");
    assert_eq!(line.turned_away().await, Some(Duration::from_secs(120)));

    line.clock.advance(Duration::from_secs(120));
    assert_eq!(line.send(HttpResponse::empty(429, &[("Retry-After", "5")])).await, "unavailable");
    assert_eq!(line.turned_away().await, Some(PAUSE)); // but never shorter than ours
}

#[tokio::test]
async fn one_message_tries_while_the_others_wait() {
    let line = Line::open().await;
    line.fail(3).await;
    line.clock.advance(PAUSE);

    // The trial is sent and gets no answer before the second message comes.
    let (trial, wait) = tokio::join!(line.send(HttpResponse::Silence), line.turned_away_during_trial());

    assert_eq!((trial, wait), ("uncertain", Some(PAUSE)));
    assert_eq!(line.server.requests().len(), 4);
}

#[tokio::test]
async fn a_trial_that_is_given_up_leaves_the_next_one_free_to_try() {
    let line = Line::open().await;
    line.fail(3).await;
    line.clock.advance(PAUSE);

    timeout(BRIEF / 3, line.send(HttpResponse::Silence)).await.unwrap_err();

    assert_eq!(line.send(accepted()).await, "sent");
    line.fail(2).await;
    assert_eq!(line.send(accepted()).await, "sent");
}

#[tokio::test]
async fn a_message_that_set_out_earlier_does_not_decide_about_the_pause() {
    let line = Line::open().await;
    line.fail(2).await;

    // The slow one's answer never comes; meanwhile the third failure opens the circuit.
    line.server.then(HttpResponse::Silence);
    let message = sms();
    let slow = line.gateway.send(&message);
    let meanwhile = async {
        tokio::task::yield_now().await;
        while line.server.requests().len() < 3 {
            tokio::task::yield_now().await;
        }
        line.fail(1).await;
        line.clock.advance(Duration::from_secs(10));
    };
    let (slow, ()) = tokio::join!(slow, meanwhile);

    assert_eq!(class(&slow.unwrap_err()), "uncertain");
    assert_eq!(line.turned_away().await, Some(Duration::from_secs(20)));
}

impl Line {
    /// As [`Self::turned_away`], while another message's request may still be on its way.
    async fn turned_away_during_trial(&self) -> Option<Duration> {
        match self.gateway.send(&sms()).await {
            Err(DeliveryError::Unavailable { retry_after, .. }) => retry_after,
            outcome => panic!("{outcome:?}"),
        }
    }
}

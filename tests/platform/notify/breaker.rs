//! The circuit breaker, around a provider that fails and recovers.

use std::time::Duration;

use mercer::platform::notify::{BreakerSettings, CircuitBreaker, Twilio, TwilioSender, TwilioSettings};
use mercer::platform::ports::{DeliveryError, SmsGateway};
use mercer::platform::secret::Secret;
use pretty_assertions::assert_eq;
use serde_json::json;
use tokio::time::timeout;

use super::{SHORT_TIMEOUTS, class, sms};
use crate::support::fakes::{FakeHttp, HttpResponse, ManualClock, SHORT_TIMEOUT};

const PAUSE: Duration = Duration::from_secs(30);

/// Twilio gateway with a circuit breaker that opens after three consecutive failures.
struct GuardedGateway {
    server: FakeHttp,
    clock: ManualClock,
    gateway: CircuitBreaker<Twilio>,
}

impl GuardedGateway {
    async fn start() -> Self {
        let server = FakeHttp::start([]).await;
        let clock = ManualClock::new();
        let twilio = Twilio::new(&TwilioSettings {
            base_url: server.url(),
            account_sid: "AC0".to_owned(),
            auth_token: Secret::new("not-a-real-token".to_owned()),
            sender: TwilioSender::Number("+15005550006".to_owned()),
            status_callback: None,
            timeouts: SHORT_TIMEOUTS,
        });
        let settings = BreakerSettings { failures: 3, pause: PAUSE };
        Self { gateway: CircuitBreaker::new(twilio.unwrap(), settings, clock.reader()), server, clock }
    }

    /// Sends a message to which the provider responds like this. Returns the kind of the result.
    async fn send(&self, response: HttpResponse) -> &'static str {
        self.server.enqueue(response);
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

    /// Sends a message while the circuit is open. Returns the remaining pause.
    async fn send_while_open(&self) -> Option<Duration> {
        let count = self.server.requests().len();
        let result = self.gateway.send(&sms()).await;
        assert_eq!(self.server.requests().len(), count, "no request is sent");
        let Err(DeliveryError::Unavailable { reason, retry_after }) = result else { panic!("{result:?}") };
        assert_eq!(reason, "twilio has failed repeatedly; Mercer tries it again later");
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
async fn circuit_stays_open_until_a_trial_succeeds() {
    let guarded = GuardedGateway::start().await;
    guarded.fail(3).await;

    assert_eq!(guarded.send_while_open().await, Some(PAUSE));
    guarded.clock.advance(Duration::from_secs(29));
    assert_eq!(guarded.send_while_open().await, Some(Duration::from_secs(1)));

    guarded.clock.advance(Duration::from_secs(1));
    assert_eq!(guarded.send(accepted()).await, "sent");
    guarded.fail(2).await; // the count starts again at zero
    assert_eq!(guarded.send(accepted()).await, "sent");
}

#[tokio::test]
async fn failed_trial_opens_the_circuit_again() {
    let guarded = GuardedGateway::start().await;
    guarded.fail(3).await;
    guarded.clock.advance(PAUSE);

    guarded.fail(1).await;

    assert_eq!(guarded.send_while_open().await, Some(PAUSE));
    guarded.clock.advance(PAUSE);
    assert_eq!(guarded.send(accepted()).await, "sent");
}

#[tokio::test]
async fn only_consecutive_failures_open_the_circuit() {
    let guarded = GuardedGateway::start().await;

    guarded.fail(2).await;
    assert_eq!(guarded.send(accepted()).await, "sent");
    guarded.fail(2).await;

    assert_eq!(guarded.send(accepted()).await, "sent");
}

#[tokio::test]
async fn rejected_message_does_not_count_as_a_provider_failure() {
    let guarded = GuardedGateway::start().await;

    guarded.fail(2).await;
    for _ in 0..5 {
        assert_eq!(guarded.send(bad_number()).await, "rejected");
    }
    guarded.fail(3).await;
    assert_eq!(guarded.send_while_open().await, Some(PAUSE));

    guarded.clock.advance(PAUSE);
    assert_eq!(guarded.send(bad_number()).await, "rejected");
    assert_eq!(guarded.send(accepted()).await, "sent");
}

#[tokio::test]
async fn uncertain_result_counts_as_a_provider_failure() {
    let guarded = GuardedGateway::start().await;

    for _ in 0..3 {
        assert_eq!(guarded.send(HttpResponse::empty(500, &[])).await, "uncertain");
    }

    assert_eq!(guarded.send_while_open().await, Some(PAUSE));
}

#[tokio::test]
async fn retry_after_extends_the_open_circuit() {
    let guarded = GuardedGateway::start().await;
    guarded.fail(2).await;

    assert_eq!(guarded.send(HttpResponse::empty(429, &[("Retry-After", "120")])).await, "unavailable");
    assert_eq!(guarded.send_while_open().await, Some(Duration::from_secs(120)));

    guarded.clock.advance(Duration::from_secs(120));
    assert_eq!(guarded.send(HttpResponse::empty(429, &[("Retry-After", "5")])).await, "unavailable");
    assert_eq!(guarded.send_while_open().await, Some(PAUSE)); // never shorter than the default pause
}

#[tokio::test]
async fn only_one_message_is_sent_as_a_trial() {
    let guarded = GuardedGateway::start().await;
    guarded.fail(3).await;
    guarded.clock.advance(PAUSE);

    // The trial has no response yet when the second message is sent.
    let (trial, wait) = tokio::join!(guarded.send(HttpResponse::Silence), guarded.send_during_trial());

    assert_eq!((trial, wait), ("uncertain", Some(PAUSE)));
    assert_eq!(guarded.server.requests().len(), 4);
}

#[tokio::test]
async fn cancelled_trial_permits_another_trial() {
    let guarded = GuardedGateway::start().await;
    guarded.fail(3).await;
    guarded.clock.advance(PAUSE);

    timeout(SHORT_TIMEOUT / 3, guarded.send(HttpResponse::Silence)).await.unwrap_err();

    assert_eq!(guarded.send(accepted()).await, "sent");
    guarded.fail(2).await;
    assert_eq!(guarded.send(accepted()).await, "sent");
}

#[tokio::test]
async fn result_of_an_earlier_message_does_not_change_the_open_circuit() {
    let guarded = GuardedGateway::start().await;
    guarded.fail(2).await;

    // The slow message never gets a response; meanwhile the third failure opens the circuit.
    guarded.server.enqueue(HttpResponse::Silence);
    let message = sms();
    let slow = guarded.gateway.send(&message);
    let meanwhile = async {
        tokio::task::yield_now().await;
        while guarded.server.requests().len() < 3 {
            tokio::task::yield_now().await;
        }
        guarded.fail(1).await;
        guarded.clock.advance(Duration::from_secs(10));
    };
    let (slow, ()) = tokio::join!(slow, meanwhile);

    assert_eq!(class(&slow.unwrap_err()), "uncertain");
    assert_eq!(guarded.send_while_open().await, Some(Duration::from_secs(20)));
}

impl GuardedGateway {
    /// Variant of [`Self::send_while_open`] for a running trial, whose request can arrive at any time.
    async fn send_during_trial(&self) -> Option<Duration> {
        match self.gateway.send(&sms()).await {
            Err(DeliveryError::Unavailable { retry_after, .. }) => retry_after,
            result => panic!("{result:?}"),
        }
    }
}

//! Circuit breaker: stops sending to a provider that fails repeatedly, and tries it again later.
//!
//! Without it, every queued message waits for its own timeout while a provider is down, and a recovering provider
//! receives all messages at once. The crate `failsafe` does not report how long the circuit stays open and does not
//! accept a clock, so Mercer has its own implementation.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use tracing::{info, warn};

use crate::platform::ports::{DeliveryError, Mail, Mailer, Receipt, Sms, SmsGateway};

/// Clock that measures elapsed time. A wall clock is unsuitable because it can be adjusted.
pub type MonotonicClock = Arc<dyn Fn() -> Instant + Send + Sync>;

#[derive(Debug, Clone, Copy)]
pub struct BreakerSettings {
    /// Number of consecutive failures that opens the circuit.
    pub failures: u32,
    /// Time that the circuit stays open, unless the provider requests more.
    pub pause: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, pause: Duration::from_secs(30) }
    }
}

/// Gateway with a circuit that opens after several consecutive failures.
///
/// While the circuit is open, sends fail at once with [`DeliveryError::Unavailable`] and the remaining time. After the
/// pause, a single message is sent as a trial: it closes the circuit or opens it again. A rejected message is not a
/// failure of the provider.
pub struct CircuitBreaker<G> {
    gateway: G,
    circuit: Circuit,
}

impl<G> CircuitBreaker<G> {
    pub fn new(gateway: G, settings: BreakerSettings, clock: MonotonicClock) -> Self {
        let state = Mutex::new(State::Closed { failures: 0 });
        Self { gateway, circuit: Circuit { settings, clock, state } }
    }
}

impl<G: Mailer> Mailer for CircuitBreaker<G> {
    fn name(&self) -> &'static str {
        self.gateway.name()
    }

    fn is_idempotent(&self) -> bool {
        self.gateway.is_idempotent()
    }

    fn is_available(&self) -> bool {
        matches!(*self.circuit.state(), State::Closed { .. })
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<Receipt, DeliveryError>> {
        Box::pin(self.circuit.guard(self.gateway.name(), self.gateway.send(mail)))
    }
}

impl<G: SmsGateway> SmsGateway for CircuitBreaker<G> {
    fn name(&self) -> &'static str {
        self.gateway.name()
    }

    fn is_idempotent(&self) -> bool {
        self.gateway.is_idempotent()
    }

    fn is_available(&self) -> bool {
        matches!(*self.circuit.state(), State::Closed { .. })
    }

    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<Receipt, DeliveryError>> {
        Box::pin(self.circuit.guard(self.gateway.name(), self.gateway.send(sms)))
    }
}

struct Circuit {
    settings: BreakerSettings,
    clock: MonotonicClock,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Messages are sent. Counts the consecutive failures.
    Closed { failures: u32 },
    /// No message is sent until `pause` has elapsed.
    Open { since: Instant, pause: Duration },
    /// One message is sent as a trial; the others wait for its result.
    HalfOpen,
}

/// Health of the provider, derived from the result of one attempt.
enum ProviderHealth {
    Healthy,
    /// The attempt failed. The provider may have requested a pause.
    Failing {
        retry_after: Option<Duration>,
    },
}

impl ProviderHealth {
    fn from_result(result: &Result<Receipt, DeliveryError>) -> Self {
        match result {
            Ok(_) | Err(DeliveryError::Rejected { .. }) => Self::Healthy,
            Err(DeliveryError::Unavailable { retry_after, .. }) => Self::Failing { retry_after: *retry_after },
            Err(DeliveryError::Uncertain { .. }) => Self::Failing { retry_after: None },
        }
    }
}

impl Circuit {
    /// Runs the attempt if the circuit permits it. The future sends nothing until it is polled.
    async fn guard(
        &self,
        provider: &'static str,
        attempt: BoxFuture<'_, Result<Receipt, DeliveryError>>,
    ) -> Result<Receipt, DeliveryError> {
        let permit = self.acquire(provider)?;
        let result = attempt.await;
        permit.complete(&ProviderHealth::from_result(&result));
        result
    }

    fn acquire(&self, provider: &'static str) -> Result<AttemptPermit<'_>, DeliveryError> {
        let mut state = self.state();
        let wait = match *state {
            State::Closed { .. } => {
                return Ok(AttemptPermit { circuit: self, provider, is_trial: false });
            }
            State::Open { since, pause } => pause.saturating_sub((self.clock)().saturating_duration_since(since)),
            State::HalfOpen => self.settings.pause,
        };
        if wait.is_zero() {
            *state = State::HalfOpen;
            return Ok(AttemptPermit { circuit: self, provider, is_trial: true });
        }

        Err(DeliveryError::Unavailable {
            reason: format!("{provider} has failed repeatedly; Mercer tries it again later"),
            retry_after: Some(wait),
        })
    }

    fn open(&self, state: &mut State, provider: &'static str, retry_after: Option<Duration>) {
        let pause = retry_after.unwrap_or_default().max(self.settings.pause);
        *state = State::Open { since: (self.clock)(), pause };
        warn!(provider, "{provider} fails repeatedly; the next attempt is in {} s", pause.as_secs());
    }

    /// Returns the state. It is one plain value, so a poisoned lock cannot contain a partial write.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Permit for one attempt.
struct AttemptPermit<'a> {
    circuit: &'a Circuit,
    provider: &'static str,
    is_trial: bool,
}

impl AttemptPermit<'_> {
    fn complete(mut self, health: &ProviderHealth) {
        let mut state = self.circuit.state();
        match (*state, health) {
            (State::Closed { .. }, ProviderHealth::Healthy) => *state = State::Closed { failures: 0 },
            (State::Closed { failures }, ProviderHealth::Failing { retry_after }) => {
                let failures = failures.saturating_add(1);
                if failures >= self.circuit.settings.failures {
                    self.circuit.open(&mut state, self.provider, *retry_after);
                } else {
                    *state = State::Closed { failures };
                }
            }
            (State::HalfOpen, ProviderHealth::Healthy) if self.is_trial => {
                *state = State::Closed { failures: 0 };
                info!(provider = self.provider, "{} is available again", self.provider);
            }
            (State::HalfOpen, ProviderHealth::Failing { retry_after }) if self.is_trial => {
                self.circuit.open(&mut state, self.provider, *retry_after);
            }
            // The attempt started before the circuit opened. Now only the result of the trial changes the state.
            (State::Open { .. } | State::HalfOpen, _) => {}
        }
        drop(state);
        self.is_trial = false;
    }
}

impl Drop for AttemptPermit<'_> {
    /// Ends a trial whose future was dropped: it has no result, so the next message becomes the trial.
    fn drop(&mut self) {
        if self.is_trial {
            let now = (self.circuit.clock)();
            *self.circuit.state() = State::Open { since: now, pause: Duration::ZERO };
        }
    }
}

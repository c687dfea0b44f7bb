//! A circuit breaker: stop asking a provider that does not answer, and ask again later.
//!
//! Without it, every message in the queue waits for its own time-out while a provider is down,
//! and a provider that is coming back is met by all of them at once. It is our own because the
//! crate we looked at (`failsafe`) cannot say how long it will stay open and takes no clock.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use tracing::{info, warn};

use crate::platform::ports::{DeliveryError, Mail, Mailer, Receipt, Sms, SmsGateway};

/// Tells how much time has passed; wall clocks are no good for that, as they get corrected.
pub type MonotonicClock = Arc<dyn Fn() -> Instant + Send + Sync>;

#[derive(Debug, Clone, Copy)]
pub struct BreakerSettings {
    /// Failures in a row after which the provider is left alone.
    pub failures: u32,
    /// How long it is left alone, unless it asked for longer.
    pub pause: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, pause: Duration::from_secs(30) }
    }
}

/// A gateway that is left alone for a while after it has failed several times in a row.
///
/// While it is left alone, sends answer [`DeliveryError::Unavailable`] at once, with the time
/// that remains. Then a single message tries it again: it closes the circuit or starts another
/// pause. A refusal is not a failure: the provider is well, it was the message it did not like.
pub struct Breaker<G> {
    gateway: G,
    circuit: Circuit,
}

impl<G> Breaker<G> {
    pub fn new(gateway: G, settings: BreakerSettings, clock: MonotonicClock) -> Self {
        let state = Mutex::new(State::Closed { failures: 0 });
        Self { gateway, circuit: Circuit { settings, clock, state } }
    }
}

impl<G: Mailer> Mailer for Breaker<G> {
    fn name(&self) -> &'static str {
        self.gateway.name()
    }

    fn repeats_safely(&self) -> bool {
        self.gateway.repeats_safely()
    }

    fn is_answering(&self) -> bool {
        matches!(*self.circuit.state(), State::Closed { .. })
    }

    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<Receipt, DeliveryError>> {
        Box::pin(self.circuit.guard(self.gateway.name(), self.gateway.send(mail)))
    }
}

impl<G: SmsGateway> SmsGateway for Breaker<G> {
    fn name(&self) -> &'static str {
        self.gateway.name()
    }

    fn repeats_safely(&self) -> bool {
        self.gateway.repeats_safely()
    }

    fn is_answering(&self) -> bool {
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
    /// Messages pass; so many have failed in a row.
    Closed { failures: u32 },
    /// No message passes until `pause` has gone by.
    Open { since: Instant, pause: Duration },
    /// One message is trying; the others wait for what becomes of it.
    HalfOpen,
}

/// What an attempt says about the provider.
enum Health {
    Well,
    /// It failed, and perhaps asked for a pause.
    Ill {
        asked: Option<Duration>,
    },
}

impl Health {
    fn of(outcome: &Result<Receipt, DeliveryError>) -> Self {
        match outcome {
            Ok(_) | Err(DeliveryError::Refused { .. }) => Self::Well,
            Err(DeliveryError::Unavailable { retry_after, .. }) => Self::Ill { asked: *retry_after },
            Err(DeliveryError::Uncertain { .. }) => Self::Ill { asked: None },
        }
    }
}

impl Circuit {
    /// Runs the attempt if it may pass. A future that is not polled sends nothing.
    async fn guard(
        &self,
        provider: &'static str,
        attempt: BoxFuture<'_, Result<Receipt, DeliveryError>>,
    ) -> Result<Receipt, DeliveryError> {
        let passage = self.admit(provider)?;
        let outcome = attempt.await;
        passage.settle(&Health::of(&outcome));
        outcome
    }

    fn admit(&self, provider: &'static str) -> Result<Passage<'_>, DeliveryError> {
        let mut state = self.state();
        let wait = match *state {
            State::Closed { .. } => {
                return Ok(Passage { circuit: self, provider, is_trial: false });
            }
            State::Open { since, pause } => pause.saturating_sub((self.clock)().saturating_duration_since(since)),
            State::HalfOpen => self.settings.pause,
        };
        if wait.is_zero() {
            *state = State::HalfOpen;
            return Ok(Passage { circuit: self, provider, is_trial: true });
        }

        Err(DeliveryError::Unavailable {
            reason: format!("{provider} has failed repeatedly and is left alone for a while"),
            retry_after: Some(wait),
        })
    }

    fn open(&self, state: &mut State, provider: &'static str, asked: Option<Duration>) {
        let pause = asked.unwrap_or_default().max(self.settings.pause);
        *state = State::Open { since: (self.clock)(), pause };
        warn!(provider, "{provider} does not answer: it is left alone for {} s", pause.as_secs());
    }

    /// The state is one plain value, so a panic elsewhere cannot have left it half written.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to try the provider once.
struct Passage<'a> {
    circuit: &'a Circuit,
    provider: &'static str,
    is_trial: bool,
}

impl Passage<'_> {
    fn settle(mut self, health: &Health) {
        let mut state = self.circuit.state();
        match (*state, health) {
            (State::Closed { .. }, Health::Well) => *state = State::Closed { failures: 0 },
            (State::Closed { failures }, Health::Ill { asked }) => {
                let failures = failures.saturating_add(1);
                if failures >= self.circuit.settings.failures {
                    self.circuit.open(&mut state, self.provider, *asked);
                } else {
                    *state = State::Closed { failures };
                }
            }
            (State::HalfOpen, Health::Well) if self.is_trial => {
                *state = State::Closed { failures: 0 };
                info!(provider = self.provider, "{} answers again", self.provider);
            }
            (State::HalfOpen, Health::Ill { asked }) if self.is_trial => {
                self.circuit.open(&mut state, self.provider, *asked);
            }
            // A message that set out before the circuit opened: only the trial decides now.
            (State::Open { .. } | State::HalfOpen, _) => {}
        }
        drop(state);
        self.is_trial = false;
    }
}

impl Drop for Passage<'_> {
    /// A trial that was given up (its future dropped) has shown nothing: the next may try.
    fn drop(&mut self) {
        if self.is_trial {
            let now = (self.circuit.clock)();
            *self.circuit.state() = State::Open { since: now, pause: Duration::ZERO };
        }
    }
}

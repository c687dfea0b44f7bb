//! Hashing and verifying passwords on blocking threads, a few at a time.

use std::cell::Cell;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::sync::Semaphore;

use super::hash::PasswordHash;
use super::password::Password;
use crate::platform::error::Problem;

/// Permits for concurrent hashes. One hash occupies a core for a quarter of a second, so half of the cores stay free
/// for other requests.
static PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Arc::new(Semaphore::new((cores / 2).max(1)))
});

/// Longest wait for a permit. After that the request is rejected with 503.
const PERMIT_TIMEOUT: Duration = Duration::from_millis(900);

/// Hashes a password on a blocking thread.
pub async fn hash_password(password: Password, cost: u32) -> Result<PasswordHash, Problem> {
    run_limited(move || PasswordHash::new(&password, cost)).await
}

/// Result of comparing a password with a stored hash.
#[derive(Debug)]
pub enum PasswordCheck {
    Wrong,
    Correct,
    /// The password is correct, but the stored hash has an imported format or too low a cost. The caller replaces it
    /// with this hash.
    Outdated(PasswordHash),
}

impl PasswordCheck {
    pub const fn is_correct(&self) -> bool {
        !matches!(self, Self::Wrong)
    }
}

/// Compares a password with a stored hash.
///
/// Without a hash the function does the same amount of work and returns `Wrong`, so that the response time does not
/// reveal which accounts exist.
pub async fn check_password(
    password: Password,
    hash: Option<PasswordHash>,
    cost: u32,
) -> Result<PasswordCheck, Problem> {
    run_limited(move || {
        let Some(hash) = hash.filter(PasswordHash::is_supported) else {
            return PasswordHash::new(&password, cost).map(|_| PasswordCheck::Wrong);
        };
        let is_correct = hash.matches(&password)?;
        if hash.is_current(cost) {
            return Ok(if is_correct { PasswordCheck::Correct } else { PasswordCheck::Wrong });
        }
        // Also for a wrong password: otherwise the response time would distinguish a hash of lower cost from no hash.
        let new = PasswordHash::new(&password, cost)?;
        Ok(if is_correct { PasswordCheck::Outdated(new) } else { PasswordCheck::Wrong })
    })
    .await
}

/// Compares a password with a stored hash, for callers that do not replace outdated hashes.
pub async fn verify_password(password: Password, hash: Option<PasswordHash>, cost: u32) -> Result<bool, Problem> {
    check_password(password, hash, cost).await.map(|check| check.is_correct())
}

thread_local! {
    static STARTED_HASHES: Cell<u64> = const { Cell::new(0) };
}

/// Returns the number of hashes that this thread has started. Tests compare the work of two requests with it.
pub fn started_hash_count() -> u64 {
    STARTED_HASHES.get()
}

/// Runs `work` on a blocking thread with a permit.
///
/// The work holds the permit, not the waiting request: if a client disconnects, its hash still occupies a core.
async fn run_limited<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T, Problem> {
    STARTED_HASHES.set(STARTED_HASHES.get() + 1);
    let permit = tokio::time::timeout(PERMIT_TIMEOUT, Arc::clone(&PERMITS).acquire_owned()).await;
    let Ok(Ok(permit)) = permit else {
        return Err(Problem::unavailable(anyhow!("too many passwords are being hashed at the same time")));
    };
    let result = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    result.await.map_err(anyhow::Error::from).flatten().map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn passwords_that_differ_after_byte_72_are_different() {
        let long = "x".repeat(72);
        let hash = hash_password(password(&format!("{long}a")), 4).await.unwrap();
        assert!(verify_password(password(&format!("{long}a")), Some(hash.clone()), 4).await.unwrap());
        assert!(!verify_password(password(&format!("{long}b")), Some(hash), 4).await.unwrap());
    }

    #[tokio::test]
    async fn no_password_matches_a_missing_hash() {
        assert!(!verify_password(password("anything"), None, 4).await.unwrap());
    }
}

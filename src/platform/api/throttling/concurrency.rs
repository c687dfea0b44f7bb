//! Concurrency limit: the number of requests of one client (a principal or an address) that this process executes at
//! once.
//!
//! With a rate limit alone, a client with slow requests could take every database connection. A request beyond the
//! limit waits, because web pages send several requests at once, and is rejected if it waits too long.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::web::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Maximum time that a request waits for other requests of its client. Waiting for a database connection has a
/// separate timeout.
const WAIT_TIMEOUT: Duration = Duration::from_millis(800);

pub(super) struct ConcurrencyLimit {
    /// Maximum number of concurrent requests of one client.
    max: usize,
    /// Running requests by client. A client without requests has no entry.
    clients: Mutex<HashMap<String, ClientRequests>>,
}

struct ClientRequests {
    permits: Arc<Semaphore>,
    /// Number of waiting and running requests.
    requests: usize,
}

impl ConcurrencyLimit {
    pub fn new(max: usize) -> Self {
        Self { max, clients: Mutex::default() }
    }

    /// Waits for a permit. Returns None if the client's other requests take too long.
    pub async fn acquire(self: &Arc<Self>, client: &str) -> Option<Permit> {
        let (client, permits) = self.enter(client);
        let permit = tokio::time::timeout(WAIT_TIMEOUT, permits.acquire_owned()).await.ok()?.ok()?;
        Some(Permit { _permit: permit, _client: client })
    }

    fn enter(self: &Arc<Self>, client: &str) -> (CountedRequest, Arc<Semaphore>) {
        let mut clients = self.clients();
        let none = || ClientRequests { permits: Arc::new(Semaphore::new(self.max)), requests: 0 };
        let in_flight = clients.entry(client.to_owned()).or_insert_with(none);
        in_flight.requests += 1;
        (CountedRequest { limit: Arc::clone(self), client: client.to_owned() }, Arc::clone(&in_flight.permits))
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<String, ClientRequests>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one request of a client. Dropping it removes the request.
struct CountedRequest {
    limit: Arc<ConcurrencyLimit>,
    client: String,
}

impl Drop for CountedRequest {
    fn drop(&mut self) {
        if let Entry::Occupied(mut client) = self.limit.clients().entry(mem::take(&mut self.client)) {
            client.get_mut().requests -= 1;
            if client.get().requests == 0 {
                client.remove();
            }
        }
    }
}

/// Permit of a running request. Dropping it admits the next one.
pub struct Permit {
    _permit: OwnedSemaphorePermit,
    _client: CountedRequest,
}

impl Permit {
    /// Keeps the permit until a streamed body is sent completely. A body of known size releases it at once.
    pub fn keep_until_sent(self: Arc<Self>, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        match response.response().body().size() {
            BodySize::Stream => response.map_body(|_, body| BoxBody::new(PermittedBody { body, _permit: self })),
            BodySize::None | BodySize::Sized(_) => response,
        }
    }
}

struct PermittedBody {
    body: BoxBody,
    _permit: Arc<Permit>,
}

impl MessageBody for PermittedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::HttpResponse;
    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;
    use futures_util::{FutureExt, stream};

    use super::*;

    fn limit_of(max: usize) -> Arc<ConcurrencyLimit> {
        Arc::new(ConcurrencyLimit::new(max))
    }

    /// Returns a permit if one is free.
    fn try_acquire(limit: &Arc<ConcurrencyLimit>, client: &str) -> Option<Permit> {
        limit.acquire(client).now_or_never().flatten()
    }

    #[actix_web::test]
    async fn clients_have_separate_permits() {
        let limit = limit_of(2);

        let permits =
            [try_acquire(&limit, "a"), try_acquire(&limit, "a"), try_acquire(&limit, "a"), try_acquire(&limit, "b")];

        assert_eq!(permits.each_ref().map(Option::is_some), [true, true, false, true]);
    }

    #[actix_web::test]
    async fn released_permit_goes_to_the_waiting_request() {
        let limit = limit_of(1);
        let first = try_acquire(&limit, "a").unwrap();
        let mut second = Box::pin(limit.acquire("a"));
        assert!((&mut second).now_or_never().is_none());

        drop(first);

        assert!(second.now_or_never().flatten().is_some());
    }

    #[actix_web::test]
    async fn waiting_for_a_permit_times_out() {
        let limit = limit_of(1);
        let first = try_acquire(&limit, "a");

        assert!(limit.acquire("a").await.is_none());

        drop(first);
        assert!(try_acquire(&limit, "a").is_some());
    }

    #[actix_web::test]
    async fn client_without_requests_has_no_entry() {
        let limit = limit_of(1);

        let permit = try_acquire(&limit, "a");
        assert!(try_acquire(&limit, "a").is_none());
        assert_eq!(limit.clients().len(), 1);
        drop(permit);

        assert_eq!(limit.clients().len(), 0);
    }

    #[actix_web::test]
    async fn streamed_response_keeps_its_permit_until_the_end() {
        let limit = limit_of(1);
        let pieces = stream::iter([Ok::<_, actix_web::Error>(Bytes::from("a,")), Ok(Bytes::from("b"))]);
        let response = TestRequest::default().to_srv_response(HttpResponse::Ok().streaming(pieces));

        let response = Arc::new(try_acquire(&limit, "a").unwrap()).keep_until_sent(response);

        assert!(try_acquire(&limit, "a").is_none());
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), "a,b");
        assert!(try_acquire(&limit, "a").is_some());
    }

    #[actix_web::test]
    async fn response_of_known_size_releases_its_permit_at_once() {
        let limit = limit_of(1);
        let whole = TestRequest::default().to_srv_response(HttpResponse::Ok().body("whole"));

        let response = Arc::new(try_acquire(&limit, "a").unwrap()).keep_until_sent(whole);

        assert!(try_acquire(&limit, "a").is_some());
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), "whole");
    }
}

//! How many requests of one client, a principal or an address, this process works on at once.
//!
//! Rates alone would let a client whose requests are all slow take every connection to the database. Those beyond the
//! limit wait for their turn, for a page asks for many things at once, and are refused where it does not come soon.

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

/// So long a request waits for others of its client; as long as it then may for a connection to the database.
const PATIENCE: Duration = Duration::from_millis(800);

pub(super) struct ConcurrencyLimit {
    most: usize,
    /// By client; one without requests has no entry.
    clients: Mutex<HashMap<String, InFlight>>,
}

struct InFlight {
    permits: Arc<Semaphore>,
    /// Requests that wait or are worked on.
    requests: usize,
}

impl ConcurrencyLimit {
    pub fn new(most: usize) -> Self {
        Self { most, clients: Mutex::default() }
    }

    /// Waits for a permit; none where the client's other requests take too long.
    pub async fn acquire(self: &Arc<Self>, who: &str) -> Option<Permit> {
        let (client, permits) = self.enter(who);
        let permit = tokio::time::timeout(PATIENCE, permits.acquire_owned()).await.ok()?.ok()?;
        Some(Permit { _permit: permit, _client: client })
    }

    fn enter(self: &Arc<Self>, who: &str) -> (Client, Arc<Semaphore>) {
        let mut clients = self.clients();
        let none = || InFlight { permits: Arc::new(Semaphore::new(self.most)), requests: 0 };
        let in_flight = clients.entry(who.to_owned()).or_insert_with(none);
        in_flight.requests += 1;
        (Client { limit: Arc::clone(self), who: who.to_owned() }, Arc::clone(&in_flight.permits))
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<String, InFlight>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request of a client.
struct Client {
    limit: Arc<ConcurrencyLimit>,
    who: String,
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Entry::Occupied(mut client) = self.limit.clients().entry(mem::take(&mut self.who)) {
            client.get_mut().requests -= 1;
            if client.get().requests == 0 {
                client.remove();
            }
        }
    }
}

/// Held while a request is worked on.
pub struct Permit {
    _permit: OwnedSemaphorePermit,
    _client: Client,
}

impl Permit {
    /// What is sent in pieces holds its permit until the last of them; what is whole lets it go.
    pub fn hold_until_sent(self: Arc<Self>, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        match response.response().body().size() {
            BodySize::Stream => response.map_body(|_, body| BoxBody::new(Permitted { body, _permit: self })),
            BodySize::None | BodySize::Sized(_) => response,
        }
    }
}

struct Permitted {
    body: BoxBody,
    _permit: Arc<Permit>,
}

impl MessageBody for Permitted {
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

    fn limit_of(most: usize) -> Arc<ConcurrencyLimit> {
        Arc::new(ConcurrencyLimit::new(most))
    }

    /// A permit that nobody has to wait for.
    fn at_once(limit: &Arc<ConcurrencyLimit>, who: &str) -> Option<Permit> {
        limit.acquire(who).now_or_never().flatten()
    }

    #[actix_web::test]
    async fn each_client_has_permits_of_its_own() {
        let limit = limit_of(2);

        let permits = [at_once(&limit, "a"), at_once(&limit, "a"), at_once(&limit, "a"), at_once(&limit, "b")];

        assert_eq!(permits.each_ref().map(Option::is_some), [true, true, false, true]);
    }

    #[actix_web::test]
    async fn whoever_waits_gets_the_permit_that_is_let_go() {
        let limit = limit_of(1);
        let first = at_once(&limit, "a").unwrap();
        let mut second = Box::pin(limit.acquire("a"));
        assert!((&mut second).now_or_never().is_none());

        drop(first);

        assert!(second.now_or_never().flatten().is_some());
    }

    #[actix_web::test]
    async fn a_permit_that_does_not_come_is_waited_for_a_while() {
        let limit = limit_of(1);
        let first = at_once(&limit, "a");

        assert!(limit.acquire("a").await.is_none());

        drop(first);
        assert!(at_once(&limit, "a").is_some());
    }

    #[actix_web::test]
    async fn whoever_has_gone_is_forgotten() {
        let limit = limit_of(1);

        let permit = at_once(&limit, "a");
        assert!(at_once(&limit, "a").is_none());
        assert_eq!(limit.clients().len(), 1);
        drop(permit);

        assert_eq!(limit.clients().len(), 0);
    }

    #[actix_web::test]
    async fn what_is_sent_in_pieces_holds_its_permit_until_the_last() {
        let limit = limit_of(1);
        let pieces = stream::iter([Ok::<_, actix_web::Error>(Bytes::from("a,")), Ok(Bytes::from("b"))]);
        let response = TestRequest::default().to_srv_response(HttpResponse::Ok().streaming(pieces));

        let response = Arc::new(at_once(&limit, "a").unwrap()).hold_until_sent(response);

        assert!(at_once(&limit, "a").is_none());
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), "a,b");
        assert!(at_once(&limit, "a").is_some());
    }

    #[actix_web::test]
    async fn what_is_whole_lets_its_permit_go_at_once() {
        let limit = limit_of(1);
        let whole = TestRequest::default().to_srv_response(HttpResponse::Ok().body("whole"));

        let response = Arc::new(at_once(&limit, "a").unwrap()).hold_until_sent(whole);

        assert!(at_once(&limit, "a").is_some());
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), "whole");
    }
}

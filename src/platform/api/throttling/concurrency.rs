//! How many requests of one principal or address this process works on at once.
//!
//! Rates alone would let a client whose requests are all slow take every connection to the database.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::web::Bytes;

pub(super) struct ConcurrencyLimit {
    most: u32,
    /// How many of each there are; nobody of whom there is none.
    present: Mutex<HashMap<String, u32>>,
}

impl ConcurrencyLimit {
    /// At most so many of each, one at least.
    pub fn new(most: u32) -> Self {
        Self { most: most.max(1), present: Mutex::default() }
    }

    /// None where all places of theirs are taken.
    pub fn enter(self: &Arc<Self>, who: &str) -> Option<Place> {
        let mut present = self.present();
        let count = present.entry(who.to_owned()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { limit: Arc::clone(self), who: who.to_owned() })
    }

    fn present(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Taken by a request until it is answered, or its client has gone.
pub struct Place {
    limit: Arc<ConcurrencyLimit>,
    who: String,
}

impl Place {
    /// What is sent in pieces keeps its place until the last of them; what is whole gives it back.
    pub fn keep_until_sent(self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        match response.response().body().size() {
            BodySize::Stream => response.map_body(|_, body| BoxBody::new(Placed { body, _place: self })),
            BodySize::None | BodySize::Sized(_) => response,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let who = mem::take(&mut self.who);
        if let Entry::Occupied(mut count) = self.limit.present().entry(who) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

struct Placed {
    body: BoxBody,
    _place: Place,
}

impl MessageBody for Placed {
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
    use futures_util::stream;

    use super::*;

    fn limit_of(most: u32) -> Arc<ConcurrencyLimit> {
        Arc::new(ConcurrencyLimit::new(most))
    }

    #[test]
    fn everybody_has_places_of_their_own_and_gets_them_back() {
        let limit = limit_of(2);

        let (one, other) = (limit.enter("a").unwrap(), limit.enter("a"));

        assert!(other.is_some() && limit.enter("a").is_none());
        assert!(limit.enter("b").is_some());
        drop(one);
        assert!(limit.enter("a").is_some());
    }

    #[test]
    fn whoever_has_gone_is_forgotten() {
        let limit = limit_of(1);

        for who in ["a", "b", "a"] {
            let _place = limit.enter(who).unwrap();
            assert!(limit.enter(who).is_none());
        }

        assert_eq!(*limit.present(), HashMap::new());
    }

    #[actix_web::test]
    async fn what_is_sent_in_pieces_keeps_its_place_until_the_last() {
        let limit = limit_of(1);
        let pieces = stream::iter([Ok::<_, actix_web::Error>(Bytes::from("a,")), Ok(Bytes::from("b"))]);
        let response = TestRequest::default().to_srv_response(HttpResponse::Ok().streaming(pieces));

        let response = limit.enter("a").unwrap().keep_until_sent(response);

        assert!(limit.enter("a").is_none());
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), "a,b");
        assert!(limit.enter("a").is_some());
    }

    #[actix_web::test]
    async fn what_is_whole_gives_its_place_back_at_once() {
        let limit = limit_of(1);
        let whole = TestRequest::default().to_srv_response(HttpResponse::Ok().body("whole"));

        let response = limit.enter("a").unwrap().keep_until_sent(whole);

        assert!(limit.enter("a").is_some());
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), "whole");
    }
}

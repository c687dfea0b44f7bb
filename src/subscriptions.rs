//! Which event wakes which job: one exhaustive match, so that a new event that nobody considered does not compile.

use crate::orders::lifecycle::{AnnounceOrder, OrderEvent, OrderTopic};
use crate::platform::events::StoredEvent;
use crate::platform::jobs::NewJob;

/// The jobs that an event makes necessary.
pub fn jobs_for(stored: &StoredEvent) -> anyhow::Result<Vec<NewJob>> {
    let Some(event) = OrderEvent::read(stored)? else {
        // Events of the catalogue are for the feed; no job waits for them yet.
        return Ok(Vec::new());
    };
    match event.topic {
        OrderTopic::Confirmed | OrderTopic::Shipped | OrderTopic::Cancelled => {
            Ok(vec![NewJob::of(&AnnounceOrder::of(&event))?.once(event.id)])
        }
        OrderTopic::Created
        | OrderTopic::Processing
        | OrderTopic::Delivered
        | OrderTopic::Expired
        | OrderTopic::Returned => Ok(Vec::new()),
    }
}

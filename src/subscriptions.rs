//! Which event wakes which job: one exhaustive match, so that a new event that nobody considered does not compile.

use crate::customers::accounts::{CustomerEvent, CustomerTopic};
use crate::customers::verification::{MailToken, TokenLetter};
use crate::orders::lifecycle::{AdoptGuestOrders, AnnounceOrder, EraseOrderData, OrderEvent, OrderTopic};
use crate::platform::events::StoredEvent;
use crate::platform::jobs::NewJob;

/// The jobs that an event makes necessary.
pub fn jobs_for(stored: &StoredEvent) -> anyhow::Result<Vec<NewJob>> {
    if let Some(event) = OrderEvent::read(stored)? {
        return of_orders(&event);
    }
    if let Some(event) = CustomerEvent::read(stored)? {
        return of_customers(&event);
    }
    // Events of the catalogue are for the feed; no job waits for them yet.
    Ok(Vec::new())
}

fn of_orders(event: &OrderEvent) -> anyhow::Result<Vec<NewJob>> {
    match event.topic {
        OrderTopic::Confirmed | OrderTopic::Shipped | OrderTopic::Cancelled => {
            Ok(vec![NewJob::of(&AnnounceOrder::of(event))?.once(event.id)])
        }
        OrderTopic::Created
        | OrderTopic::Processing
        | OrderTopic::Delivered
        | OrderTopic::Expired
        | OrderTopic::Returned => Ok(Vec::new()),
    }
}

fn of_customers(event: &CustomerEvent) -> anyhow::Result<Vec<NewJob>> {
    let mail = |letter| NewJob::of(&MailToken::after(event, letter)).map(|job| vec![job.once(event.id)]);
    let customer = event.customer;
    match event.topic {
        CustomerTopic::Registered => Ok(mail(TokenLetter::VerifyEmail)?),
        CustomerTopic::RegistrationRepeated => Ok(mail(TokenLetter::AccountExists)?),
        CustomerTopic::Verified | CustomerTopic::EmailChanged => {
            Ok(vec![NewJob::of(&AdoptGuestOrders { customer })?.once(event.id)])
        }
        CustomerTopic::Erased => Ok(vec![NewJob::of(&EraseOrderData { customer })?.once(event.id)]),
        CustomerTopic::Deactivated | CustomerTopic::Activated => Ok(Vec::new()),
    }
}

//! Jobs that each event enqueues.
//!
//! The matches are exhaustive: a new topic does not compile until a developer decides which jobs it enqueues.

use crate::customers::accounts::{CustomerEvent, CustomerTopic};
use crate::customers::verification::{SendTokenMail, TokenMail};
use crate::events::DomainEvent;
use crate::orders::guest_orders::LinkGuestOrders;
use crate::orders::lifecycle::{OrderEvent, OrderTopic};
use crate::orders::notifications::SendOrderNotifications;
use crate::orders::privacy::EraseOrderData;
use crate::platform::events::StoredEvent;
use crate::platform::jobs::NewJob;
use crate::products::catalogue::{ProductEvent, ProductTopic};

/// Returns the jobs that an event enqueues.
pub fn jobs_for(stored: &StoredEvent) -> anyhow::Result<Vec<NewJob>> {
    match DomainEvent::from_stored(stored)? {
        DomainEvent::Orders(event) => jobs_for_order(&event),
        DomainEvent::Customers(event) => jobs_for_customer(&event),
        DomainEvent::Products(event) => Ok(jobs_for_product(event)),
    }
}

fn jobs_for_order(event: &OrderEvent) -> anyhow::Result<Vec<NewJob>> {
    match event.topic {
        OrderTopic::Confirmed | OrderTopic::Shipped | OrderTopic::Cancelled => {
            Ok(vec![NewJob::new(&SendOrderNotifications::for_event(event))?.unique(event.id)])
        }
        OrderTopic::Created
        | OrderTopic::Processing
        | OrderTopic::Delivered
        | OrderTopic::Expired
        | OrderTopic::Returned => Ok(Vec::new()),
    }
}

fn jobs_for_customer(event: &CustomerEvent) -> anyhow::Result<Vec<NewJob>> {
    let mail = |mail| NewJob::new(&SendTokenMail::after(event, mail)).map(|job| vec![job.unique(event.id)]);
    let customer = event.customer;
    match event.topic {
        CustomerTopic::Registered => Ok(mail(TokenMail::VerifyEmail)?),
        CustomerTopic::RegistrationRepeated => Ok(mail(TokenMail::AccountExists)?),
        CustomerTopic::Verified | CustomerTopic::EmailChanged => {
            Ok(vec![NewJob::new(&LinkGuestOrders { customer })?.unique(event.id)])
        }
        CustomerTopic::Erased => Ok(vec![NewJob::new(&EraseOrderData { customer })?.unique(event.id)]),
        CustomerTopic::Deactivated | CustomerTopic::Activated => Ok(Vec::new()),
    }
}

/// Product events appear only in the feed.
const fn jobs_for_product(event: ProductEvent) -> Vec<NewJob> {
    match event.topic {
        ProductTopic::Created | ProductTopic::Updated | ProductTopic::Archived => Vec::new(),
    }
}

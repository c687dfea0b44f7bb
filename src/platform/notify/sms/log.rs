//! Gateway for development that logs text messages instead of sending them.

use std::future::ready;

use futures_util::future::BoxFuture;
use tracing::info;

use super::{super::text::masked_number, number::ensure_number};
use crate::platform::ports::{DeliveryError, Receipt, Sms, SmsGateway};

const NAME: &str = "log";

/// Logs each message with a masked number instead of sending it.
///
/// It logs neither the text nor the complete number, because logs have more readers than messages.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogSms;

impl SmsGateway for LogSms {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<Receipt, DeliveryError>> {
        Box::pin(ready(ensure_number(&sms.to).map(|()| {
            let (id, to) = (sms.id, masked_number(&sms.to));
            info!(sms.id = %id, sms.to = %to, "Text message {id} to {to} was logged but not sent");
            Receipt { provider: NAME, reference: id.to_string() }
        })))
    }
}

//! Delivery of one message: records the intent, calls the provider, records the result.

use serde::{Deserialize, Serialize};

use super::models::{DeliveryAttempt, Message, MessageState};
use super::notifier::MessageContent;
use crate::platform::app::App;
use crate::platform::jobs::{Job, PermanentFailure, RetryAfter, is_first_attempt};
use crate::platform::ports::DeliveryError;
use crate::platform::types::MessageId;

/// Job that sends a queued message.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliverMessage {
    pub message: MessageId,
}

impl Job for DeliverMessage {
    const NAME: &'static str = "notify.deliver";
    const QUEUE: &'static str = "notify";

    async fn run(&self, app: &App) -> anyhow::Result<()> {
        let (id, now) = (self.message, app.clock.now());
        let Some(message) = app.db.write(move |conn| Message::begin(conn, id, now)).await? else {
            // The message was deleted when its recipient was erased.
            return Ok(());
        };
        if message.state == MessageState::Sent {
            return Ok(());
        }
        let provider = app.notifier.provider(message.medium);
        // An earlier attempt was interrupted while it was sending. If the provider would deliver the message a second
        // time, a staff member decides by replaying the job.
        let is_uncertain = matches!(message.state, MessageState::Sending | MessageState::Uncertain);
        if is_uncertain && !is_first_attempt() && !app.notifier.is_idempotent(message.medium) {
            let reason = "the worker stopped while it was sending the message".to_owned();
            return record_result(app, id, provider, Err(DeliveryError::Uncertain { reason })).await;
        }
        let context = message.full_context(&app.master_key)?;
        let content = MessageContent { template: &message.template, language: &message.language, context: &context };
        let result = app.notifier.send(id, message.medium, &message.recipient, content).await;
        let result = result.map(|receipt| receipt.reference);
        record_result(app, id, provider, result).await
    }
}

/// Records the result of an attempt. Returns an error that decides whether the job is retried.
async fn record_result(
    app: &App,
    id: MessageId,
    provider: &'static str,
    result: Result<String, DeliveryError>,
) -> anyhow::Result<()> {
    let (state, reference, error) = match result {
        Ok(reference) => (MessageState::Sent, Some(reference), None),
        Err(error @ DeliveryError::Rejected { .. }) => (MessageState::Rejected, None, Some(error)),
        Err(error @ DeliveryError::Uncertain { .. }) => (MessageState::Uncertain, None, Some(error)),
        Err(error @ DeliveryError::Unavailable { .. }) => (MessageState::Pending, None, Some(error)),
    };
    let attempt = DeliveryAttempt { state, provider, reference, failure: error.as_ref().map(ToString::to_string) };
    let now = app.clock.now();
    app.db.write(move |conn| attempt.record(conn, id, now)).await?;
    match error {
        None => Ok(()),
        Some(DeliveryError::Unavailable { reason, retry_after: Some(pause) }) => {
            Err(RetryAfter { reason, pause }.into())
        }
        Some(error @ DeliveryError::Unavailable { .. }) => Err(error.into()),
        Some(error) => Err(PermanentFailure(error.to_string()).into()),
    }
}

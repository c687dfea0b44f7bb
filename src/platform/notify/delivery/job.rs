//! Sending one message: the intent is written, the provider asked, the answer written.

use serde::{Deserialize, Serialize};

use super::models::{Attempt, Message, MessageState};
use super::notifier::Words;
use crate::platform::app::App;
use crate::platform::jobs::{Job, RetryAfter, WillNotSucceed, is_first_attempt};
use crate::platform::ports::DeliveryError;
use crate::platform::types::MessageId;

/// Sends a message that was queued.
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
            // It was forgotten with the person it was for.
            return Ok(());
        };
        if message.state == MessageState::Sent {
            return Ok(());
        }
        let provider = app.notifier.provider(message.medium);
        // A try before this one was cut off: while it sent, or before it could say that it does not know. Where
        // sending twice would be heard twice, a person decides, by replaying the job.
        let is_unclear = matches!(message.state, MessageState::Sending | MessageState::Uncertain);
        if is_unclear && !is_first_attempt() && !app.notifier.repeats_safely(message.medium) {
            let failure = "the program stopped while the message was being sent".to_owned();
            return end(app, id, provider, Err(DeliveryError::Uncertain { reason: failure })).await;
        }
        let context = message.whole_context(&app.master_key)?;
        let words = Words { template: &message.template, language: &message.language, context: &context };
        let result = app.notifier.send(id, message.medium, &message.recipient, words).await;
        let result = result.map(|receipt| receipt.reference);
        end(app, id, provider, result).await
    }
}

/// Writes how it ended, and says whether to try again.
async fn end(
    app: &App,
    id: MessageId,
    provider: &'static str,
    result: Result<String, DeliveryError>,
) -> anyhow::Result<()> {
    let (state, reference, error) = match result {
        Ok(reference) => (MessageState::Sent, Some(reference), None),
        Err(error @ DeliveryError::Refused { .. }) => (MessageState::Refused, None, Some(error)),
        Err(error @ DeliveryError::Uncertain { .. }) => (MessageState::Uncertain, None, Some(error)),
        Err(error @ DeliveryError::Unavailable { .. }) => (MessageState::Pending, None, Some(error)),
    };
    let attempt = Attempt { state, provider, reference, failure: error.as_ref().map(ToString::to_string) };
    let now = app.clock.now();
    app.db.write(move |conn| attempt.record(conn, id, now)).await?;
    match error {
        None => Ok(()),
        Some(DeliveryError::Unavailable { reason, retry_after: Some(pause) }) => {
            Err(RetryAfter { reason, pause }.into())
        }
        Some(error @ DeliveryError::Unavailable { .. }) => Err(error.into()),
        Some(error) => Err(WillNotSucceed(error.to_string()).into()),
    }
}

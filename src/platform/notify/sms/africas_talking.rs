//! Text messages through Africa's Talking.

use futures_util::future::BoxFuture;
use reqwest::{
    Client, Url,
    header::{ACCEPT, HeaderName, HeaderValue},
};
use serde::Deserialize;

use super::{
    super::{
        settings::{AfricasTalkingSettings, SettingsError},
        text::sms_reply,
    },
    ensure_number,
    exchange::{ask, client, endpoint},
};
use crate::platform::ports::{DeliveryError, Receipt, Sms, SmsGateway};

const NAME: &str = "africastalking";

/// HTTP has no capitals in header names; the provider's documentation writes `apiKey`.
const API_KEY: HeaderName = HeaderName::from_static("apikey");

/// Sends text messages through Africa's Talking.
pub struct AfricasTalking {
    client: Client,
    url: Url,
    api_key: HeaderValue,
    username: String,
    sender: Option<String>,
}

impl AfricasTalking {
    pub fn new(settings: &AfricasTalkingSettings) -> Result<Self, SettingsError> {
        let mut api_key = HeaderValue::from_str(settings.api_key.expose()).map_err(|_| SettingsError::ApiKey)?;
        api_key.set_sensitive(true);

        Ok(Self {
            client: client(settings.timeouts)?,
            url: endpoint(&settings.base_url, "/version1/messaging")?,
            api_key,
            username: settings.username.clone(),
            sender: settings.sender.clone(),
        })
    }

    async fn deliver(&self, sms: &Sms) -> Result<Receipt, DeliveryError> {
        ensure_number(&sms.to)?;
        let mut form =
            vec![("username", self.username.as_str()), ("to", sms.to.as_str()), ("message", sms.text.as_str())];
        if let Some(sender) = &self.sender {
            form.push(("from", sender));
        }
        form.push(("bulkSMSMode", "1"));

        let request = self
            .client
            .post(self.url.clone())
            .header(API_KEY, self.api_key.clone())
            .header(ACCEPT, "application/json")
            .form(&form);
        let answer = ask(request).await?;
        if !answer.status.is_success() {
            return Err(answer.failure(&answer.text()));
        }
        let reply: Reply = serde_json::from_slice(&answer.body).map_err(|_| answer.unreadable())?;
        reply.data.into_receipt()
    }
}

impl SmsGateway for AfricasTalking {
    fn name(&self) -> &'static str {
        NAME
    }

    /// It knows no id of ours, so it takes a repetition for another message.
    fn repeats_safely(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, sms: &'a Sms) -> BoxFuture<'a, Result<Receipt, DeliveryError>> {
        Box::pin(self.deliver(sms))
    }
}

#[derive(Deserialize)]
struct Reply {
    #[serde(rename = "SMSMessageData")]
    data: MessageData,
}

#[derive(Deserialize)]
struct MessageData {
    #[serde(rename = "Message")]
    message: String,
    #[serde(rename = "Recipients")]
    recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    status_code: u16,
    status: String,
    #[serde(default)]
    message_id: String,
}

impl MessageData {
    /// The HTTP status says only that the request was read; what became of the message is said
    /// for each recipient, and we have one. Without any, the message was turned away as a whole.
    fn into_receipt(self) -> Result<Receipt, DeliveryError> {
        match self.recipients.into_iter().next() {
            Some(recipient) => recipient.into_receipt(),
            None => Err(DeliveryError::Refused { reason: sms_reply(&self.message) }),
        }
    }
}

impl Recipient {
    fn into_receipt(self) -> Result<Receipt, DeliveryError> {
        let reason = sms_reply(&format!("{} {}", self.status_code, self.status));
        match self.status_code {
            // Processed, sent, queued.
            100..=102 => Ok(Receipt { provider: NAME, reference: self.message_id }),
            // Our balance is used up, or their gateway is down: both pass.
            405 | 500..=502 => Err(DeliveryError::Unavailable { reason, retry_after: None }),
            // Held as a risk, sender, number, kind of number, black list, no route, do not disturb.
            401..=404 | 406 | 407 | 409 => Err(DeliveryError::Refused { reason }),
            _ => Err(DeliveryError::Uncertain { reason }),
        }
    }
}

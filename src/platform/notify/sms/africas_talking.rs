//! SMS gateway of Africa's Talking.

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
    exchange::{client, endpoint, send},
    number::ensure_number,
};
use crate::platform::ports::{DeliveryError, Receipt, Sms, SmsGateway};

const NAME: &str = "africastalking";

/// Header of the API key. The provider's documentation writes `apiKey`, but header names are case-insensitive.
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
        let response = send(request).await?;
        if !response.status.is_success() {
            return Err(response.failure(&response.text()));
        }
        let reply: Reply = serde_json::from_slice(&response.body).map_err(|_| response.unreadable())?;
        reply.data.into_receipt()
    }
}

impl SmsGateway for AfricasTalking {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Returns false: the API accepts no idempotency key, so a repeated message is sent again.
    fn is_idempotent(&self) -> bool {
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
    /// Returns the receipt of the single recipient.
    ///
    /// The HTTP status covers only the request; the result is reported per recipient. If the response has no
    /// recipient, the provider rejected the message.
    fn into_receipt(self) -> Result<Receipt, DeliveryError> {
        match self.recipients.into_iter().next() {
            Some(recipient) => recipient.into_receipt(),
            None => Err(DeliveryError::Rejected { reason: sms_reply(&self.message) }),
        }
    }
}

impl Recipient {
    fn into_receipt(self) -> Result<Receipt, DeliveryError> {
        let reason = sms_reply(&format!("{} {}", self.status_code, self.status));
        match self.status_code {
            // Processed, sent, queued.
            100..=102 => Ok(Receipt { provider: NAME, reference: self.message_id }),
            // Insufficient balance, or the gateway is down: both are temporary.
            405 | 500..=502 => Err(DeliveryError::Unavailable { reason, retry_after: None }),
            // Risk hold, invalid sender, invalid number, unsupported number type, blacklisted, no route, do not
            // disturb.
            401..=404 | 406 | 407 | 409 => Err(DeliveryError::Rejected { reason }),
            _ => Err(DeliveryError::Uncertain { reason }),
        }
    }
}

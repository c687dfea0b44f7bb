//! SMS gateway of Twilio.

use futures_util::future::BoxFuture;
use reqwest::{Client, Url};
use serde::Deserialize;

use super::{
    super::{
        settings::{SettingsError, TwilioSender, TwilioSettings},
        text::sms_reply,
    },
    exchange::{ProviderResponse, client, endpoint, send},
    number::ensure_number,
};
use crate::platform::{
    ports::{DeliveryError, Receipt, Sms, SmsGateway},
    secret::Secret,
};

const NAME: &str = "twilio";

/// Sends text messages through Twilio.
pub struct Twilio {
    client: Client,
    url: Url,
    account_sid: String,
    auth_token: Secret,
    sender: TwilioSender,
    status_callback: Option<String>,
}

impl Twilio {
    pub fn new(settings: &TwilioSettings) -> Result<Self, SettingsError> {
        let path = format!("/2010-04-01/Accounts/{}/Messages.json", settings.account_sid);
        Ok(Self {
            client: client(settings.timeouts)?,
            url: endpoint(&settings.base_url, &path)?,
            account_sid: settings.account_sid.clone(),
            auth_token: settings.auth_token.clone(),
            sender: settings.sender.clone(),
            status_callback: settings.status_callback.clone(),
        })
    }

    async fn deliver(&self, sms: &Sms) -> Result<Receipt, DeliveryError> {
        ensure_number(&sms.to)?;
        let sender = match &self.sender {
            TwilioSender::Number(number) => ("From", number.as_str()),
            TwilioSender::MessagingService(sid) => ("MessagingServiceSid", sid.as_str()),
        };
        let mut form = vec![("To", sms.to.as_str()), sender, ("Body", sms.text.as_str())];
        if let Some(url) = &self.status_callback {
            form.push(("StatusCallback", url));
        }

        let request = self
            .client
            .post(self.url.clone())
            .basic_auth(&self.account_sid, Some(self.auth_token.expose()))
            .form(&form);
        let response = send(request).await?;
        if !response.status.is_success() {
            return Err(response.failure(&error_message(&response)));
        }
        let message: Message = serde_json::from_slice(&response.body).map_err(|_| response.unreadable())?;
        message.into_receipt()
    }
}

impl SmsGateway for Twilio {
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
struct Message {
    sid: String,
    status: String,
    error_code: Option<u32>,
}

impl Message {
    /// Returns the receipt, or an error for the three final states of a message that was not delivered.
    fn into_receipt(self) -> Result<Receipt, DeliveryError> {
        if !matches!(self.status.as_str(), "failed" | "undelivered" | "canceled") {
            return Ok(Receipt { provider: NAME, reference: self.sid });
        }
        let code = self.error_code.map_or_else(String::new, |code| format!(" {code}"));
        Err(DeliveryError::Rejected { reason: format!("{}{code}", sms_reply(&self.status)) })
    }
}

/// Body of Twilio's error responses.
#[derive(Deserialize)]
struct ErrorBody {
    code: u32,
    message: String,
}

/// Returns the error code, which staff members can look up, and the error message.
fn error_message(response: &ProviderResponse) -> String {
    match serde_json::from_slice::<ErrorBody>(&response.body) {
        Ok(error) => format!("{} {}", error.code, error.message),
        Err(_) => response.text(),
    }
}

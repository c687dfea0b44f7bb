//! Text messages through Twilio.

use futures_util::future::BoxFuture;
use reqwest::{Client, Url};
use serde::Deserialize;

use super::{
    super::{
        settings::{SettingsError, TwilioSender, TwilioSettings},
        text::sms_reply,
    },
    ensure_number,
    exchange::{Answer, ask, client, endpoint},
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
        let answer = ask(request).await?;
        if !answer.status.is_success() {
            return Err(answer.failure(&words(&answer)));
        }
        let message: Message = serde_json::from_slice(&answer.body).map_err(|_| answer.unreadable())?;
        message.into_receipt()
    }
}

impl SmsGateway for Twilio {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Its API has no idempotency key, so it takes a repetition for another message.
    fn repeats_safely(&self) -> bool {
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
    /// Every state is one of accepted messages, but for three that nothing comes after.
    fn into_receipt(self) -> Result<Receipt, DeliveryError> {
        if !matches!(self.status.as_str(), "failed" | "undelivered" | "canceled") {
            return Ok(Receipt { provider: NAME, reference: self.sid });
        }
        let code = self.error_code.map_or_else(String::new, |code| format!(" {code}"));
        Err(DeliveryError::Refused { reason: format!("{}{code}", sms_reply(&self.status)) })
    }
}

/// The shape of Twilio's error answers.
#[derive(Deserialize)]
struct Problem {
    code: u32,
    message: String,
}

/// The error's code, which staff can look up, and its words.
fn words(answer: &Answer) -> String {
    match serde_json::from_slice::<Problem>(&answer.body) {
        Ok(problem) => format!("{} {}", problem.code, problem.message),
        Err(_) => answer.text(),
    }
}

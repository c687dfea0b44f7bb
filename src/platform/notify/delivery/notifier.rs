//! Providers of e-mail and text messages, created from the configuration.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use super::models::Medium;
use crate::platform::config::{Config, SmsProvider};
use crate::platform::notify::breaker::{BreakerSettings, CircuitBreaker};
use crate::platform::notify::mail::{FileMailer, SmtpMailer};
use crate::platform::notify::settings::{
    AfricasTalkingSettings, ProviderTimeouts, SmtpSettings, TwilioSender, TwilioSettings,
};
use crate::platform::notify::sms::{AfricasTalking, LogSms, Twilio};
use crate::platform::notify::templates::{TemplateError, Templates};
use crate::platform::ports::{DeliveryError, Mail, Mailer, Receipt, Sms, SmsGateway};
use crate::platform::types::MessageId;

/// Content of a message: a template, a language and the variables.
pub(super) struct MessageContent<'a> {
    pub template: &'a str,
    pub language: &'a str,
    pub context: &'a Value,
}

/// Renders messages and passes them to the provider of their medium.
pub struct Notifier {
    mailer: Arc<dyn Mailer>,
    sms: Arc<dyn SmsGateway>,
    templates: Templates,
}

impl Notifier {
    /// Creates the providers. Fails if a template or a setting is invalid, so that the error appears at start-up.
    pub fn new(config: &Config) -> Result<Self> {
        let templates = Templates::compile()?;
        templates.check()?;
        Ok(Self { mailer: mailer(config)?, sms: sms_gateway(config)?, templates })
    }

    pub fn provider(&self, medium: Medium) -> &'static str {
        match medium {
            Medium::Email => self.mailer.name(),
            Medium::Sms => self.sms.name(),
        }
    }

    /// Returns false if a circuit breaker is open.
    pub fn is_available(&self) -> bool {
        self.mailer.is_available() && self.sms.is_available()
    }

    /// Returns true if the provider delivers a message only once although it is sent twice.
    pub fn is_idempotent(&self, medium: Medium) -> bool {
        match medium {
            Medium::Email => self.mailer.is_idempotent(),
            Medium::Sms => self.sms.is_idempotent(),
        }
    }

    pub(super) async fn send(
        &self,
        id: MessageId,
        medium: Medium,
        recipient: &str,
        content: MessageContent<'_>,
    ) -> Result<Receipt, DeliveryError> {
        let MessageContent { template, language, context } = content;
        // A template that cannot be rendered now cannot be rendered later either.
        let rejected = |error: TemplateError| DeliveryError::Rejected { reason: error.to_string() };
        match medium {
            Medium::Email => {
                let content = self.templates.render_mail(template, language, context).map_err(rejected)?;
                let mail = Mail {
                    id: id.into(),
                    to: recipient.to_owned(),
                    subject: content.subject,
                    text: content.text,
                    html: content.html,
                };
                self.mailer.send(&mail).await
            }
            Medium::Sms => {
                let text = self.templates.render_sms(template, language, context).map_err(rejected)?;
                self.sms.send(&Sms { id: id.into(), to: recipient.to_owned(), text }).await
            }
        }
    }
}

fn mailer(config: &Config) -> Result<Arc<dyn Mailer>> {
    let Some(url) = &config.smtp_url else {
        let folder = config.data_dir.join("mail");
        return Ok(Arc::new(
            FileMailer::new(folder, &config.mail_from).context("cannot create the folder for e-mails")?,
        ));
    };
    let settings =
        SmtpSettings { url: url.clone(), from: config.mail_from.clone(), timeouts: ProviderTimeouts::default() };
    let smtp = SmtpMailer::new(&settings).context("SMTP_URL or MAIL_FROM is invalid")?;
    Ok(Arc::new(CircuitBreaker::new(smtp, BreakerSettings::default(), Arc::new(Instant::now))))
}

fn sms_gateway(config: &Config) -> Result<Arc<dyn SmsGateway>> {
    let timeouts = ProviderTimeouts::default();
    match &config.sms {
        SmsProvider::Log => Ok(Arc::new(LogSms)),
        SmsProvider::AfricasTalking { url, username, api_key, sender } => {
            let gateway = AfricasTalking::new(&AfricasTalkingSettings {
                base_url: url.clone(),
                username: username.clone(),
                api_key: api_key.clone(),
                sender: sender.clone(),
                timeouts,
            })?;
            Ok(Arc::new(CircuitBreaker::new(gateway, BreakerSettings::default(), Arc::new(Instant::now))))
        }
        SmsProvider::Twilio { url, account_sid, auth_token, from } => {
            let sender = if from.starts_with("MG") {
                TwilioSender::MessagingService(from.clone())
            } else {
                TwilioSender::Number(from.clone())
            };
            let gateway = Twilio::new(&TwilioSettings {
                base_url: url.clone(),
                account_sid: account_sid.clone(),
                auth_token: auth_token.clone(),
                sender,
                status_callback: None,
                timeouts,
            })?;
            Ok(Arc::new(CircuitBreaker::new(gateway, BreakerSettings::default(), Arc::new(Instant::now))))
        }
    }
}

//! The ways out, set up from the settings.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use super::models::Medium;
use crate::platform::config::{Config, SmsProvider};
use crate::platform::notify::{
    AfricasTalking, AfricasTalkingSettings, Breaker, BreakerSettings, FileMailer, LogSms, SmtpMailer, SmtpSettings,
    Templates, Timeouts, Twilio, TwilioSender, TwilioSettings,
};
use crate::platform::ports::{DeliveryError, Mail, Mailer, Receipt, Sms, SmsGateway};
use crate::platform::types::MessageId;

/// What a message says: a template, in a language, of a context.
pub(super) struct Words<'a> {
    pub template: &'a str,
    pub language: &'a str,
    pub context: &'a Value,
}

/// Renders messages and hands them to the provider of their medium.
pub struct Notifier {
    mailer: Arc<dyn Mailer>,
    sms: Arc<dyn SmsGateway>,
    templates: Templates,
}

impl Notifier {
    /// Fails where a template is broken or a setting is wrong: better at the start than at the first order.
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

    /// Whether all providers answer, as far as is known.
    pub fn is_answering(&self) -> bool {
        self.mailer.is_answering() && self.sms.is_answering()
    }

    /// Whether sending one message twice has the effect of once.
    pub fn repeats_safely(&self, medium: Medium) -> bool {
        match medium {
            Medium::Email => self.mailer.repeats_safely(),
            Medium::Sms => self.sms.repeats_safely(),
        }
    }

    pub(super) async fn send(
        &self,
        id: MessageId,
        medium: Medium,
        recipient: &str,
        words: Words<'_>,
    ) -> Result<Receipt, DeliveryError> {
        let Words { template, language, context } = words;
        // Words that cannot be made now cannot be made later.
        let refused =
            |error: crate::platform::notify::TemplateError| DeliveryError::Refused { reason: error.to_string() };
        match medium {
            Medium::Email => {
                let words = self.templates.render_mail(template, language, context).map_err(refused)?;
                let mail = Mail {
                    id: id.into(),
                    to: recipient.to_owned(),
                    subject: words.subject,
                    text: words.text,
                    html: words.html,
                };
                self.mailer.send(&mail).await
            }
            Medium::Sms => {
                let text = self.templates.render_sms(template, language, context).map_err(refused)?;
                self.sms.send(&Sms { id: id.into(), to: recipient.to_owned(), text }).await
            }
        }
    }
}

fn mailer(config: &Config) -> Result<Arc<dyn Mailer>> {
    let Some(url) = &config.smtp_url else {
        let folder = config.data_dir.join("mail");
        return Ok(Arc::new(FileMailer::new(folder, &config.mail_from).context("the folder for mails")?));
    };
    let settings = SmtpSettings { url: url.clone(), from: config.mail_from.clone(), timeouts: Timeouts::default() };
    let smtp = SmtpMailer::new(&settings).context("SMTP_URL or MAIL_FROM")?;
    Ok(Arc::new(Breaker::new(smtp, BreakerSettings::default(), Arc::new(Instant::now))))
}

fn sms_gateway(config: &Config) -> Result<Arc<dyn SmsGateway>> {
    let timeouts = Timeouts::default();
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
            Ok(Arc::new(Breaker::new(gateway, BreakerSettings::default(), Arc::new(Instant::now))))
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
            Ok(Arc::new(Breaker::new(gateway, BreakerSettings::default(), Arc::new(Instant::now))))
        }
    }
}

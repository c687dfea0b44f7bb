//! Notifications by e-mail and text message.
//!
//! [`Templates`] contains the texts, compiled into the binary. The ports [`Mailer`](crate::platform::ports::Mailer)
//! and [`SmsGateway`](crate::platform::ports::SmsGateway) send them: e-mails with [`SmtpMailer`] or, in development,
//! [`FileMailer`]; text messages with [`AfricasTalking`], [`Twilio`] or [`LogSms`]. A [`CircuitBreaker`] around a
//! provider stops sending while the provider fails.

mod breaker;
mod delivery;
mod mail;
mod settings;
mod sms;
mod templates;
mod text;

pub use breaker::{BreakerSettings, CircuitBreaker, MonotonicClock};
pub use delivery::{
    DeliverMessage, Medium, MessageState, NewMessage, Notifier, delete_messages, encrypt_context, purge_messages,
    queue_message,
};
pub use mail::{FileMailer, SmtpMailer};
pub use settings::{
    AfricasTalkingSettings, ProviderTimeouts, SettingsError, SmtpSettings, TwilioSender, TwilioSettings,
};
pub use sms::{AfricasTalking, LogSms, Twilio};
pub use templates::{RenderedMail, TemplateError, Templates};

//! Notify: how the shop speaks to people, by e-mail and by text message.
//!
//! The words are in [`Templates`], compiled into the program. The ways out are the ports
//! [`Mailer`](crate::platform::ports::Mailer) and [`SmsGateway`](crate::platform::ports::SmsGateway): mail leaves by
//! [`SmtpMailer`] or, in development, by [`FileMailer`]; text messages by [`AfricasTalking`],
//! [`Twilio`] or [`LogSms`]. A [`Breaker`] around any of them stops asking a provider that does
//! not answer.

mod breaker;
mod delivery;
mod mail;
mod settings;
mod sms;
mod templates;
mod text;

pub use breaker::{Breaker, BreakerSettings, MonotonicClock};
pub use delivery::{
    DeliverMessage, Medium, MessageState, NewMessage, Notifier, forget_messages, purge_messages, queue_message,
    seal_context,
};
pub use mail::{FileMailer, SmtpMailer};
pub use settings::{AfricasTalkingSettings, SettingsError, SmtpSettings, Timeouts, TwilioSender, TwilioSettings};
pub use sms::{AfricasTalking, LogSms, Twilio};
pub use templates::{RenderedMail, TemplateError, Templates};

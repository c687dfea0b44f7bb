//! Text messages: two providers, and a gateway for development that only logs.

mod africas_talking;
mod exchange;
mod log;
mod number;
mod twilio;

pub use africas_talking::AfricasTalking;
pub use log::LogSms;
pub use twilio::Twilio;

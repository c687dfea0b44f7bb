//! E-mail: building a message, and the two mailers.

mod builder;
mod connection;
mod file;
mod smtp;

pub use file::FileMailer;
pub use smtp::SmtpMailer;

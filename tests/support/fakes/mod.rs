//! The outside world, played by small servers on loopback: our real clients speak to them.

mod clock;
mod device;
mod http;
mod log;
mod mail;
mod oidc;
mod smtp;

pub use clock::HandClock;
pub use device::Device;
pub use http::{FakeHttp, HttpRequest, HttpResponse};
pub use log::CapturedLog;
pub use mail::ReadMail;
pub use oidc::{FakeProvider, REDIRECT_URL, SigningKey, challenge_of, query_of};
pub use smtp::{FakeSmtp, Reaction, Step};

use std::time::Duration;

/// Long enough for loopback, short enough to wait for a server that says nothing.
pub const BRIEF: Duration = Duration::from_millis(300);

/// A port on which nobody listens.
pub async fn closed_port() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

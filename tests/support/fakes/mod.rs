//! Fakes of external systems: small servers on the loopback interface, to which the real clients connect.

mod clock;
mod device;
mod http;
mod log;
mod mail;
mod oidc;
mod smtp;

pub use clock::ManualClock;
pub use device::Device;
pub use http::{FakeHttp, HttpRequest, HttpResponse};
pub use log::CapturedLog;
pub use mail::ParsedMail;
pub use oidc::{FakeProvider, REDIRECT_URL, SigningKey, code_challenge, query_parameters};
pub use smtp::{FakeSmtp, Reaction, Step};

use std::time::Duration;

/// Timeout that is long enough for loopback and short enough for a test with a silent server.
pub const SHORT_TIMEOUT: Duration = Duration::from_millis(300);

/// Returns a port on which no process listens.
pub async fn closed_port() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().port()
}

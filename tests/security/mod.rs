//! The doors of the security checklist. `README.md` beside this file says where each item is tested.

mod bombs;
mod canaries;
mod content;
mod dates;
mod dependencies;
mod fields;
mod injection;
mod numbers;
mod objects;
mod routes;
mod sockets;
mod texts;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::support::{Client, TestResponse};

/// As it stands in a URL.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Sends these bytes as they are, called JSON.
async fn send_json(client: &Client, url: &str, body: impl Into<Vec<u8>>) -> TestResponse {
    let request = TestRequest::default().method(Method::POST).uri(url);
    client.call(request.insert_header(("content-type", "application/json")).set_payload(body.into())).await
}

//! Security tests. `README.md` in this directory lists the tests of each item of the checklist.

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

/// Percent-encodes a text for a URL.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Sends a POST request with these bytes as its JSON body.
async fn send_json(client: &Client, url: &str, body: impl Into<Vec<u8>>) -> TestResponse {
    let request = TestRequest::default().method(Method::POST).uri(url);
    client.call(request.insert_header(("content-type", "application/json")).set_payload(body.into())).await
}

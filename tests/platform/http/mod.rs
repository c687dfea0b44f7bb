//! HTTP behaviour that all rooms share: URLs, bodies, lists, headers and errors.

mod bodies;
mod compression;
mod cors;
mod forms;
mod headers;
mod lists;
mod protocol;
mod server_errors;
mod urls;

use actix_web::http::Method;
use actix_web::test::TestRequest;

use crate::support::{Client, TestResponse};

/// Sends a request with these bytes as its body.
async fn send_with(
    client: &Client,
    method: Method,
    url: &str,
    content_type: Option<&str>,
    body: impl Into<Vec<u8>>,
) -> TestResponse {
    let mut request = TestRequest::default().method(method).uri(url);
    if let Some(content_type) = content_type {
        request = request.insert_header(("content-type", content_type));
    }
    client.call(request.set_payload(body.into())).await
}

async fn send_raw(client: &Client, url: &str, content_type: Option<&str>, body: impl Into<Vec<u8>>) -> TestResponse {
    send_with(client, Method::POST, url, content_type, body).await
}

async fn send_json(client: &Client, url: &str, body: impl Into<Vec<u8>>) -> TestResponse {
    send_raw(client, url, Some("application/json"), body).await
}

//! API client and its responses.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

/// Function that sends a request to the application.
pub(super) type Caller = Rc<dyn Fn(actix_http::Request) -> LocalBoxFuture<'static, TestResponse>>;

/// API client with or without an access token.
#[derive(Clone)]
pub struct Client {
    caller: Caller,
    pub token: Option<String>,
    headers: Vec<(String, String)>,
    address: IpAddr,
}

impl Client {
    pub(super) fn new(caller: Caller, token: Option<String>) -> Self {
        Self { caller, token, headers: Vec::new(), address: Ipv4Addr::LOCALHOST.into() }
    }

    /// Returns the client with another IP address.
    pub fn at(&self, address: &str) -> Self {
        Self { address: address.parse().unwrap(), ..self.clone() }
    }

    /// Returns the client with one more header in every request.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub async fn get(&self, url: &str) -> TestResponse {
        self.send(Method::GET, url, None).await
    }

    pub async fn post(&self, url: &str, body: Value) -> TestResponse {
        self.send(Method::POST, url, Some(body)).await
    }

    pub async fn put(&self, url: &str, body: Value) -> TestResponse {
        self.send(Method::PUT, url, Some(body)).await
    }

    pub async fn patch(&self, url: &str, body: Value) -> TestResponse {
        self.send(Method::PATCH, url, Some(body)).await
    }

    pub async fn delete(&self, url: &str) -> TestResponse {
        self.send(Method::DELETE, url, None).await
    }

    pub async fn send(&self, method: Method, url: &str, body: Option<Value>) -> TestResponse {
        let request = TestRequest::default().method(method).uri(url);
        let request = match body {
            Some(body) => request.set_json(body),
            None => request,
        };
        self.call(request).await
    }

    /// Sends a request that the test has built, with the client's token and headers.
    pub async fn call(&self, request: TestRequest) -> TestResponse {
        let mut request = request.peer_addr((self.address, 50_000).into());
        if let Some(token) = &self.token {
            request = request.insert_header(("authorization", format!("Bearer {token}")));
        }
        for (name, value) in &self.headers {
            request = request.insert_header((name.as_str(), value.as_str()));
        }
        (self.caller)(request.to_request()).await
    }
}

/// Response with its complete body.
#[derive(Debug, Clone)]
pub struct TestResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl TestResponse {
    /// Returns the body as JSON, or null if it is empty.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {:?}", self.body))
    }

    /// Returns all values of a header, joined by commas.
    pub fn joined_header(&self, name: &str) -> String {
        let values: Vec<_> = self.headers.get_all(name).map(|value| value.to_str().unwrap()).collect();
        values.join(", ")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Checks the status and returns the body as JSON.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }
}

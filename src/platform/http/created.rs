//! The answer to a successful POST.

use actix_web::body::BoxBody;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

/// 201 with the new thing, and where it is.
#[derive(Debug)]
pub struct Created<T> {
    location: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    view: T,
}

impl<T: Serialize> Created<T> {
    /// `location` is the path of the new thing.
    pub fn at(location: String, view: T) -> Self {
        Self { location, headers: Vec::new(), view }
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl<T: Serialize> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Created();
        response.insert_header((header::LOCATION, self.location));
        for header in self.headers {
            response.append_header(header);
        }
        response.json(self.view)
    }
}

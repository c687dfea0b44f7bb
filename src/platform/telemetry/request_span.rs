//! Span of a request: method, path, id and status. It never contains the query, headers or body: they can be secret.

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use tracing::{Span, field, info, info_span};
use tracing_actix_web::{RequestId, RootSpanBuilder};

/// Builds the root span of every request.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(ToString::to_string);
        info_span!(
            "request",
            request.id = id,
            http.method = %request.method(),
            http.path = %request.path(),
            http.status = field::Empty,
            user.id = field::Empty,
        )
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, actix_web::Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("http.status", status.as_u16());
        span.in_scope(|| info!("{}", status));
    }
}

//! HEAD is GET without the body.

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;

/// In a request's extensions: the method that the client sent, where it was changed on the way in.
#[derive(Debug, Clone)]
pub struct SentMethod(pub String);

/// Middleware: routes know GET only; actix-web itself leaves out the body of an answer to HEAD and keeps its length.
pub async fn answer_head(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
        request.extensions_mut().insert(SentMethod("HEAD".to_owned()));
    }
    next.call(request).await
}

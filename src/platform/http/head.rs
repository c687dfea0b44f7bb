//! HEAD requests, which the server handles as GET.

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;

/// Method that the client sent, in the request's extensions if a middleware changed it.
#[derive(Debug, Clone)]
pub struct OriginalMethod(pub String);

/// Middleware that changes HEAD to GET, because routes are registered for GET only. actix-web omits the body of the
/// response and keeps its length.
pub async fn serve_head_as_get(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
        request.extensions_mut().insert(OriginalMethod("HEAD".to_owned()));
    }
    next.call(request).await
}

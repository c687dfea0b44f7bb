//! What no route matched: another method of a known URL, its OPTIONS, or nothing at all.

use std::collections::HashMap;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ResourceDef, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use utoipa::openapi::OpenApi;

use crate::platform::error::Problem;

/// Every URL and its methods, collected from the OpenAPI document.
#[derive(Debug)]
pub struct RouteTable {
    routes: Vec<Route>,
    /// The places of those without a variable part, by their path.
    literal: HashMap<String, usize>,
}

#[derive(Debug)]
struct Route {
    pattern: ResourceDef,
    methods: Vec<&'static str>,
    name: String,
}

impl Route {
    /// 405, unless it has this method.
    fn refusal(&self, method: &Method) -> Option<Problem> {
        if self.methods.contains(&method.as_str()) {
            return None;
        }
        let refused = Problem::method_not_allowed(method.as_str());
        Some(match header::HeaderValue::from_str(&self.methods.join(", ")) {
            Ok(allow) => refused.with_header(header::ALLOW, allow),
            Err(error) => Problem::internal(error.into()),
        })
    }
}

impl RouteTable {
    pub fn new(document: &OpenApi) -> Self {
        let routes = document.paths.paths.iter().map(|(path, item)| {
            let mut methods = Vec::new();
            let candidates = [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ];
            methods.extend(candidates.iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| *method));
            if methods.contains(&"GET") {
                methods.push("HEAD");
            }
            methods.push("OPTIONS");
            let summary = candidates.iter().find_map(|(_, operation)| operation.as_ref()?.summary.clone());
            Route { pattern: ResourceDef::new(path.clone()), methods, name: summary.unwrap_or_default() }
        });
        let literal = document.paths.paths.keys().enumerate().filter(|(_, path)| !path.contains('{'));
        Self { routes: routes.collect(), literal: literal.map(|(place, path)| (path.clone(), place)).collect() }
    }

    fn find(&self, path: &str) -> Option<&Route> {
        self.find_literal(path).or_else(|| self.routes.iter().find(|route| route.pattern.is_match(path)))
    }

    fn find_literal(&self, path: &str) -> Option<&Route> {
        self.literal.get(path).and_then(|place| self.routes.get(*place))
    }
}

/// Middleware: a URL that is spelled out is nobody's `{id}`: `DELETE /categories/tree/` is 405, whoever asks.
pub async fn refuse_other_methods(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let routes = request.app_data::<web::Data<RouteTable>>();
    let route = routes.and_then(|routes| routes.find_literal(request.path()));
    let refusal = route.and_then(|route| route.refusal(request.method()));
    match refusal {
        Some(problem) => Ok(request.error_response(problem)),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}

/// The default service: 405 with `Allow`, the metadata of OPTIONS, or 404.
pub async fn unmatched(request: HttpRequest, routes: web::Data<RouteTable>) -> Result<HttpResponse, Problem> {
    let route = routes.find(request.path()).ok_or_else(Problem::not_found)?;
    let allow = route.methods.join(", ");
    if request.method() == Method::OPTIONS {
        let metadata = json!({
            "name": route.name,
            "description": "",
            "renders": ["application/json"],
            "parses": ["application/json"],
        });
        return Ok(HttpResponse::Ok().insert_header((header::ALLOW, allow)).json(metadata));
    }
    // A known URL with a known method lands here only where a path part is of the wrong form: nothing is there.
    Err(route.refusal(request.method()).unwrap_or_else(Problem::not_found))
}

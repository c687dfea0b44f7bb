//! What no route matched: another method of a known URL, its OPTIONS, or nothing at all.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, dev::ResourceDef, web};
use serde_json::json;
use utoipa::openapi::OpenApi;

use crate::platform::error::Problem;

/// Every URL and its methods, collected from the OpenAPI document.
#[derive(Debug)]
pub struct RouteTable(Vec<Route>);

#[derive(Debug)]
struct Route {
    pattern: ResourceDef,
    methods: Vec<&'static str>,
    name: String,
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
        Self(routes.collect())
    }

    fn find(&self, path: &str) -> Option<&Route> {
        self.0.iter().find(|route| route.pattern.is_match(path))
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
    if route.methods.contains(&request.method().as_str()) {
        return Err(Problem::not_found());
    }
    let allow = header::HeaderValue::from_str(&allow).map_err(|error| Problem::internal(error.into()))?;
    Err(Problem::method_not_allowed(request.method().as_str()).with_header(header::ALLOW, allow))
}

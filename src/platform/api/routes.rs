//! Every URL and its methods, collected from the OpenAPI document.

use std::collections::HashMap;
use std::rc::Rc;

use actix_web::HttpMessage;
use actix_web::dev::{ResourceDef, ServiceRequest};
use actix_web::http::header::{ALLOW, HeaderValue};
use serde_json::{Map, Value};

use crate::platform::auth::{Permission, Principal};
use crate::platform::error::Problem;
use crate::platform::http::SentMethod;
use crate::platform::openapi::metadata_of;

/// All routes of the document.
#[derive(Debug)]
pub struct RouteTable {
    routes: Vec<Route>,
    /// The places of those without a variable part, by their path.
    literal: HashMap<String, usize>,
}

/// A URL with what may be done there.
#[derive(Debug)]
pub(super) struct Route {
    pattern: ResourceDef,
    /// The pattern up to its first variable part.
    prefix: String,
    operations: Vec<Operation>,
    pub allow: String,
    pub name: String,
    pub description: String,
}

#[derive(Debug)]
struct Operation {
    method: &'static str,
    guard: Guard,
    /// What a client may send, as DRF's metadata tells it.
    fields: Option<Value>,
}

/// Who is let in: what the document says, which a test compares with the handler's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    Open,
    SignedIn,
    Permitted(Permission),
}

impl Guard {
    fn of(operation: &Value) -> Self {
        let Some(alternatives) = operation.get("security").and_then(Value::as_array) else { return Self::Open };
        if alternatives.iter().any(|schemes| schemes.as_object().is_some_and(Map::is_empty)) {
            return Self::Open;
        }
        let role = alternatives.iter().find_map(|schemes| schemes.pointer("/jwtAuth/0")?.as_str());
        role.and_then(Permission::of_name).map_or(Self::SignedIn, Self::Permitted)
    }

    fn ensure(self, principal: Option<&Principal>) -> Result<(), Problem> {
        match (self, principal) {
            (Self::Open, _) | (Self::SignedIn, Some(_)) => Ok(()),
            (Self::SignedIn | Self::Permitted(_), None) => Err(Problem::not_authenticated()),
            (Self::Permitted(permission), Some(principal)) if principal.may(permission) => Ok(()),
            (Self::Permitted(_), Some(principal)) => Err(principal.refusal()),
        }
    }
}

impl Route {
    fn new(path: &str, item: &Value, document: &Value) -> Self {
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        let operations: Vec<(&'static str, &Value)> =
            methods.into_iter().filter_map(|method| Some((method, item.get(method.to_ascii_lowercase())?))).collect();
        let mut allow: Vec<&str> = operations.iter().map(|(method, _)| *method).collect();
        if allow.contains(&"GET") {
            allow.push("HEAD");
        }
        allow.push("OPTIONS");
        // The first one speaks for the URL: what is said of another is no part of it.
        let text = |name: &str| operations.first().and_then(|(_, operation)| operation.get(name)?.as_str());
        Self {
            pattern: ResourceDef::new(path),
            prefix: path.split('{').next().unwrap_or_default().to_owned(),
            allow: allow.join(", "),
            name: text("summary").unwrap_or_default().trim_end_matches('.').to_owned(),
            description: text("description").unwrap_or_default().to_owned(),
            operations: operations
                .iter()
                .map(|(method, operation)| Operation {
                    method,
                    guard: Guard::of(operation),
                    fields: metadata_of(document, operation),
                })
                .collect(),
        }
    }

    /// What keeps somebody from calling this method, in the order in which DRF looks: who they are, what they may,
    /// whether there is such a method. Of other methods only those hear who may call one.
    pub fn refuse_stranger(&self, method: &str, principal: Option<&Principal>) -> Result<(), Problem> {
        let method = if method == "HEAD" { "GET" } else { method };
        if let Some(operation) = self.operations.iter().find(|operation| operation.method == method) {
            return operation.guard.ensure(principal);
        }
        let mut guards = self.operations.iter().map(|operation| operation.guard.ensure(principal));
        let first = guards.next().unwrap_or(Ok(()));
        if first.is_ok() || guards.any(|guard| guard.is_ok()) { Ok(()) } else { first }
    }

    pub fn refuse_method(&self, method: &str) -> Result<(), Problem> {
        if self.allow.split(", ").any(|allowed| allowed == method) {
            return Ok(());
        }
        let refused = Problem::method_not_allowed(method);
        Err(match HeaderValue::from_str(&self.allow) {
            Ok(allow) => refused.with_header(ALLOW, allow),
            Err(error) => Problem::internal(error.into()),
        })
    }

    /// For POST and PUT, as DRF's metadata has it: what somebody may send.
    pub fn actions(&self, principal: Option<&Principal>) -> Map<String, Value> {
        let shown = self.operations.iter().filter(|operation| matches!(operation.method, "POST" | "PUT"));
        let allowed = shown.filter(|operation| operation.guard.ensure(principal).is_ok());
        allowed.filter_map(|operation| Some((operation.method.to_owned(), operation.fields.clone()?))).collect()
    }
}

impl RouteTable {
    /// From the finished document.
    pub fn new(document: &Value) -> Self {
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        let routes: Vec<(String, Route)> =
            paths.map(|(path, item)| (path.clone(), Route::new(path, item, document))).collect();
        let literal = routes.iter().enumerate().filter(|(_, (path, _))| !path.contains('{'));
        let literal = literal.map(|(place, (path, _))| (path.clone(), place)).collect();
        Self { routes: routes.into_iter().map(|(_, route)| route).collect(), literal }
    }

    /// A URL that is spelled out is nobody's `{id}`.
    pub(super) fn find(&self, path: &str) -> Option<&Route> {
        let literal = self.literal.get(path).and_then(|place| self.routes.get(*place));
        literal.or_else(|| {
            let mut candidates = self.routes.iter().filter(|route| path.starts_with(&route.prefix));
            candidates.find(|route| route.pattern.is_match(path))
        })
    }
}

/// The method that the client sent.
pub(super) fn sent_method(request: &ServiceRequest) -> Rc<str> {
    let changed = request.extensions().get::<SentMethod>().map(|sent| Rc::from(sent.0.as_str()));
    changed.unwrap_or_else(|| Rc::from(request.method().as_str()))
}

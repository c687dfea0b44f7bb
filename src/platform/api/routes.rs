//! The route table: every URL with its operations, collected from the OpenAPI document.

use std::collections::HashMap;
use std::rc::Rc;

use actix_web::HttpMessage;
use actix_web::dev::{ResourceDef, ServiceRequest};
use actix_web::http::header::{ALLOW, HeaderValue};
use serde_json::{Map, Value};

use super::throttling::RateLimitClass;
use crate::platform::auth::{Permission, Principal};
use crate::platform::error::Problem;
use crate::platform::http::OriginalMethod;
use crate::platform::openapi::{IGNORES_INVALID_CREDENTIALS, RATE_LIMIT, metadata_of};

/// All routes of the document.
#[derive(Debug)]
pub struct RouteTable {
    routes: Vec<Route>,
    /// Indices of the routes without parameters, by path.
    literal: HashMap<String, usize>,
}

/// A URL with its operations.
#[derive(Debug)]
pub(super) struct Route {
    pattern: ResourceDef,
    /// The pattern up to its first parameter.
    prefix: String,
    operations: Vec<Operation>,
    pub allow: String,
    pub name: String,
    pub description: String,
}

#[derive(Debug)]
struct Operation {
    method: &'static str,
    access_rule: AccessRule,
    policies: Policies,
    /// Fields of the request body, in the format of DRF's metadata.
    fields: Option<Value>,
}

/// Policies of an operation beside its access rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Policies {
    /// Class that differs from the default of the method.
    pub rate_limit: Option<RateLimitClass>,
    /// True if a request with invalid credentials counts as anonymous.
    pub ignores_invalid_credentials: bool,
    pub accepts_idempotency_keys: bool,
}

impl Policies {
    fn from_operation(operation: &Value) -> Self {
        let class = operation.get(RATE_LIMIT).and_then(Value::as_str).and_then(RateLimitClass::from_name);
        let mut parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
        Self {
            rate_limit: class,
            ignores_invalid_credentials: operation.get(IGNORES_INVALID_CREDENTIALS) == Some(&Value::Bool(true)),
            accepts_idempotency_keys: parameters
                .any(|parameter| parameter.get("name").and_then(Value::as_str) == Some("Idempotency-Key")),
        }
    }
}

/// Access rule of an operation, from the document, which derives it from the handler's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AccessRule {
    /// Anonymous requests are allowed.
    Public,
    Authenticated,
    Permission(Permission),
}

impl AccessRule {
    fn from_operation(operation: &Value) -> Self {
        let Some(alternatives) = operation.get("security").and_then(Value::as_array) else { return Self::Public };
        if alternatives.iter().any(|schemes| schemes.as_object().is_some_and(Map::is_empty)) {
            return Self::Public;
        }
        let permission = alternatives.iter().find_map(|schemes| schemes.pointer("/jwtAuth/0")?.as_str());
        permission.and_then(Permission::from_name).map_or(Self::Authenticated, Self::Permission)
    }

    fn ensure(self, principal: Option<&Principal>) -> Result<(), Problem> {
        match (self, principal) {
            (Self::Public, _) | (Self::Authenticated, Some(_)) => Ok(()),
            (Self::Authenticated | Self::Permission(_), None) => Err(Problem::not_authenticated()),
            (Self::Permission(permission), Some(principal)) if principal.has_permission(permission) => Ok(()),
            (Self::Permission(_), Some(principal)) => Err(principal.denial()),
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
        // The first operation names the URL in the metadata of OPTIONS.
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
                    access_rule: AccessRule::from_operation(operation),
                    policies: Policies::from_operation(operation),
                    fields: metadata_of(document, operation),
                })
                .collect(),
        }
    }

    /// Checks authentication and permission for this method, in the order of DRF.
    ///
    /// For a method that the URL does not have, the principal must be allowed to call one of its methods: otherwise the
    /// response does not reveal which methods exist.
    pub fn check_access(&self, method: &str, principal: Option<&Principal>) -> Result<(), Problem> {
        let method = if method == "HEAD" { "GET" } else { method };
        if let Some(operation) = self.operations.iter().find(|operation| operation.method == method) {
            return operation.access_rule.ensure(principal);
        }
        let mut access_rules = self.operations.iter().map(|operation| operation.access_rule.ensure(principal));
        let first = access_rules.next().unwrap_or(Ok(()));
        if first.is_ok() || access_rules.any(|access_rule| access_rule.is_ok()) { Ok(()) } else { first }
    }

    /// Returns 405 if the URL does not support the method.
    pub fn check_method(&self, method: &str) -> Result<(), Problem> {
        if self.allow.split(", ").any(|allowed| allowed == method) {
            return Ok(());
        }
        let problem = Problem::method_not_allowed(method);
        Err(match HeaderValue::from_str(&self.allow) {
            Ok(allow) => problem.with_header(ALLOW, allow),
            Err(error) => Problem::internal(error.into()),
        })
    }

    /// Returns the policies of a method. For a method that the URL does not support, invalid credentials are ignored if
    /// any method of the URL ignores them.
    pub fn policies(&self, method: &str) -> Policies {
        let method = if method == "HEAD" { "GET" } else { method };
        let found = self.operations.iter().find(|operation| operation.method == method);
        found.map(|operation| operation.policies).unwrap_or_else(|| Policies {
            ignores_invalid_credentials: self
                .operations
                .iter()
                .any(|operation| operation.policies.ignores_invalid_credentials),
            ..Policies::default()
        })
    }

    /// Returns the fields of POST and PUT that the principal is allowed to send, in the format of DRF's metadata.
    pub fn actions(&self, principal: Option<&Principal>) -> Map<String, Value> {
        let writes = self.operations.iter().filter(|operation| matches!(operation.method, "POST" | "PUT"));
        let allowed = writes.filter(|operation| operation.access_rule.ensure(principal).is_ok());
        allowed.filter_map(|operation| Some((operation.method.to_owned(), operation.fields.clone()?))).collect()
    }
}

impl RouteTable {
    /// Builds the table from the finished document.
    pub fn new(document: &Value) -> Self {
        let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
        let routes: Vec<(String, Route)> =
            paths.map(|(path, item)| (path.clone(), Route::new(path, item, document))).collect();
        let literal = routes.iter().enumerate().filter(|(_, (path, _))| !path.contains('{'));
        let literal = literal.map(|(index, (path, _))| (path.clone(), index)).collect();
        Self { routes: routes.into_iter().map(|(_, route)| route).collect(), literal }
    }

    /// Finds the route of a path. A literal route takes precedence over a route with parameters.
    pub(super) fn find(&self, path: &str) -> Option<&Route> {
        let literal = self.literal.get(path).and_then(|index| self.routes.get(*index));
        literal.or_else(|| {
            let mut candidates = self.routes.iter().filter(|route| path.starts_with(&route.prefix));
            candidates.find(|route| route.pattern.is_match(path))
        })
    }
}

/// Returns the method that the client sent, before any override.
pub(super) fn sent_method(request: &ServiceRequest) -> Rc<str> {
    let sent = request.extensions().get::<OriginalMethod>().map(|sent| Rc::from(sent.0.as_str()));
    sent.unwrap_or_else(|| Rc::from(request.method().as_str()))
}

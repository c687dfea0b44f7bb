//! The operations of the OpenAPI document.

use actix_web::http::Method;
use mercer::routes;
use serde_json::{Map, Value};

use super::case::Role;

/// OpenAPI document.
pub struct Document {
    pub operations: Vec<Operation>,
    schemas: Map<String, Value>,
}

/// Method of a URL.
#[derive(Debug, Clone)]
pub struct Operation {
    pub id: String,
    pub method: Method,
    /// Path with placeholders such as `{id}`.
    pub path: String,
    /// Schema of the JSON body.
    pub body: Option<Value>,
    /// Query parameters.
    pub queries: Vec<Query>,
    /// True if the operation supports `If-Match`.
    pub takes_match: bool,
    pub guard: Guard,
}

/// Required credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    Open,
    SignedIn,
    Permitted(String),
}

impl Guard {
    fn of(operation: &Value) -> Self {
        let alternatives = operation["security"].as_array().cloned().unwrap_or_else(|| vec![Value::Object(Map::new())]);
        if alternatives.contains(&Value::Object(Map::new())) {
            return Self::Open;
        }
        match alternatives[0]["jwtAuth"][0].as_str() {
            Some(permission) => Self::Permitted(permission.to_owned()),
            None => Self::SignedIn,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Query {
    pub name: String,
    /// Values of a list such as `ordering`.
    pub words: Vec<String>,
}

impl Document {
    pub fn read() -> Self {
        let document = routes::document().unwrap();
        Self::of(&serde_json::to_value(document).unwrap())
    }

    pub fn of(document: &Value) -> Self {
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else {
                    continue;
                };
                if operation.get("operationId").is_some() {
                    operations.push(Operation::of(path, method, operation));
                }
            }
        }
        let schemas = document["components"]["schemas"].as_object();
        Self { operations, schemas: schemas.cloned().unwrap_or_default() }
    }

    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// Returns every path once, in the order of the document.
    pub fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = self.operations.iter().map(|operation| operation.path.as_str()).collect();
        paths.dedup();
        paths
    }

    /// Returns the methods of a path.
    pub fn methods_of(&self, path: &str) -> Vec<&Method> {
        let of_path = self.operations.iter().filter(|operation| operation.path == path);
        of_path.map(|operation| &operation.method).collect()
    }

    /// Returns true if the role can use any method of the path.
    pub fn is_open_to(&self, path: &str, role: Role) -> bool {
        let mut of_path = self.operations.iter().filter(|operation| operation.path == path);
        of_path.any(|operation| match (&operation.guard, role) {
            (Guard::Open, _) | (_, Role::Superuser) => true,
            (_, Role::Guest) => false,
            (Guard::SignedIn, _) => true,
            (Guard::Permitted(permission), Role::Staff) => !permission.starts_with("jobs."),
            (Guard::Permitted(_), _) => false,
        })
    }

    /// Follows references, and returns the schema of `oneOf` that is not null.
    pub fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let reference = schema["$ref"].as_str().and_then(|target| target.rsplit('/').next());
        if let Some(target) = reference.and_then(|name| self.schemas.get(name)) {
            return self.resolved(target);
        }
        let choices = schema["oneOf"].as_array();
        match choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null")) {
            Some(choice) => self.resolved(choice),
            None => schema,
        }
    }
}

/// Returns a path with `id` in place of each placeholder.
pub fn filled(path: &str, id: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { id } else { part });
    parts.collect::<Vec<_>>().join("/")
}

impl Operation {
    fn of(path: &str, method: Method, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let queries = parameters.iter().filter(|parameter| parameter["in"] == "query");
        Self {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            method,
            path: path.to_owned(),
            body: operation.pointer("/requestBody/content/application~1json/schema").cloned(),
            queries: queries.map(Query::of).collect(),
            takes_match: parameters.iter().any(|parameter| parameter["name"] == "If-Match"),
            guard: Guard::of(operation),
        }
    }
}

impl Query {
    fn of(parameter: &Value) -> Self {
        let words = parameter.pointer("/schema/items/enum").and_then(Value::as_array).into_iter().flatten();
        Self {
            name: parameter["name"].as_str().unwrap().to_owned(),
            words: words.map(|word| word.as_str().unwrap().to_owned()).collect(),
        }
    }
}

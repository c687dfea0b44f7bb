//! The operations of the route table, as the OpenAPI document lists them.

use actix_web::http::Method;
use mercer::routes;
use serde_json::{Map, Value};

use super::case::Role;

/// What the document says of all of them.
pub struct Document {
    pub operations: Vec<Operation>,
    schemas: Map<String, Value>,
}

/// One method of one URL.
#[derive(Debug, Clone)]
pub struct Operation {
    pub id: String,
    pub method: Method,
    /// With `{id}` where the id goes.
    pub path: String,
    /// The schema of its JSON body, if it takes one.
    pub body: Option<Value>,
    /// The parameters it reads from the query.
    pub queries: Vec<Query>,
    /// Whether it is for a version that `If-Match` names.
    pub takes_match: bool,
    pub guard: Guard,
}

/// Who is let in, as the document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    Open,
    SignedIn,
    Permitted(String),
}

impl Guard {
    fn of(told: &Value) -> Self {
        let ways = told["security"].as_array().cloned().unwrap_or_else(|| vec![Value::Object(Map::new())]);
        if ways.contains(&Value::Object(Map::new())) {
            return Self::Open;
        }
        match ways[0]["jwtAuth"][0].as_str() {
            Some(permission) => Self::Permitted(permission.to_owned()),
            None => Self::SignedIn,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Query {
    pub name: String,
    /// The words that a list such as `ordering` is made of.
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
            for (method, told) in item.as_object().unwrap() {
                let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else {
                    continue;
                };
                if told.get("operationId").is_some() {
                    operations.push(Operation::of(path, method, told));
                }
            }
        }
        let schemas = document["components"]["schemas"].as_object();
        Self { operations, schemas: schemas.cloned().unwrap_or_default() }
    }

    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    /// Every URL once, in the document's order.
    pub fn paths(&self) -> Vec<&str> {
        let mut paths: Vec<&str> = self.operations.iter().map(|operation| operation.path.as_str()).collect();
        paths.dedup();
        paths
    }

    /// The methods of a URL that the document names.
    pub fn methods_of(&self, path: &str) -> Vec<&Method> {
        let there = self.operations.iter().filter(|operation| operation.path == path);
        there.map(|operation| &operation.method).collect()
    }

    /// Whether somebody may call any method of a URL.
    pub fn lets_in(&self, path: &str, role: Role) -> bool {
        let mut there = self.operations.iter().filter(|operation| operation.path == path);
        there.any(|operation| match (&operation.guard, role) {
            (Guard::Open, _) | (_, Role::Superuser) => true,
            (_, Role::Anyone) => false,
            (Guard::SignedIn, _) => true,
            (Guard::Permitted(permission), Role::Staff) => !permission.starts_with("jobs."),
            (Guard::Permitted(_), _) => false,
        })
    }

    /// The schema itself: references followed, and of `oneOf` the one that is not null.
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

/// A path with this in every place where an id goes.
pub fn filled(path: &str, id: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { id } else { part });
    parts.collect::<Vec<_>>().join("/")
}

impl Operation {
    fn of(path: &str, method: Method, told: &Value) -> Self {
        let parameters = told["parameters"].as_array().cloned().unwrap_or_default();
        let queries = parameters.iter().filter(|parameter| parameter["in"] == "query");
        Self {
            id: told["operationId"].as_str().unwrap().to_owned(),
            method,
            path: path.to_owned(),
            body: told.pointer("/requestBody/content/application~1json/schema").cloned(),
            queries: queries.map(Query::of).collect(),
            takes_match: parameters.iter().any(|parameter| parameter["name"] == "If-Match"),
            guard: Guard::of(told),
        }
    }
}

impl Query {
    fn of(told: &Value) -> Self {
        let words = told.pointer("/schema/items/enum").and_then(Value::as_array).into_iter().flatten();
        Self {
            name: told["name"].as_str().unwrap().to_owned(),
            words: words.map(|word| word.as_str().unwrap().to_owned()).collect(),
        }
    }
}

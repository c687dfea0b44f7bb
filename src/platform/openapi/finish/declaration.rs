//! Replaces the internal extension of the `endpoint` attribute by public members of the operation.

use serde_json::{Map, Value, json};

/// Rate-limit class of an operation, where it differs from the default of its method.
pub const RATE_LIMIT: &str = "x-rate-limit";

/// True if the server treats a request with invalid credentials as anonymous.
pub const IGNORES_INVALID_CREDENTIALS: &str = "x-ignores-invalid-credentials";

/// Applies the declaration of an operation.
pub(super) fn apply_declaration(operation: &mut Map<String, Value>) {
    if operation.get("parameters").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        operation.remove("parameters");
    }
    let Some(declaration) = operation.remove("x-endpoint") else { return };
    let is_set = |name: &str| declaration.get(name) == Some(&json!(true));
    if let Some(security) = declaration.get("security").filter(|security| security.is_array()) {
        operation.insert("security".to_owned(), security.clone());
    }
    if let Some(class) = declaration.get("rate_limit").filter(|class| class.is_string()) {
        operation.insert(RATE_LIMIT.to_owned(), class.clone());
    }
    if is_set("ignores_invalid_credentials") {
        operation.insert(IGNORES_INVALID_CREDENTIALS.to_owned(), json!(true));
    }
    if is_set("ignores_idempotency_keys")
        && let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut)
    {
        parameters.retain(|parameter| parameter.get("name") != Some(&json!("Idempotency-Key")));
    }
}

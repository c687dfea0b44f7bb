//! Whether an answer has the shape that the house gives it.

use serde_json::Value;

use super::case::Told;
use crate::support::TestResponse;

/// What is wrong with an answer that should serve.
pub fn not_served(answer: &TestResponse, status: u16, reason: &str) -> Vec<String> {
    let mut deviations = Vec::new();
    if answer.status.as_u16() != status {
        deviations.push(format!("{status} expected, as {reason}; {}", shown(answer)));
    } else if status == 201 && answer.header("location").is_none() {
        deviations.push("201 without Location".to_owned());
    }
    deviations
}

/// What is wrong with an answer that should refuse.
pub fn not_refused(answer: &TestResponse, status: u16, told: Told) -> Vec<String> {
    if answer.status.as_u16() != status {
        return vec![shown(answer)];
    }
    if let Some(fault) = fault(answer) {
        return vec![fault];
    }
    let body = answer.json();
    let is_told = match told {
        Told::Code(code) => body["code"] == code,
        Told::Field(pointer) => body.pointer(pointer).is_some_and(is_messages),
    };
    if is_told { Vec::new() } else { vec![shown(answer)] }
}

/// What is wrong with an answer whatever it was asked for: a 5xx, or an error that is not told in the dialect.
pub fn fault(answer: &TestResponse) -> Option<String> {
    let status = answer.status;
    if status.is_server_error() || status.is_informational() {
        return Some(shown(answer));
    }
    if !status.is_client_error() {
        return None;
    }
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        return Some(format!("an error that is no JSON; {}", shown(answer)));
    };
    if !is_error(&body, status.as_u16()) {
        return Some(format!("an error of another shape; {}", shown(answer)));
    }
    let needed = match status.as_u16() {
        401 => Some("www-authenticate"),
        405 => Some("allow"),
        _ => None,
    };
    let missing = needed.filter(|name| answer.header(name).is_none())?;
    Some(format!("{status} without {missing}"))
}

/// `{"detail", "code"}`, or, for 400 only, messages by field.
fn is_error(body: &Value, status: u16) -> bool {
    let is_text = |name: &str| body[name].as_str().is_some_and(|text| !text.is_empty());
    let has_detail = is_text("detail") && is_text("code");
    has_detail || (status == 400 && body.is_object() && is_tree(body))
}

fn is_tree(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty() && members.values().all(is_tree),
        other => is_messages(other),
    }
}

fn is_messages(value: &Value) -> bool {
    let texts = value.as_array();
    texts.is_some_and(|texts| !texts.is_empty() && texts.iter().all(Value::is_string))
}

/// An answer, short.
pub fn shown(answer: &TestResponse) -> String {
    let body = String::from_utf8_lossy(&answer.body);
    let cut: String = body.chars().take(240).collect();
    format!("answered {} {cut}", answer.status.as_u16())
}

#[test]
fn errors_of_another_shape_are_noticed() {
    use serde_json::json;

    let ours = [
        (400, json!({"email": ["Enter a valid email address."]})),
        (400, json!({"lines": {"1": {"quantity": ["Too few."]}}})),
        (409, json!({"detail": "Not enough stock.", "code": "out_of_stock", "lines": {}})),
    ];
    let others = [
        (400, json!({})),
        (400, json!({"email": "wrong"})),
        (400, json!({"lines": {"1": []}})),
        (400, json!(["wrong"])),
        (404, json!({"detail": "Not found."})),
        (409, json!({"email": ["Taken."]})),
        (404, json!({"detail": "", "code": "not_found"})),
    ];
    for (status, body) in ours {
        assert!(is_error(&body, status), "{status} {body}");
    }
    for (status, body) in others {
        assert!(!is_error(&body, status), "{status} {body}");
    }
}

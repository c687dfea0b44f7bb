//! Checks of responses against the formats of the API.

use serde_json::Value;

use super::case::ExpectedError;
use crate::support::TestResponse;

/// Lists the deviations of a successful response.
pub fn check_success(response: &TestResponse, status: u16, reason: &str) -> Vec<String> {
    let mut deviations = Vec::new();
    if response.status.as_u16() != status {
        deviations.push(format!("{status} expected, as {reason}; {}", describe(response)));
    } else if status == 201 && response.header("location").is_none() {
        deviations.push("201 without Location".to_owned());
    }
    deviations
}

/// Lists the deviations of an error response.
pub fn check_error(response: &TestResponse, status: u16, expected: ExpectedError) -> Vec<String> {
    if response.status.as_u16() != status {
        return vec![describe(response)];
    }
    if let Some(fault) = fault(response) {
        return vec![fault];
    }
    let body = response.json();
    let is_expected = match expected {
        ExpectedError::Code(code) => body["code"] == code,
        ExpectedError::Field(pointer) => body.pointer(pointer).is_some_and(is_messages),
    };
    if is_expected { Vec::new() } else { vec![describe(response)] }
}

/// Returns the fault of any response: a 5xx, or an error in another format.
pub fn fault(response: &TestResponse) -> Option<String> {
    let status = response.status;
    if status.is_server_error() || status.is_informational() {
        return Some(describe(response));
    }
    if !status.is_client_error() {
        return None;
    }
    let Ok(body) = serde_json::from_slice::<Value>(&response.body) else {
        return Some(format!("an error without a JSON body; {}", describe(response)));
    };
    if !is_error(&body, status.as_u16()) {
        return Some(format!("an error in another format; {}", describe(response)));
    }
    let required = match status.as_u16() {
        401 => Some("www-authenticate"),
        405 => Some("allow"),
        _ => None,
    };
    let missing = required.filter(|name| response.header(name).is_none())?;
    Some(format!("{status} without {missing}"))
}

/// Returns true for `{"detail", "code"}` or, with 400 only, messages by field.
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

/// Describes a response in one line.
pub fn describe(response: &TestResponse) -> String {
    let body = String::from_utf8_lossy(&response.body);
    let cut: String = body.chars().take(240).collect();
    format!("response {} {cut}", response.status.as_u16())
}

#[test]
fn errors_in_another_format_are_found() {
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

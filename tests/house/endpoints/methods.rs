//! Every URL with every method: methods that the document does not contain return 405 with `Allow`.

use std::collections::BTreeSet;

use actix_web::http::Method;

use super::case::{Call, Role};
use super::fixture::{Fixture, UNKNOWN_ID};
use super::operations::{Document, filled};
use super::responses::{describe, fault};
use crate::house::assert_none;
use crate::support::TestResponse;

const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::HEAD];

const ROLES: [Role; 4] = [Role::Guest, Role::Customer, Role::Staff, Role::Superuser];

/// Returns the expected `Allow`: the methods of the document, HEAD if there is GET, and OPTIONS.
fn allowed(document: &Document, path: &str) -> BTreeSet<String> {
    let methods = document.methods_of(path);
    let mut allowed: BTreeSet<String> = methods.iter().map(ToString::to_string).collect();
    if allowed.contains("GET") {
        allowed.insert("HEAD".to_owned());
    }
    allowed.insert("OPTIONS".to_owned());
    allowed
}

/// Checks the response to OPTIONS, or to a method that the document does not contain.
fn check_response(response: &TestResponse, expected: u16, allowed: &BTreeSet<String>) -> Option<String> {
    if response.status.as_u16() != expected {
        return Some(format!("{expected} expected; {}", describe(response)));
    }
    let allow = response.header("allow").unwrap_or_default();
    let listed: BTreeSet<String> = allow.split(',').map(|name| name.trim().to_owned()).collect();
    if listed != *allowed {
        return Some(format!("Allow is {allow:?}, not {allowed:?}"));
    }
    fault(response)
}

/// Returns the expected status. As in DRF, 401 and 403 precede 405 for callers that can use no method of the URL.
fn expected(document: &Document, path: &str, method: &Method, role: Role) -> u16 {
    match (document.is_open_to(path, role), role, method) {
        (false, Role::Guest, _) => 401,
        (false, _, _) => 403,
        (true, _, &Method::OPTIONS) => 200,
        (true, _, _) => 405,
    }
}

#[actix_web::test]
async fn undocumented_methods_return_405_with_allow() {
    let document = Document::read();
    let fixture = Fixture::new().await;
    let mut deviations = Vec::new();
    for path in document.paths() {
        let allowed = allowed(&document, path);
        let url = filled(path, UNKNOWN_ID);
        let unslashed = url.strip_suffix('/').filter(|_| url.starts_with("/api/"));
        for url in [Some(url.as_str()), unslashed].into_iter().flatten() {
            for method in METHODS.iter().filter(|method| !is_served(method, &allowed)) {
                for role in ROLES {
                    let response = Call::empty().send(&fixture.client(role), method, url).await;
                    let wrong = check_response(&response, expected(&document, path, method, role), &allowed);
                    deviations.extend(wrong.map(|wrong| format!("{method} {url} by {role:?}: {wrong}")));
                }
            }
        }
    }
    assert_none(&deviations);
}

/// Returns true if a handler serves the method. No handler serves OPTIONS.
fn is_served(method: &Method, allowed: &BTreeSet<String>) -> bool {
    *method != Method::OPTIONS && allowed.contains(method.as_str())
}

#[actix_web::test]
async fn every_get_url_supports_head() {
    let document = Document::read();
    let fixture = Fixture::new().await;
    let mut deviations = Vec::new();
    for path in document.paths() {
        if !document.methods_of(path).contains(&&Method::GET) {
            continue;
        }
        for role in ROLES {
            let client = fixture.client(role);
            let url = filled(path, UNKNOWN_ID);
            let get = Call::empty().send(&client, &Method::GET, &url).await;
            let head = Call::empty().send(&client, &Method::HEAD, &url).await;
            if (get.status, get.header("content-type")) != (head.status, head.header("content-type")) {
                deviations.push(format!("HEAD {url} by {role:?}: GET {}, HEAD {}", describe(&get), describe(&head)));
            }
            deviations.extend(fault(&get).map(|fault| format!("GET {url} by {role:?}: {fault}")));
        }
    }
    assert_none(&deviations);
}

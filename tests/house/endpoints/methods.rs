//! Every URL with every method: those of the document are there, all others are 405 with the list of those that are.

use std::collections::BTreeSet;

use actix_web::http::Method;

use super::answers::{fault, shown};
use super::case::{Call, Role};
use super::operations::{Document, filled};
use super::stage::{NOBODY, Stage};
use crate::house::assert_none;
use crate::support::TestResponse;

const METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::HEAD];

const ROLES: [Role; 4] = [Role::Anyone, Role::Customer, Role::Staff, Role::Superuser];

/// What `Allow` must list: the document's methods, HEAD beside GET, and OPTIONS.
fn allowed(document: &Document, path: &str) -> BTreeSet<String> {
    let methods = document.methods_of(path);
    let mut allowed: BTreeSet<String> = methods.iter().map(ToString::to_string).collect();
    if allowed.contains("GET") {
        allowed.insert("HEAD".to_owned());
    }
    allowed.insert("OPTIONS".to_owned());
    allowed
}

/// What is wrong with the answer to a method that the document does not name, or to OPTIONS.
fn not_told(answer: &TestResponse, expected: u16, allowed: &BTreeSet<String>) -> Option<String> {
    if answer.status.as_u16() != expected {
        return Some(format!("{expected} expected; {}", shown(answer)));
    }
    let told = answer.header("allow").unwrap_or_default();
    let listed: BTreeSet<String> = told.split(',').map(|name| name.trim().to_owned()).collect();
    if listed != *allowed {
        return Some(format!("Allow is {told:?}, not {allowed:?}"));
    }
    fault(answer)
}

/// Whoever may do nothing at a URL does not learn what others may: 401 and 403 come before 405, as in DRF.
fn expected(document: &Document, path: &str, method: &Method, role: Role) -> u16 {
    match (document.lets_in(path, role), role, method) {
        (false, Role::Anyone, _) => 401,
        (false, _, _) => 403,
        (true, _, &Method::OPTIONS) => 200,
        (true, _, _) => 405,
    }
}

#[actix_web::test]
async fn every_other_method_of_every_url_is_405_with_those_that_are_there() {
    let document = Document::read();
    let stage = Stage::new().await;
    let mut deviations = Vec::new();
    for path in document.paths() {
        let allowed = allowed(&document, path);
        let url = filled(path, NOBODY);
        let unslashed = url.strip_suffix('/').filter(|_| url.starts_with("/api/"));
        for url in [Some(url.as_str()), unslashed].into_iter().flatten() {
            for method in METHODS.iter().filter(|method| !is_served(method, &allowed)) {
                for role in ROLES {
                    let answer = Call::plain().send(&stage.client(role), method, url).await;
                    let wrong = not_told(&answer, expected(&document, path, method, role), &allowed);
                    deviations.extend(wrong.map(|wrong| format!("{method} {url} by {role:?}: {wrong}")));
                }
            }
        }
    }
    assert_none(&deviations);
}

/// OPTIONS is served everywhere, but by nobody's handler.
fn is_served(method: &Method, allowed: &BTreeSet<String>) -> bool {
    *method != Method::OPTIONS && allowed.contains(method.as_str())
}

#[actix_web::test]
async fn every_get_has_a_head() {
    let document = Document::read();
    let stage = Stage::new().await;
    let mut deviations = Vec::new();
    for path in document.paths() {
        if !document.methods_of(path).contains(&&Method::GET) {
            continue;
        }
        for role in ROLES {
            let client = stage.client(role);
            let url = filled(path, NOBODY);
            let get = Call::plain().send(&client, &Method::GET, &url).await;
            let head = Call::plain().send(&client, &Method::HEAD, &url).await;
            if (get.status, get.header("content-type")) != (head.status, head.header("content-type")) {
                deviations.push(format!("HEAD {url} by {role:?}: GET {}, HEAD {}", shown(&get), shown(&head)));
            }
            deviations.extend(fault(&get).map(|fault| format!("GET {url} by {role:?}: {fault}")));
        }
    }
    assert_none(&deviations);
}

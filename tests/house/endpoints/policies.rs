//! Routes and policies: no route shadows another, and sign-in endpoints have their own rate limit.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::test::{self, TestRequest};
use actix_web::{App, web};
use mercer::routes;
use serde_json::Value;

use super::operations::Document;
use crate::house::{assert_none, files};

/// Value of a path parameter. It is valid for ids, slugs and names.
const SAMPLE: &str = "0190aaaa-0000-7000-8000-00000000beef";

/// Returns the names of the parameters of a path such as `/{id}/tokens/{token}/`.
fn parameter_names(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
}

fn sample_url(path: &str) -> String {
    parameter_names(path).iter().fold(path.to_owned(), |url, name| url.replace(&format!("{{{name}}}"), SAMPLE))
}

/// Without middleware and application data, a request reaches its route and fails there: the parameters that the router
/// bound show which route it was.
#[actix_web::test]
async fn no_route_shadows_another() {
    let not_found = web::to(|| async { actix_web::HttpResponse::NotImplemented().finish() });
    let app = test::init_service(App::new().configure(routes::configure_actix).default_service(not_found)).await;

    let mut shadowed = Vec::new();
    for operation in Document::read().operations {
        let request = TestRequest::with_uri(&sample_url(&operation.path)).method(operation.method.clone());
        let response = test::call_service(&app, request.to_request()).await;
        let bound: BTreeMap<&str, &str> = response.request().match_info().iter().collect();
        let expected = parameter_names(&operation.path).into_iter().map(|name| (name, SAMPLE)).collect();
        if response.status() == 501 || bound != expected {
            shadowed.push(format!("{} {} reaches another route: {bound:?}", operation.method, operation.path));
        }
    }

    assert_none(&shadowed);
}

/// `#[endpoint]` is the only declaration of an operation: a plain `utoipa::path` would have no policies.
#[test]
fn every_operation_is_declared_with_the_endpoint_attribute() {
    let sources = files::below("src").into_iter().filter(|file| file.text.contains("#[utoipa::path"));
    assert_none(&sources.map(|file| format!("{} uses utoipa::path", file.path)).collect::<Vec<_>>());
}

/// Returns the ids of the operations whose member `name` has this value.
fn operations_with(name: &str, value: &Value) -> BTreeSet<String> {
    let document = serde_json::to_value(routes::document().unwrap()).unwrap();
    let items = document["paths"].as_object().unwrap().values();
    let operations = items.flat_map(|item| item.as_object().unwrap().values());
    let found = operations.filter(|operation| &operation[name] == value);
    found.map(|operation| operation["operationId"].as_str().unwrap().to_owned()).collect()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn endpoints_that_check_credentials_have_the_login_rate_limit() {
    let expected = set(&[
        "auth_email_change_confirm_create",
        "auth_email_change_create",
        "auth_google_callback_retrieve",
        "auth_google_connect_create",
        "auth_google_create",
        "auth_google_login_retrieve",
        "auth_login_create",
        "auth_mfa_passkeys_login_begin_create",
        "auth_mfa_passkeys_login_finish_create",
        "auth_mfa_passkeys_verify_begin_create",
        "auth_mfa_passkeys_verify_finish_create",
        "auth_mfa_verify_create",
        "auth_oidc_callback_retrieve",
        "auth_oidc_connect_create",
        "auth_oidc_create",
        "auth_oidc_login_retrieve",
        "auth_password_change_create",
        "auth_password_reset_confirm_create",
        "auth_password_reset_create",
        "auth_registration_create",
        "auth_registration_resend_email_create",
        "auth_registration_verify_email_create",
        "auth_token_create",
        "customers_me_delete_create",
        "token_create",
    ]);
    assert_eq!(operations_with("x-rate-limit", &"login".into()), expected);
}

#[test]
fn sign_in_and_health_endpoints_ignore_invalid_credentials() {
    let expected = set(&[
        "auth_login_create",
        "auth_logout_create",
        "auth_mfa_passkeys_login_begin_create",
        "auth_mfa_passkeys_login_finish_create",
        "auth_mfa_passkeys_verify_begin_create",
        "auth_mfa_passkeys_verify_finish_create",
        "auth_mfa_verify_create",
        "auth_token_blacklist_create",
        "auth_token_create",
        "auth_token_refresh_create",
        "auth_token_verify_create",
        "health_live_retrieve",
        "health_ready_retrieve",
        "health_retrieve",
        "token_create",
        "token_refresh_create",
        "token_verify_create",
        "well_known_jwks_json_retrieve",
    ]);
    assert_eq!(operations_with("x-ignores-invalid-credentials", &true.into()), expected);
}

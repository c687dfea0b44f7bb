//! Every operation: its successful calls, its rejected calls, and the access of other callers.
//!
//! The OpenAPI document lists the operations. Each has one [`Case`](case::Case) in the file of its domain; an operation
//! without a case fails, and a case without one of its parts does not compile. Other methods, hostile bodies, queries
//! and ids are generated.

mod access;
mod accounts;
mod addresses;
mod apps;
pub mod case;
mod catalogue;
mod categories;
mod customers;
pub mod digest;
mod directory;
pub mod fixture;
mod fulfillment;
mod hostile;
mod methods;
mod oauth;
pub mod operations;
mod orders;
mod passkeys;
mod platform;
mod policies;
mod responses;
mod running;
mod second_factors;
mod sessions;
mod staff;
mod stock;

use super::assert_none;
use case::{Access, Case, OtherCallers};
use operations::Document;

fn customer_cases() -> Vec<Case> {
    let people = [customers::cases(), accounts::cases(), addresses::cases(), directory::cases(), oauth::cases()];
    let rights = [second_factors::cases(), passkeys::cases(), sessions::cases(), staff::cases(), apps::cases()];
    people.into_iter().chain(rights).flatten().collect()
}

fn product_cases() -> Vec<Case> {
    [categories::cases(), catalogue::cases(), stock::cases()].into_iter().flatten().collect()
}

fn order_cases() -> Vec<Case> {
    [orders::cases(), fulfillment::cases()].into_iter().flatten().collect()
}

pub fn all() -> Vec<Case> {
    [customer_cases(), product_cases(), order_cases(), platform::cases()].into_iter().flatten().collect()
}

/// Lists operations without a case, cases without an operation, and duplicate cases.
fn unmatched(document: &Document, cases: &[Case]) -> Vec<String> {
    let count = |id: &str| cases.iter().filter(|case| case.operation == id).count();
    let mut violations = Vec::new();
    for operation in &document.operations {
        let (id, method, path) = (&operation.id, &operation.method, &operation.path);
        match count(id) {
            0 => violations.push(format!("{id} ({method} {path}) has no case: write one in tests/house/endpoints")),
            1 => {}
            several => violations.push(format!("{id} has {several} cases")),
        }
    }
    let gone = cases.iter().filter(|case| document.operation(case.operation).is_none());
    violations.extend(gone.map(|case| format!("{} is not an operation", case.operation)));
    violations
}

/// Lists access rules without a reason.
fn without_reason(case: &Case) -> Vec<String> {
    let OtherCallers { anonymous, other_customer, wrong_role, expired, deactivated } = &case.other_callers;
    let gates = [anonymous, other_customer, wrong_role, expired, deactivated];
    let reasons = gates.into_iter().filter_map(|gate| match gate {
        Access::Rejected(..) => None,
        Access::Open(reason) | Access::OwnData(reason) => Some(*reason),
    });
    let never = match &case.rejections {
        case::Rejections::None(reason) => Some(*reason),
        case::Rejections::Cases(_) => None,
    };
    let missing = reasons.chain(never).filter(|reason| reason.trim().is_empty());
    missing.map(|_| format!("{} gives no reason", case.operation)).collect()
}

#[test]
fn every_operation_has_one_case() {
    let (document, cases) = (Document::read(), all());
    assert!(!document.operations.is_empty());
    assert_none(&unmatched(&document, &cases));
    assert_none(&cases.iter().flat_map(without_reason).collect::<Vec<_>>());
}

#[actix_web::test]
async fn customer_operations_match_their_cases() {
    assert_none(&running::deviations(&customer_cases(), &Document::read()).await);
}

#[actix_web::test]
async fn product_operations_match_their_cases() {
    assert_none(&running::deviations(&product_cases(), &Document::read()).await);
}

#[actix_web::test]
async fn order_operations_match_their_cases() {
    assert_none(&running::deviations(&order_cases(), &Document::read()).await);
}

#[actix_web::test]
async fn platform_operations_match_their_cases() {
    assert_none(&running::deviations(&platform::cases(), &Document::read()).await);
}

#[actix_web::test]
async fn customer_operations_reject_hostile_input() {
    assert_none(&hostile::faults(&customer_cases(), &Document::read()).await);
}

#[actix_web::test]
async fn product_operations_reject_hostile_input() {
    assert_none(&hostile::faults(&product_cases(), &Document::read()).await);
}

#[actix_web::test]
async fn order_operations_reject_hostile_input() {
    assert_none(&hostile::faults(&order_cases(), &Document::read()).await);
}

#[actix_web::test]
async fn platform_operations_reject_hostile_input() {
    assert_none(&hostile::faults(&platform::cases(), &Document::read()).await);
}

/// The rules on bad examples.
mod bad_examples {
    use serde_json::json;

    use super::case::{Call, Check, ExpectedError, Rejections, Role, Success, call, rejected};
    use super::*;

    fn document(ids: &[&str]) -> Document {
        let operation = |id: &&str| (format!("/api/{id}/"), json!({"get": {"operationId": id}}));
        let paths: serde_json::Map<_, _> = ids.iter().map(operation).collect();
        Document::of(&json!({"paths": paths, "components": {"schemas": {}}}))
    }

    /// Case of the list of categories that is wrong in every part.
    fn wrong_case() -> Case {
        Case {
            operation: "categories_list",
            successes: vec![
                Success {
                    by: Role::Staff,
                    call: call(async |fixture| {
                        fixture.category("Mugs");
                        Call::empty()
                    }),
                    status: 200,
                    checks: vec![Check::Equals("/count", json!(0)), Check::Increases("select 1", 1)],
                },
                Success { by: Role::Staff, call: call(async |_| Call::empty()), status: 204, checks: Vec::new() },
            ],
            rejections: Rejections::Cases(vec![
                rejected(400, ExpectedError::Field("/level"), async |_| Call::with_query("level=1")),
                rejected(400, ExpectedError::Field("/name"), async |_| Call::with_query("level=x"))
                    .changing(&[("categories", "levels are created")]),
            ]),
            other_callers: OtherCallers {
                other_customer: Access::OwnData("it is not"),
                deactivated: Access::Open("it is not"),
                ..access::PERMISSION_REQUIRED
            },
        }
    }

    #[test]
    fn operation_without_a_case_is_found() {
        let violations = unmatched(&document(&["categories_list", "gifts_list"]), &[wrong_case()]);
        assert_eq!(violations, ["gifts_list (GET /api/gifts_list/) has no case: write one in tests/house/endpoints"]);
    }

    #[test]
    fn unknown_and_duplicate_cases_are_found() {
        let cases = [wrong_case(), wrong_case()];
        let violations = unmatched(&document(&["categories_list"]), &cases);
        assert_eq!(violations, ["categories_list has 2 cases"]);
        let violations = unmatched(&document(&[]), &cases[..1]);
        assert_eq!(violations, ["categories_list is not an operation"]);
    }

    #[test]
    fn missing_reason_is_found() {
        let case = Case { other_callers: access::open(" "), ..wrong_case() };
        assert_eq!(without_reason(&case).len(), 3);
        assert_eq!(without_reason(&wrong_case()), Vec::<String>::new());
    }

    #[actix_web::test]
    async fn every_deviation_from_a_case_is_found() {
        let deviations = running::deviations(&[wrong_case()], &Document::read()).await;

        let beginnings = [
            "rejected with 400 Field(\"/level\"): response 200",
            "rejected with 400 Field(\"/name\"): response 400",
            "rejected with 400 Field(\"/name\"): categories is unchanged, but the case says that levels are created",
            "anonymous: response 200",
            "wrong role: response 200",
            "deactivated: 200 expected, as it is not; response 401",
            "successful call of Staff: /count is Some(Number(6)), not 0",
            "successful call of Staff: `select 1` has increased by 0, not 1",
            "successful call of Staff: 204 expected, as this call succeeds; response 200",
            "successful call of Staff: has no checks",
        ];
        assert_eq!(deviations.len(), beginnings.len(), "{deviations:#?}");
        for (line, beginning) in deviations.iter().zip(beginnings) {
            assert!(line.starts_with(&format!("categories_list: {beginning}")), "{line}");
        }
    }
}

//! Every operation of the route table, with its happy way, its refusals, a stranger and a wrong role.
//!
//! The list of operations is the OpenAPI document's. For each there is a [`Case`](case::Case), written by hand in the
//! file of its domain; an operation without one fails here, and a case without one of its parts does not compile. A new
//! operation needs one function there and nothing else: methods, hostile bodies, queries and ids come by themselves.

mod accounts;
mod addresses;
mod answers;
mod apps;
pub mod case;
mod catalogue;
mod categories;
mod customers;
pub mod digest;
mod directory;
mod fulfilment;
mod gates;
mod hostile;
mod methods;
mod oauth;
pub mod operations;
mod orders;
mod passkeys;
mod platform;
mod running;
mod second_factors;
mod sessions;
mod staff;
pub mod stage;
mod stock;

use super::assert_none;
use case::{Case, Gate, Outsiders};
use operations::Document;

/// The cases of a domain, told by the folder of `src` it stands in.
fn of_customers() -> Vec<Case> {
    let people = [customers::cases(), accounts::cases(), addresses::cases(), directory::cases(), oauth::cases()];
    let rights = [second_factors::cases(), passkeys::cases(), sessions::cases(), staff::cases(), apps::cases()];
    people.into_iter().chain(rights).flatten().collect()
}

fn of_products() -> Vec<Case> {
    [categories::cases(), catalogue::cases(), stock::cases()].into_iter().flatten().collect()
}

fn of_orders() -> Vec<Case> {
    [orders::cases(), fulfilment::cases()].into_iter().flatten().collect()
}

pub fn all() -> Vec<Case> {
    [of_customers(), of_products(), of_orders(), platform::cases()].into_iter().flatten().collect()
}

/// Operations without a case, cases without an operation, and second cases.
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
    violations.extend(gone.map(|case| format!("{} is a case of no operation", case.operation)));
    violations
}

/// Whoever is let in is let in for a reason.
fn unreasoned(case: &Case) -> Vec<String> {
    let Outsiders { anonymous, stranger, wrong_role, expired, deactivated } = &case.outsiders;
    let gates = [anonymous, stranger, wrong_role, expired, deactivated];
    let reasons = gates.into_iter().filter_map(|gate| match gate {
        Gate::Refused(..) => None,
        Gate::OpenToAll(reason) | Gate::TheirOwn(reason) => Some(*reason),
    });
    let never = match &case.refused {
        case::Refused::Never(reason) => Some(*reason),
        case::Refused::These(_) => None,
    };
    let missing = reasons.chain(never).filter(|reason| reason.trim().is_empty());
    missing.map(|_| format!("{} gives no reason", case.operation)).collect()
}

#[test]
fn every_operation_of_the_route_table_has_its_cases() {
    let (document, cases) = (Document::read(), all());
    assert!(!document.operations.is_empty());
    assert_none(&unmatched(&document, &cases));
    assert_none(&cases.iter().flat_map(unreasoned).collect::<Vec<_>>());
}

#[actix_web::test]
async fn customers_do_what_their_cases_say() {
    assert_none(&running::deviations(&of_customers(), &Document::read()).await);
}

#[actix_web::test]
async fn products_do_what_their_cases_say() {
    assert_none(&running::deviations(&of_products(), &Document::read()).await);
}

#[actix_web::test]
async fn orders_do_what_their_cases_say() {
    assert_none(&running::deviations(&of_orders(), &Document::read()).await);
}

#[actix_web::test]
async fn the_platform_does_what_its_cases_say() {
    assert_none(&running::deviations(&platform::cases(), &Document::read()).await);
}

#[actix_web::test]
async fn hostile_input_to_customers_is_refused_in_our_words() {
    assert_none(&hostile::faults(&of_customers(), &Document::read()).await);
}

#[actix_web::test]
async fn hostile_input_to_products_is_refused_in_our_words() {
    assert_none(&hostile::faults(&of_products(), &Document::read()).await);
}

#[actix_web::test]
async fn hostile_input_to_orders_is_refused_in_our_words() {
    assert_none(&hostile::faults(&of_orders(), &Document::read()).await);
}

#[actix_web::test]
async fn hostile_input_to_the_platform_is_refused_in_our_words() {
    assert_none(&hostile::faults(&platform::cases(), &Document::read()).await);
}

/// The harness at work on made-up bad examples.
mod bad_examples {
    use serde_json::json;

    use super::case::{Call, Happy, Refused, Role, Shows, Told, call, refused};
    use super::*;

    fn document(ids: &[&str]) -> Document {
        let operation = |id: &&str| (format!("/api/{id}/"), json!({"get": {"operationId": id}}));
        let paths: serde_json::Map<_, _> = ids.iter().map(operation).collect();
        Document::of(&json!({"paths": paths, "components": {"schemas": {}}}))
    }

    /// Says of the list of categories that nobody but staff may see it, and that there are none.
    fn wrong_in_every_part() -> Case {
        Case {
            operation: "categories_list",
            happy: vec![
                Happy {
                    by: Role::Staff,
                    call: call(async |stage| {
                        stage.category("Mugs");
                        Call::plain()
                    }),
                    status: 200,
                    shows: vec![Shows::Has("/count", json!(0)), Shows::Grows("select 1", 1)],
                },
                Happy { by: Role::Staff, call: call(async |_| Call::plain()), status: 204, shows: Vec::new() },
            ],
            refused: Refused::These(vec![
                refused(400, Told::Field("/level"), async |_| Call::asking("level=1")),
                refused(400, Told::Field("/name"), async |_| Call::asking("level=x"))
                    .touching(&[("categories", "levels are made")]),
            ]),
            outsiders: Outsiders {
                stranger: Gate::TheirOwn("it is not"),
                deactivated: Gate::OpenToAll("it is not"),
                ..gates::PERMITTED_ONLY
            },
        }
    }

    #[test]
    fn an_operation_without_a_case_is_told() {
        let violations = unmatched(&document(&["categories_list", "gifts_list"]), &[wrong_in_every_part()]);
        assert_eq!(violations, ["gifts_list (GET /api/gifts_list/) has no case: write one in tests/house/endpoints"]);
    }

    #[test]
    fn a_case_without_an_operation_and_a_second_case_are_told() {
        let cases = [wrong_in_every_part(), wrong_in_every_part()];
        let violations = unmatched(&document(&["categories_list"]), &cases);
        assert_eq!(violations, ["categories_list has 2 cases"]);
        let violations = unmatched(&document(&[]), &cases[..1]);
        assert_eq!(violations, ["categories_list is a case of no operation"]);
    }

    #[test]
    fn an_open_door_without_a_reason_is_told() {
        let case = Case { outsiders: gates::open(" "), ..wrong_in_every_part() };
        assert_eq!(unreasoned(&case).len(), 3);
        assert_eq!(unreasoned(&wrong_in_every_part()), Vec::<String>::new());
    }

    #[actix_web::test]
    async fn everything_that_is_not_as_the_case_says_is_told() {
        let told = running::deviations(&[wrong_in_every_part()], &Document::read()).await;

        let beginnings = [
            "refused with 400 Field(\"/level\"): answered 200",
            "refused with 400 Field(\"/name\"): answered 400",
            "refused with 400 Field(\"/name\"): categories is unchanged, though it is said that levels are made",
            "anonymous: answered 200",
            "wrong role: answered 200",
            "deactivated: 200 expected, as it is not; answered 401",
            "happy way of Staff: /count is Some(Number(6)), not 0",
            "happy way of Staff: `select 1` has grown by 0, not 1",
            "happy way of Staff: 204 expected, as this is the happy way; answered 200",
            "happy way of Staff: nothing is looked at",
        ];
        assert_eq!(told.len(), beginnings.len(), "{told:#?}");
        for (line, beginning) in told.iter().zip(beginnings) {
            assert!(line.starts_with(&format!("categories_list: {beginning}")), "{line}");
        }
    }
}

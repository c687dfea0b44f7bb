//! What the document says of permissions is what the signatures say: the door looks at the one, the handler at the
//! other.

use std::collections::HashMap;

use mercer::platform::auth::Permission;

use super::endpoints::operations::{Document, Guard};
use super::{assert_none, files};

const PERMISSIONS: &str = "src/platform/auth/permission.rs";

/// `ShipFulfillments` to `fulfillments.ship`, as `permissions!` has it.
fn names_by_type(source: &str) -> HashMap<String, &'static str> {
    let list = source.split("\npermissions! {").nth(1).unwrap();
    let lines = list.lines().filter_map(|line| line.trim().split_once(", "));
    let pairs = lines.filter_map(|(variant, rest)| Some((variant, rest.split_once(" = ")?.0)));
    let name = |variant: &str| Permission::ALL.iter().find(|p| format!("{p:?}") == variant).map(|p| p.name());
    pairs.filter_map(|(variant, kind)| Some((kind.to_owned(), name(variant)?))).collect()
}

/// The part of `text` between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    text.split_once(from)?.1.split_once(to).map(|(part, _)| part)
}

/// Handlers whose document and signature do not name the same permission.
fn mismatches(path: &str, source: &str, names: &HashMap<String, &'static str>) -> Vec<String> {
    let handlers = source.split("#[utoipa::path(").skip(1);
    let told = handlers.filter_map(|handler| {
        let documented = between(handler, "\"jwtAuth\" = [\"", "\"]");
        let signature = between(handler, "pub async fn ", ") ->")?;
        let name = signature.split('(').next()?;
        let signed = between(signature, "Allowed<", ">").map(|kind| names.get(kind).copied().unwrap_or(kind));
        (documented != signed)
            .then(|| format!("{path}: {name} is documented for {documented:?}, signed for {signed:?}"))
    });
    told.collect()
}

#[test]
fn every_operation_is_documented_with_the_permission_of_its_signature() {
    let names = names_by_type(&files::read(PERMISSIONS).unwrap());
    assert_eq!(names.len(), Permission::ALL.len());
    let sources = files::below("src").into_iter().filter(|file| file.path.ends_with("handlers.rs"));
    let mismatched = sources.flat_map(|file| mismatches(&file.path, &file.text, &names));
    assert_none(&mismatched.collect::<Vec<_>>());
}

/// Whether these sources ask for a permission by its variant, and not for another whose name goes on.
fn asks_for(permission: Permission, source: &str) -> bool {
    let variant = format!("Permission::{permission:?}");
    let mut rest = source.split(variant.as_str()).skip(1);
    rest.any(|behind| !behind.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
}

#[test]
fn every_permission_guards_something() {
    let guards: Vec<Guard> = Document::read().operations.into_iter().map(|operation| operation.guard).collect();
    let sources = files::below("src").into_iter().filter(|file| !file.path.starts_with("src/platform/auth/"));
    let sources: Vec<String> = sources.map(|file| file.text).collect();
    let is_used = |permission: Permission| {
        guards.contains(&Guard::Permitted(permission.name().to_owned()))
            || sources.iter().any(|source| asks_for(permission, source))
    };

    let unused = Permission::ALL.iter().filter(|permission| !is_used(**permission)).map(|permission| permission.name());

    assert_eq!(unused.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn a_permission_is_not_mistaken_for_a_longer_one() {
    let source = "principal.may(Permission::OrdersViewNotes)";
    assert!(asks_for(Permission::OrdersViewNotes, source));
    assert!(!asks_for(Permission::OrdersView, source));
}

#[test]
fn a_permission_that_is_only_documented_or_only_signed_is_told() {
    let names = HashMap::from([("ManageOrders".to_owned(), "orders.manage")]);
    let open = "#[utoipa::path(get)]\npub async fn open(app: Data<App>) -> X";
    let signed = "#[utoipa::path(security((\"jwtAuth\" = [])))]\npub async fn signed(s: Allowed<ManageOrders>) -> X";
    let documented = "#[utoipa::path(security((\"jwtAuth\" = [\"orders.manage\"])))]\npub async fn told(app: App) -> X";
    assert_eq!(mismatches("a", open, &names).len(), 0);
    assert_eq!(mismatches("a", signed, &names).len(), 1);
    assert_eq!(mismatches("a", documented, &names).len(), 1);
}

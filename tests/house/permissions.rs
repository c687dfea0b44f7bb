//! Permissions: every permission has a use.

use mercer::permissions;
use mercer::platform::auth::Permission;

use super::endpoints::operations::{Document, Guard};
use super::files;

/// Returns the name of the type that a domain declares for a permission.
fn type_name(permission: Permission, sources: &[String]) -> &str {
    let declaration = format!(" = \"{}\";", permission.name());
    let lines = sources.iter().flat_map(|source| source.lines());
    lines.filter_map(|line| line.trim().strip_suffix(&declaration)).next().unwrap()
}

/// Returns true if a source uses the permission in a condition.
fn is_checked(name: &str, sources: &[String]) -> bool {
    let used = format!("{name}::PERMISSION");
    let is_whole = |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    sources.iter().any(|source| source.match_indices(&used).any(|(at, _)| is_whole(&source[..at])))
}

#[test]
fn every_permission_is_required_by_an_endpoint_or_checked_in_code() {
    permissions::register();
    let guards: Vec<Guard> = Document::read().operations.into_iter().map(|operation| operation.guard).collect();
    let sources: Vec<String> = files::below("src").into_iter().map(|file| file.text).collect();
    let is_used = |permission: Permission| {
        guards.contains(&Guard::Permitted(permission.name().to_owned()))
            || is_checked(type_name(permission, &sources), &sources)
    };

    let unused =
        Permission::all().iter().filter(|permission| !is_used(**permission)).map(|permission| permission.name());

    assert_eq!(unused.collect::<Vec<_>>(), Vec::<&str>::new());
    assert!(Permission::all().len() > 50, "the permissions of the domains are registered");
}

#[test]
fn permission_check_is_found_by_the_whole_name() {
    let sources = ["principal.has_permission(ViewOrderNotes::PERMISSION)".to_owned()];
    assert!(is_checked("ViewOrderNotes", &sources));
    assert!(!is_checked("OrderNotes", &sources));
}

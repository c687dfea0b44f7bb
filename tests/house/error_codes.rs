//! Error codes: every code of the sources is documented, and the other way round.

use std::collections::BTreeSet;
use std::fs;

use mercer::cli::errors;
use pretty_assertions::assert_str_eq;

use super::assert_none;
use super::files::{self, RepositoryFile};

/// Constructors of error responses, and the attribute of the `ApiError` derive. The first string of their arguments is
/// the code.
const CONSTRUCTORS: [&str; 13] = [
    "Kind::conflict(",
    "Kind::not_found(",
    "Kind::rejected(",
    "Problem::rejected(",
    "Problem::forbidden(",
    "Problem::unauthorized(",
    "Problem::simple(",
    "Self::simple(",
    "Self::forbidden(",
    "Self::unauthorized(",
    "kind(conflict =",
    "kind(forbidden =",
    "kind(not_found =",
];

fn codes_in(sources: &[RepositoryFile]) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for source in sources {
        for constructor in CONSTRUCTORS {
            for (at, _) in source.text.match_indices(constructor) {
                let arguments = &source.text[at + constructor.len()..];
                let call = arguments.split(';').next().unwrap_or_default();
                codes.extend(call.split('"').nth(1).filter(|text| is_code(text)).map(str::to_owned));
            }
        }
    }
    codes
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

fn differences(used: &BTreeSet<String>, documented: &BTreeSet<String>) -> Vec<String> {
    let undocumented = used.difference(documented).map(|code| format!("{code} is not in any list of error codes"));
    undocumented
        .chain(documented.difference(used).map(|code| format!("{code} is documented, but never used")))
        .collect()
}

fn documented() -> Vec<&'static str> {
    errors::sections().iter().flat_map(|(_, codes)| codes.iter().map(|error| error.code)).collect()
}

#[test]
fn every_error_code_of_the_sources_is_documented() {
    let documented = documented().into_iter().map(str::to_owned).collect();
    assert_none(&differences(&codes_in(&files::below("src")), &documented));
}

#[test]
fn error_codes_are_documented_once() {
    let codes = documented();
    assert_eq!(codes.len(), codes.iter().collect::<BTreeSet<_>>().len(), "{codes:?}");
}

#[test]
fn error_page_is_up_to_date() {
    let written = files::read("docs/errors.md").unwrap_or_default();
    let expected = concat!(env!("CARGO_TARGET_TMPDIR"), "/errors.md");
    if written != errors::page() {
        fs::write(expected, errors::page()).ok();
    }
    assert_str_eq!(written, errors::page(), "out of date: copy {expected} to docs/errors.md");
}

#[test]
fn codes_are_found_in_constructors_only() {
    let text =
        "Kind::conflict(\"taken\"); Kind::rejected(StatusCode::GONE, \"gone\"); name(\"other\"); Kind::conflict(code);";
    let source = RepositoryFile { path: "src/a.rs".to_owned(), text: text.to_owned() };
    let used = codes_in(&[source]);
    assert_eq!(used.iter().map(String::as_str).collect::<Vec<_>>(), ["gone", "taken"]);
    let documented = BTreeSet::from(["gone".to_owned(), "lost".to_owned()]);
    assert_eq!(
        differences(&used, &documented),
        ["taken is not in any list of error codes", "lost is documented, but never used"]
    );
}

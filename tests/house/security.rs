//! The security checklist: every item has existing tests, or the reason why they are missing.

use std::collections::BTreeMap;

use super::{assert_none, files};

const TABLE: &str = "tests/security/README.md";

/// Items of the checklist.
const ITEMS: u32 = 34;

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    item: String,
    demand: String,
    /// Tests as `path::name`, in code quotes.
    tests: Vec<String>,
    /// Text outside of the code quotes.
    rest: String,
}

/// Parses the rows of the table, without its header.
fn rows(table: &str) -> Vec<Row> {
    let lines = table.lines().filter(|line| line.starts_with('|'));
    let cells = lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let cells = cells.filter(|cells| !cells[0].starts_with(['-', ':']) && cells[0] != "item");
    cells.map(|cells| row(&cells)).collect()
}

fn row(cells: &[&str]) -> Row {
    let cell = |place: usize| cells.get(place).copied().unwrap_or_default().to_owned();
    let text = cell(2);
    let quoted = text.split('`').enumerate().filter(|(place, _)| place % 2 == 1);
    let plain = text.split('`').enumerate().filter(|(place, _)| place % 2 == 0);
    Row {
        item: cell(0),
        demand: cell(1),
        tests: quoted.map(|(_, test)| test.to_owned()).collect(),
        rest: plain.map(|(_, part)| part).collect::<String>().trim_matches([' ', ',', ';', '.']).to_owned(),
    }
}

/// Lists the errors of the table. `read` reads the files that the table names.
fn violations(table: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let rows = rows(table);
    let mut count: BTreeMap<&str, u32> = BTreeMap::new();
    for row in &rows {
        *count.entry(&row.item).or_default() += 1;
    }
    let wanted: Vec<String> = (1..=ITEMS).map(|item| item.to_string()).collect();
    let mut violations = Vec::new();
    for item in &wanted {
        match count.get(item.as_str()) {
            None => violations.push(format!("item {item} is missing")),
            Some(1) => {}
            Some(several) => violations.push(format!("item {item} occurs {several} times")),
        }
    }
    let unknown = count.keys().filter(|item| !wanted.iter().any(|wanted| wanted == *item));
    violations.extend(unknown.map(|item| format!("there is no item {item:?}")));
    for row in &rows {
        violations.extend(of_row(row, &read).into_iter().map(|wrong| format!("item {}: {wrong}", row.item)));
    }
    violations
}

fn of_row(row: &Row, read: &impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut violations = Vec::new();
    if row.demand.is_empty() {
        violations.push("has no requirement".to_owned());
    }
    let reason = row.rest.split_once("not yet").map(|(_, reason)| reason.trim_matches([' ', ':', ',']));
    match reason {
        Some("") => violations.push("has no tests yet, and gives no reason".to_owned()),
        None if row.tests.is_empty() => violations.push("has no test, and is not marked \"not yet\"".to_owned()),
        _ => {}
    }
    violations.extend(row.tests.iter().filter_map(|test| missing(test, read)));
    violations
}

/// Returns the error of a reference to a test: `tests/a/b.rs::name`.
fn missing(test: &str, read: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let Some((path, name)) = test.split_once("::") else {
        return Some(format!("{test} is not written path::name"));
    };
    let Some(text) = read(path) else {
        return Some(format!("{path} does not exist"));
    };
    let is_test = |before: &str| before.trim_end().ends_with("test]");
    let found = text.match_indices(&format!("fn {name}(")).any(|(place, _)| {
        let line = text.get(..place).unwrap_or_default().trim_end_matches("async ");
        is_test(line)
    });
    (!found).then(|| format!("{path} has no test {name}"))
}

#[test]
fn every_item_of_the_checklist_has_tests_or_a_reason() {
    let table = files::read(TABLE).unwrap_or_default();
    assert_none(&violations(&table, files::read));
}

/// The rule on bad tables.
mod bad_examples {
    use super::*;

    const FILE: &str =
        "mod a;\n\n#[test]\nfn is_refused() {}\n\n#[actix_web::test]\nasync fn is_lost() {}\n\nfn helper() {}\n";

    fn read(path: &str) -> Option<String> {
        (path == "tests/a.rs").then(|| FILE.to_owned())
    }

    /// A valid table, with these lines in place of the first item.
    fn table(lines: &str) -> String {
        let good = |item: u32| format!("| {item} | doors are shut | `tests/a.rs::is_refused` |\n");
        let head = "| item | demands | tests |\n| --- | --- | --- |\n";
        format!("# Doors\n\n{head}{lines}\n{}", (2..=ITEMS).map(good).collect::<String>())
    }

    #[test]
    fn valid_table_has_no_violations() {
        for line in [
            "| 1 | doors are shut | `tests/a.rs::is_refused`, `tests/a.rs::is_lost` |",
            "| 1 | doors are shut | not yet: the accounts issue brings doors |",
            "| 1 | doors are shut | `tests/a.rs::is_lost`; windows not yet: there are none |",
        ] {
            assert_eq!(violations(&table(line), read), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn errors_of_a_table_are_found() {
        for (line, expected) in [
            ("", "item 1 is missing"),
            ("| 1 | doors | `tests/a.rs::is_lost` |\n| 1 | doors | `tests/a.rs::is_lost` |", "item 1 occurs 2 times"),
            ("| 1 | | `tests/a.rs::is_lost` |", "item 1: has no requirement"),
            ("| 1 | doors | |", "item 1: has no test, and is not marked \"not yet\""),
            ("| 1 | doors | later |", "item 1: has no test, and is not marked \"not yet\""),
            ("| 1 | doors | not yet |", "item 1: has no tests yet, and gives no reason"),
            ("| 1 | doors | `tests/a.rs::is_lost`; not yet: |", "item 1: has no tests yet, and gives no reason"),
            ("| 1 | doors | `tests/a.rs::is_found` |", "item 1: tests/a.rs has no test is_found"),
            ("| 1 | doors | `tests/a.rs::helper` |", "item 1: tests/a.rs has no test helper"),
            ("| 1 | doors | `tests/b.rs::is_lost` |", "item 1: tests/b.rs does not exist"),
            ("| 1 | doors | `is_lost` |", "item 1: is_lost is not written path::name"),
        ] {
            assert_eq!(violations(&table(line), read), [expected], "{line}");
        }
        let unknown = table("| 1 | doors | `tests/a.rs::is_lost` |\n| 35 | roofs | `tests/a.rs::is_lost` |");
        assert_eq!(violations(&unknown, read), ["there is no item \"35\""]);
    }
}

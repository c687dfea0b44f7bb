//! Ownership of tables: each has one owner, which alone writes it.

use std::collections::BTreeMap;

use super::source::{DOMAINS, Source};
use super::sql::{self, Access};
use crate::house::rust::{Token, begin_with};

/// Functions of Diesel that write to their argument.
const WRITERS: [&str; 6] = ["insert_into", "insert_or_ignore_into", "replace_into", "copy_from", "update", "delete"];

/// Folder of the owner of each table.
pub type Owners = BTreeMap<String, String>;

/// Returns the names of the tables of the schema.
pub fn tables_of(schema: &str) -> Vec<String> {
    crate::house::schema::parse(schema).into_iter().map(|table| table.name).collect()
}

/// Reads the owners. Lists tables without an owner or with two, and owned names that are no tables.
pub fn ownership(sources: &[Source], tables: &[String]) -> (Owners, Vec<String>) {
    let mut owners = Owners::new();
    let mut violations = Vec::new();
    for source in sources {
        let Some(folder) = source.path.strip_suffix("mod.rs") else {
            continue;
        };
        for table in owned_in(&source.text) {
            if !tables.contains(&table) {
                violations.push(format!("{}: owns `{table}`, which is not a table", source.path));
            } else if let Some(other) = owners.insert(table.clone(), folder.to_owned()) {
                violations.push(format!("{table} has two owners: {other} and {folder}"));
            }
        }
    }
    let unowned = tables.iter().filter(|table| !owners.contains_key(*table));
    violations.extend(unowned.map(|table| format!("{table} has no owner: no mod.rs contains `//! Owns `{table}`.`")));
    (owners, violations)
}

/// Returns the names in backticks in the sentence of a `mod.rs` that starts with `Owns`.
fn owned_in(text: &str) -> Vec<String> {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let doc = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    let begins = |at: &usize| *at == 0 || doc.get(..*at).is_some_and(|before| before.trim_end().ends_with('.'));
    let starts = doc.match_indices("Owns ").map(|(at, _)| at);
    let sentences = starts.filter(|at| *at == 0 || begins(at)).filter_map(|at| doc.get(at..));
    sentences
        .filter_map(|rest| rest.split(". ").next())
        .flat_map(|sentence| sentence.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

/// Lists writes outside of the owner's folder.
pub fn foreign_writes(sources: &[Source], owners: &Owners) -> Vec<String> {
    let mut violations = Vec::new();
    for (source, line, table) in accesses(sources, Access::Write) {
        if owners.get(&table).is_some_and(|owner| !source.path.starts_with(owner)) {
            let owner = owner_of(owners, &table);
            violations.push(format!("{}:{line}: writes {table}, which {owner} owns", source.path));
        }
    }
    violations
}

/// Lists reads outside of the owner's domain.
pub fn foreign_reads(sources: &[Source], owners: &Owners) -> Vec<String> {
    let mut violations = Vec::new();
    for (source, line, table) in accesses(sources, Access::Read) {
        if owners.get(&table).is_some_and(|owner| domain(owner) != domain(&source.path)) {
            let owner = owner_of(owners, &table);
            violations.push(format!("{}:{line}: reads {table} of {owner}", source.path));
        }
    }
    violations
}

fn owner_of<'a>(owners: &'a Owners, table: &str) -> &'a str {
    owners.get(table).map_or("no room", |folder| folder.trim_end_matches('/'))
}

fn domain(path: &str) -> Option<&str> {
    path.split('/').nth(1).filter(|name| DOMAINS.contains(name))
}

/// Returns file, line and name of each access to a table, or to a name that looks like one.
fn accesses(sources: &[Source], access: Access) -> Vec<(&Source, usize, String)> {
    let mut accesses = Vec::new();
    for source in sources.iter().filter(|source| source.path != "src/schema.rs") {
        let in_diesel = match access {
            Access::Write => written_in_diesel(&source.tokens),
            Access::Read => named_from_schema(source),
        };
        accesses.extend(in_diesel.into_iter().map(|(line, table)| (source, line, table)));
        for literal in source.tokens.iter().filter(|token| token.is_literal) {
            let tables = sql::tables(&literal.text, access);
            accesses.extend(tables.into_iter().map(|table| (source, literal.line, table)));
        }
    }
    accesses
}

fn written_in_diesel(tokens: &[Token]) -> Vec<(usize, String)> {
    let tails = (0..tokens.len()).filter_map(|at| tokens.get(at..));
    let written = tails.filter_map(|tail| written_by_function(tail).or_else(|| written_by_derive(tail)));
    written.map(|table| (table.line, table.text.clone())).collect()
}

/// Finds the table of `insert_into(schema::stocks::table)`: the word before `table`.
fn written_by_function(tail: &[Token]) -> Option<&Token> {
    let (function, rest) = tail.split_first()?;
    if !(WRITERS.iter().any(|writer| function.is(writer)) && begin_with(rest, &["("])) {
        return None;
    }
    let path = rest.iter().skip(1).skip_while(|token| token.is("&"));
    let path: Vec<_> = path.take_while(|token| token.is_word() || token.is("::")).collect();
    match path.as_slice() {
        [.., table, colons, last] if colons.is("::") && last.is("table") => Some(table),
        _ => written_by_set(rest),
    }
}

/// Finds the table of `update(row).set((stocks::quantity.eq(1), ..))` from its columns.
fn written_by_set(rest: &[Token]) -> Option<&Token> {
    let statement: Vec<_> = rest.iter().take_while(|token| !token.is(";")).collect();
    let set = statement.windows(2).position(|pair| matches!(pair, [set, open] if set.is("set") && open.is("(")))?;
    let mut assigned = statement.iter().skip(set + 1).skip_while(|token| token.is("("));
    let table = assigned.next()?;
    assigned.next().filter(|colons| colons.is("::")).map(|_| *table)
}

/// Finds the table of `#[derive(Insertable)] #[diesel(table_name = schema::stocks)]`.
fn written_by_derive(tail: &[Token]) -> Option<&Token> {
    if !begin_with(tail, &["derive", "("]) {
        return None;
    }
    let mut derived = tail.iter().take_while(|token| !token.is(")"));
    derived.find(|token| token.is("Insertable") || token.is("AsChangeset"))?;
    let item = tail.iter().take_while(|token| !token.is("struct") && !token.is("enum"));
    let named = item.skip_while(|token| !token.is("table_name")).skip(2);
    named.take_while(|token| token.is_word() || token.is("::")).last()
}

fn named_from_schema(source: &Source) -> Vec<(usize, String)> {
    let from_schema = source.named.iter().filter(|named| named.segment(0) == Some("schema"));
    from_schema.filter_map(|named| Some((named.line, named.segment(1)?.to_owned()))).collect()
}

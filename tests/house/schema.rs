//! A parser for `src/schema.rs`.

use super::rust::{Token, begin_with, tokens};

/// Table of a `diesel::table!` macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub primary_key: Vec<String>,
    pub columns: Vec<Column>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// Diesel type, for example `Nullable<Text>`.
    pub sql_type: String,
    pub max_length: Option<String>,
}

/// Parses all tables, in the order of the file.
pub fn parse(schema: &str) -> Vec<Table> {
    let tokens = tokens(schema);
    let tails = (0..tokens.len()).filter_map(|at| tokens.get(at..));
    let blocks = tails.filter(|tail| begin_with(tail, &["table", "!", "{"]));
    blocks.filter_map(|block| table(block.get(3..)?)).collect()
}

/// Parses `use …; #[…] name (key, …) { columns }`, after the first brace.
fn table(block: &[Token]) -> Option<Table> {
    let key = block.iter().position(|token| token.is("("))?;
    let name = block.get(key.checked_sub(1)?)?;
    // An attribute before the name has its own brackets.
    if !name.is_word() {
        return None;
    }
    let columns = key + block.get(key..)?.iter().position(|token| token.is("{"))?;
    let end = columns + block.get(columns..)?.iter().position(|token| token.is("}"))?;
    let primary_key = block.get(key..columns)?.iter().filter(|token| token.is_word());
    Some(Table {
        name: name.text.clone(),
        primary_key: primary_key.map(|token| token.text.clone()).collect(),
        columns: columns_of(block.get(columns + 1..end)?),
    })
}

/// Parses columns such as `#[max_length = 3] currency -> Bpchar,`.
fn columns_of(tokens: &[Token]) -> Vec<Column> {
    let lines = tokens.split(|token| token.is(","));
    lines.filter_map(column).collect()
}

fn column(line: &[Token]) -> Option<Column> {
    let arrow = line.iter().position(|token| token.is("-"))?;
    let (before, after) = line.split_at(arrow);
    let max_length = before.iter().position(|token| token.is("max_length"));
    let max_length = max_length.and_then(|at| before.get(at + 2)).map(|token| token.text.clone());
    Some(Column {
        name: before.last()?.text.clone(),
        sql_type: after.iter().skip(2).map(|token| token.text.as_str()).collect(),
        max_length,
    })
}

#[test]
fn printed_schema_is_parsed() {
    let schema = "diesel::table! { use diesel::sql_types::*;
        lines (order_id, place) { order_id -> Uuid, #[max_length = 3] currency -> Nullable<Bpchar>, } }
        diesel::joinable!(lines -> orders (order_id));";

    let column = |name: &str, sql_type: &str, max_length: Option<&str>| Column {
        name: name.to_owned(),
        sql_type: sql_type.to_owned(),
        max_length: max_length.map(str::to_owned),
    };
    assert_eq!(
        parse(schema),
        [Table {
            name: "lines".to_owned(),
            primary_key: vec!["order_id".to_owned(), "place".to_owned()],
            columns: vec![column("order_id", "Uuid", None), column("currency", "Nullable<Bpchar>", Some("3"))],
        }]
    );
}

//! A minimal SQL parser that finds the tables that a statement reads and writes.

/// Access of a statement to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// Returns the names that a string literal accesses in this way, if it is SQL. The caller checks if a name is a table.
pub fn tables(literal: &str, access: Access) -> Vec<String> {
    let words = words(literal);
    match access {
        Access::Write => written(&words),
        Access::Read if is_sql(&words) => read(&words),
        Access::Read => Vec::new(),
    }
}

/// Splits into lower-case words and single signs, without quotes and schema names.
fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace('"', "").replace("public.", "");
    let mut words = Vec::new();
    let mut word = String::new();
    for character in text.chars() {
        if character.is_alphanumeric() || character == '_' {
            word.push(character);
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if !character.is_whitespace() {
            words.push(character.to_string());
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn written(words: &[String]) -> Vec<String> {
    let tails = (0..words.len()).filter_map(|at| words.get(at..));
    tails.filter_map(|tail| written_first(tail).map(str::to_owned)).collect()
}

fn written_first(tail: &[String]) -> Option<&str> {
    let tail: Vec<&str> = tail.iter().map(String::as_str).take(6).collect();
    match tail.as_slice() {
        ["insert" | "merge", "into", table, ..]
        | ["delete", "from", "only", table, ..]
        | ["delete", "from", table, ..]
        | ["truncate", "table", table, ..]
        // The word "update" in an English sentence has no `set`.
        | ["update", "only", table, "set", ..]
        | ["update", table, "set", ..]
        | ["update", table, _, "set", ..]
        | ["update", table, "as", _, "set", ..] => Some(table),
        ["truncate", table, ..] => Some(table),
        _ => None,
    }
}

/// Returns true if the words are SQL. English sentences contain `from` too.
fn is_sql(words: &[String]) -> bool {
    let contains = |word: &str| words.iter().any(|other| other == word);
    contains("select") || (contains("join") && contains("on")) || !written(words).is_empty()
}

/// Returns the names after `from`, `join` and `using`, including comma-separated lists.
fn read(words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_list = false;
    let mut before = "";
    for word in words {
        let opens = ["from", "join", "using"].contains(&before);
        if opens || (is_list && before == ",") {
            found.push(word.clone());
        }
        // A list consists of names, `as` and commas; any other keyword or sign ends it.
        let ends = ["where", "on", "group", "order", "limit", "for", "select", "set", "returning", "(", ")", ";"];
        is_list = opens || (is_list && !ends.contains(&word.as_str()));
        before = word;
    }
    found
}

#[test]
fn tables_are_found_in_sql_and_not_in_sentences() {
    for (text, access, expected) in [
        ("insert into stocks (id) values ($1)", Access::Write, vec!["stocks"]),
        (
            "with x as (update Stocks as s set y = 1) delete from only \"public\".\"orders\"",
            Access::Write,
            vec!["stocks", "orders"],
        ),
        ("select 1 from orders for update of orders", Access::Write, vec![]),
        ("cannot update orders of others", Access::Write, vec![]),
        (
            "select * from orders o, order_lines as l join stocks on true",
            Access::Read,
            vec!["orders", "order_lines", "stocks"],
        ),
        ("removed from orders", Access::Read, vec![]),
        ("update stocks set a = o.b from orders o where true", Access::Read, vec!["orders"]),
    ] {
        assert_eq!(tables(text, access), expected, "{text}");
    }
}

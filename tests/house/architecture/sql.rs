//! Just enough of SQL to see which tables a statement writes and reads.

/// What a statement does with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    Read,
    Write,
}

/// The tables that a string literal touches so, if it is SQL. A name may be something else's:
/// ask whether it is a table.
pub fn tables(literal: &str, touch: Touch) -> Vec<String> {
    let words = words(literal);
    match touch {
        Touch::Write => written(&words),
        Touch::Read if is_sql(&words) => read(&words),
        Touch::Read => Vec::new(),
    }
}

/// Lower-case words and single signs; quotes and schema names left out.
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
        // An update of English sentences has no `set`.
        | ["update", "only", table, "set", ..]
        | ["update", table, "set", ..]
        | ["update", table, _, "set", ..]
        | ["update", table, "as", _, "set", ..] => Some(table),
        ["truncate", table, ..] => Some(table),
        _ => None,
    }
}

/// Other sentences have a `from` too.
fn is_sql(words: &[String]) -> bool {
    let says = |word: &str| words.iter().any(|other| other == word);
    says("select") || (says("join") && says("on")) || !written(words).is_empty()
}

/// After `from`, `join` and `using`, also further on in a list.
fn read(words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_list = false;
    let mut before = "";
    for word in words {
        let opens = ["from", "join", "using"].contains(&before);
        if opens || (is_list && before == ",") {
            found.push(word.clone());
        }
        // A list goes on over names, `as` and commas, and ends with any other keyword or sign.
        let ends = ["where", "on", "group", "order", "limit", "for", "select", "set", "returning", "(", ")", ";"];
        is_list = opens || (is_list && !ends.contains(&word.as_str()));
        before = word;
    }
    found
}

#[test]
fn tables_are_found_in_statements_and_not_in_sentences() {
    for (text, touch, expected) in [
        ("insert into stocks (id) values ($1)", Touch::Write, vec!["stocks"]),
        (
            "with x as (update Stocks as s set y = 1) delete from only \"public\".\"orders\"",
            Touch::Write,
            vec!["stocks", "orders"],
        ),
        ("select 1 from orders for update of orders", Touch::Write, vec![]),
        ("cannot update orders of others", Touch::Write, vec![]),
        (
            "select * from orders o, order_lines as l join stocks on true",
            Touch::Read,
            vec!["orders", "order_lines", "stocks"],
        ),
        ("removed from orders", Touch::Read, vec![]),
        ("update stocks set a = o.b from orders o where true", Touch::Read, vec!["orders"]),
    ] {
        assert_eq!(tables(text, touch), expected, "{text}");
    }
}

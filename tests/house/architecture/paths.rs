//! Which other modules a source names: every `crate::…`, `super::…` and `self::…`, groups unfolded.

use crate::house::rust::{Token, begin_with};

/// One name, from the root of the crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub segments: Vec<String>,
    pub line: usize,
}

impl Named {
    pub fn segment(&self, index: usize) -> Option<&str> {
        self.segments.get(index).map(String::as_str)
    }
}

/// The module of a file below `src`.
pub fn module_of(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    let inner = inner.strip_suffix(".rs").unwrap_or(inner);
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    match inner {
        "lib" | "main" => Vec::new(),
        _ => inner.split('/').map(str::to_owned).collect(),
    }
}

/// All that the source names, also inside of its inline modules.
pub fn named_in(path: &str, tokens: &[Token]) -> Vec<Named> {
    let mut named = Vec::new();
    let mut module = module_of(path);
    // For each open brace: whether it is an inline module's.
    let mut braces = Vec::new();
    let mut rest = tokens;
    while let Some((token, after)) = rest.split_first() {
        if token.is("{") {
            braces.push(false);
        } else if token.is("}") && braces.pop() == Some(true) {
            module.pop();
        } else if let Some(inline) = inline_module(rest) {
            module.push(inline.to_owned());
            braces.push(true);
            rest = rest.get(3..).unwrap_or_default();
            continue;
        } else if let Some((start, tail)) = start_of_path(&module, rest) {
            // Groups have as many braces to open as to close, so going on inside of them is fine.
            unfold(&start, tail, &mut named);
            rest = tail;
            continue;
        }
        rest = after;
    }
    named
}

/// What a front door hands on from the modules behind it: `pub use services::{ship, release};`.
pub fn handed_on(path: &str, tokens: &[Token], behind: &[&str]) -> Vec<Named> {
    let mut named = Vec::new();
    let tails = (0..tokens.len()).filter_map(|at| tokens.get(at..));
    for tail in tails.filter(|tail| begin_with(tail, &["use"])) {
        let inner = tail.get(1..).unwrap_or_default();
        if inner.first().is_some_and(|first| behind.contains(&first.text.as_str())) {
            unfold(&module_of(path), inner, &mut named);
        }
    }
    named
}

fn inline_module(tokens: &[Token]) -> Option<&str> {
    let [keyword, name, brace, ..] = tokens else {
        return None;
    };
    (keyword.is("mod") && name.is_word() && brace.is("{")).then_some(name.text.as_str())
}

/// Where a path that begins here starts from, and what follows its first `::`.
fn start_of_path<'a>(module: &[String], tokens: &'a [Token]) -> Option<(Vec<String>, &'a [Token])> {
    let after = |tokens: &'a [Token]| tokens.get(2..).unwrap_or_default();
    if begin_with(tokens, &["crate", "::"]) {
        return Some((Vec::new(), after(tokens)));
    }
    if begin_with(tokens, &["self", "::"]) {
        return Some((module.to_vec(), after(tokens)));
    }
    let mut start = module.to_vec();
    let mut rest = tokens;
    while begin_with(rest, &["super", "::"]) {
        start.pop();
        rest = after(rest);
    }
    (rest.len() < tokens.len()).then_some((start, rest))
}

/// Adds the path, or each path of a group; answers with what follows.
fn unfold<'a>(start: &[String], tokens: &'a [Token], named: &mut Vec<Named>) -> &'a [Token] {
    let Some((token, after)) = tokens.split_first() else {
        return tokens;
    };
    if token.is("{") {
        return unfold_group(start, after, named);
    }
    let mut segments = start.to_vec();
    // `{self}` names the module itself.
    if !token.is("self") {
        segments.push(token.text.clone());
    }
    if token.is_word() && begin_with(after, &["::"]) && !begin_with(after, &["::", "<"]) {
        return unfold(&segments, after.get(1..).unwrap_or_default(), named);
    }
    named.push(Named { segments, line: token.line });
    after
}

fn unfold_group<'a>(start: &[String], tokens: &'a [Token], named: &mut Vec<Named>) -> &'a [Token] {
    let mut rest = tokens;
    loop {
        rest = match rest.split_first() {
            None => return rest,
            Some((token, after)) if token.is("}") => return after,
            Some((token, after)) if token.is(",") => after,
            // The new name is nobody's path.
            Some((token, after)) if token.is("as") => after.get(1..).unwrap_or_default(),
            Some(_) => unfold(start, rest, named),
        };
    }
}

#[test]
fn paths_are_unfolded_from_the_root_of_the_crate() {
    let source = r#"
        use crate::products::{stock, pricing::{self, Price as Cost}};
        use super::models;
        fn f() { crate::schema::orders::table.find::<i32>(1); super::super::carts::close(); }
        mod tests { use super::*; }
        mod other { mod inner { use super::super::errors::Problem; } }
        use self::views::View;
    "#;

    let named = named_in("src/orders/checkout/services.rs", &crate::house::rust::tokens(source));

    let texts: Vec<_> = named.iter().map(|named| named.segments.join("::")).collect();
    assert_eq!(
        texts,
        [
            "products::stock",
            "products::pricing",
            "products::pricing::Price",
            "orders::checkout::models",
            "schema::orders::table",
            "orders::carts::close",
            "orders::checkout::services::*",
            "orders::checkout::services::errors::Problem",
            "orders::checkout::services::views::View",
        ]
    );
}

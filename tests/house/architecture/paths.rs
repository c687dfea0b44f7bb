//! Paths that a source uses: every `crate::…`, `super::…` and `self::…`, with expanded groups.

use crate::house::rust::{Token, begin_with};

/// Path from the crate root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedPath {
    pub segments: Vec<String>,
    pub line: usize,
}

impl UsedPath {
    pub fn segment(&self, index: usize) -> Option<&str> {
        self.segments.get(index).map(String::as_str)
    }
}

/// Returns the module of a file below `src`.
pub fn module_of(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    let inner = inner.strip_suffix(".rs").unwrap_or(inner);
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    match inner {
        "lib" | "main" => Vec::new(),
        _ => inner.split('/').map(str::to_owned).collect(),
    }
}

/// Returns all paths that the source uses, including inline modules.
pub fn used_paths(path: &str, tokens: &[Token]) -> Vec<UsedPath> {
    let mut named = Vec::new();
    let mut module = module_of(path);
    // For each open brace: true if it belongs to an inline module.
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
            // The braces of a group are balanced, so the loop can continue inside of it.
            expand(&start, tail, &mut named);
            rest = tail;
            continue;
        }
        rest = after;
    }
    named
}

/// Returns what a `mod.rs` re-exports from the modules `behind` it: `pub use services::{ship, release};`.
pub fn re_exports(path: &str, tokens: &[Token], behind: &[&str]) -> Vec<UsedPath> {
    let mut named = Vec::new();
    let tails = (0..tokens.len()).filter_map(|at| tokens.get(at..));
    for tail in tails.filter(|tail| begin_with(tail, &["use"])) {
        let inner = tail.get(1..).unwrap_or_default();
        if inner.first().is_some_and(|first| behind.contains(&first.text.as_str())) {
            expand(&module_of(path), inner, &mut named);
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

/// Returns the start of a path that begins here, and the tokens after its first `::`.
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

/// Adds the path, or each path of a group. Returns the tokens that follow.
fn expand<'a>(start: &[String], tokens: &'a [Token], named: &mut Vec<UsedPath>) -> &'a [Token] {
    let Some((token, after)) = tokens.split_first() else {
        return tokens;
    };
    if token.is("{") {
        return expand_group(start, after, named);
    }
    let mut segments = start.to_vec();
    // `{self}` names the module itself.
    if !token.is("self") {
        segments.push(token.text.clone());
    }
    if token.is_word() && begin_with(after, &["::"]) && !begin_with(after, &["::", "<"]) {
        return expand(&segments, after.get(1..).unwrap_or_default(), named);
    }
    named.push(UsedPath { segments, line: token.line });
    after
}

fn expand_group<'a>(start: &[String], tokens: &'a [Token], named: &mut Vec<UsedPath>) -> &'a [Token] {
    let mut rest = tokens;
    loop {
        rest = match rest.split_first() {
            None => return rest,
            Some((token, after)) if token.is("}") => return after,
            Some((token, after)) if token.is(",") => after,
            // The new name after `as` is not a path.
            Some((token, after)) if token.is("as") => after.get(1..).unwrap_or_default(),
            Some(_) => expand(start, rest, named),
        };
    }
}

#[test]
fn use_paths_are_expanded_from_the_crate_root() {
    let source = r#"
        use crate::products::{stock, pricing::{self, Price as Cost}};
        use super::models;
        fn f() { crate::schema::orders::table.find::<i32>(1); super::super::carts::close(); }
        mod tests { use super::*; }
        mod other { mod inner { use super::super::errors::Problem; } }
        use self::views::View;
    "#;

    let named = used_paths("src/orders/checkout/services.rs", &crate::house::rust::tokens(source));

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

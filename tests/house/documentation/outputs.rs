//! Comparison of outputs with a page. `…` inside of a string matches any text, alone any value, and at the end of an
//! object or a list all further members. Only headers and bodies that the page shows are compared.

use serde_json::{Map, Value};

use super::page::{Output, OutputKind};

const ELLIPSIS: char = '…';

/// Replacement of an ellipsis outside of strings. No page contains this string.
const ANYTHING: &str = "\0";

/// Lists the differences from the page.
pub fn differences(shown: Option<&Output>, given: &str) -> Vec<String> {
    let given = given.replace('\r', "");
    let mut found = Vec::new();
    match shown {
        None if given.trim().is_empty() => {}
        None => found.push(format!("the page does not show the output: {}", given.trim())),
        Some(Output { kind: OutputKind::Json, text }) => compare_json(text, &given, &mut found),
        Some(Output { kind: OutputKind::Http, text }) => compare_http(text, given.trim_start(), &mut found),
        Some(Output { kind: OutputKind::Text, text }) if fits(text.trim(), given.trim()) => {}
        Some(Output { kind: OutputKind::Text, text }) => found.push(differs("", text.trim(), given.trim())),
    }
    found
}

fn compare_http(shown: &str, given: &str, found: &mut Vec<String>) {
    let (shown, shown_body) = shown.split_once("\n\n").unwrap_or((shown.trim_end(), ""));
    let (given, given_body) = given.split_once("\n\n").unwrap_or((given.trim_end(), ""));
    let (mut shown, mut given) = (shown.lines(), given.lines());
    let (shown_status, status) = (shown.next().unwrap_or_default(), given.next().unwrap_or_default());
    if !fits(shown_status, status) {
        found.push(differs("", shown_status, status));
    }
    let headers: Vec<(String, &str)> = given.filter_map(header).collect();
    for line in shown {
        let Some((name, shown)) = header(line) else {
            found.push(format!("{line:?} is not a header"));
            continue;
        };
        let values: Vec<&str> = headers.iter().filter(|(given, _)| *given == name).map(|(_, value)| *value).collect();
        if !values.iter().any(|value| fits(shown, value)) {
            found.push(differs(&name, shown, &values.join(", ")));
        }
    }
    if !shown_body.trim().is_empty() {
        compare_json(shown_body, given_body, found);
    }
}

fn header(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.split_once(':')?;
    Some((name.to_ascii_lowercase(), value.trim()))
}

fn compare_json(shown: &str, given: &str, found: &mut Vec<String>) {
    match (pattern(shown), serde_json::from_str(given)) {
        (Ok(shown), Ok(given)) => compare("", &shown, &given, found),
        (Err(error), _) => found.push(format!("the page contains invalid JSON ({error}): {}", shown.trim())),
        (_, Err(_)) => found.push(format!("the output is not JSON: {}", given.trim())),
    }
}

/// Parses JSON with ellipses. Outside of strings, an ellipsis becomes a value or a member.
fn pattern(text: &str) -> serde_json::Result<Value> {
    let mut json = String::new();
    let (mut is_string, mut is_escaped, mut before) = (false, false, ' ');
    let mut open: Vec<char> = Vec::new();
    for c in text.chars() {
        let is_member = open.last() == Some(&'{') && matches!(before, '{' | ',');
        match c {
            ELLIPSIS if is_string => json.push(c),
            ELLIPSIS if is_member => json.push_str(r#""\u0000":"\u0000""#),
            ELLIPSIS => json.push_str(r#""\u0000""#),
            _ => json.push(c),
        }
        match c {
            '"' if !is_escaped => is_string = !is_string,
            '{' | '[' if !is_string => open.push(c),
            '}' | ']' if !is_string => drop(open.pop()),
            _ => {}
        }
        is_escaped = is_string && c == '\\' && !is_escaped;
        before = if c.is_whitespace() { before } else { c };
    }
    serde_json::from_str(&json)
}

/// Compares two values at the JSON pointer `place`.
fn compare(place: &str, shown: &Value, given: &Value, found: &mut Vec<String>) {
    match (shown, given) {
        (Value::String(shown), _) if shown == ANYTHING => {}
        (Value::String(shown), Value::String(given)) if fits(shown, given) => {}
        (Value::Object(shown), Value::Object(given)) => compare_members(place, shown, given, found),
        (Value::Array(shown), Value::Array(given)) => compare_items(place, shown, given, found),
        _ if shown == given => {}
        _ => found.push(differs(place, &shown.to_string(), &given.to_string())),
    }
}

fn compare_members(place: &str, shown: &Map<String, Value>, given: &Map<String, Value>, found: &mut Vec<String>) {
    for (name, shown) in shown.iter().filter(|(name, _)| *name != ANYTHING) {
        match given.get(name) {
            Some(given) => compare(&format!("{place}/{name}"), shown, given, found),
            None => found.push(format!("{place}/{name} is missing")),
        }
    }
    if !shown.contains_key(ANYTHING) {
        let more = given.iter().filter(|(name, _)| !shown.contains_key(*name));
        found.extend(more.map(|(name, value)| format!("{place}/{name} is not on the page: {value}")));
    }
}

fn compare_items(place: &str, shown: &[Value], given: &[Value], found: &mut Vec<String>) {
    let (shown, is_open) = match shown.split_last() {
        Some((last, first)) if last == ANYTHING => (first, true),
        _ => (shown, false),
    };
    if given.len() < shown.len() || (given.len() > shown.len() && !is_open) {
        found.push(format!("{place} has {} items, not {}", given.len(), shown.len()));
    }
    for (at, (shown, given)) in shown.iter().zip(given).enumerate() {
        compare(&format!("{place}/{at}"), shown, given, found);
    }
}

/// Returns true if the text matches the page, where each ellipsis matches any text.
fn fits(shown: &str, text: &str) -> bool {
    let Some((begin, rest)) = shown.split_once(ELLIPSIS) else {
        return shown == text;
    };
    let Some(mut text) = text.strip_prefix(begin) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once(ELLIPSIS).unwrap_or(("", rest));
    for part in middle.split(ELLIPSIS) {
        let Some(at) = text.find(part) else {
            return false;
        };
        text = text.get(at + part.len()..).unwrap_or_default();
    }
    text.ends_with(end)
}

fn differs(place: &str, shown: &str, given: &str) -> String {
    let place = if place.is_empty() { "the output" } else { place };
    format!("{place} is {given}, not {shown}")
}

/// The comparison on correct and on wrong outputs.
mod cases {
    use super::*;

    fn of(kind: OutputKind, shown: &str, given: &str) -> Vec<String> {
        differences(Some(&Output { kind, text: shown.to_owned() }), given)
    }

    fn json(shown: &str, given: &str) -> Vec<String> {
        of(OutputKind::Json, shown, given)
    }

    #[test]
    fn ellipsis_matches_omitted_parts() {
        let given = r#"{"id":"1-2","count":3,"lines":[{"sku":"A","x":null},{"sku":"B"}],"detail":"3 of 4 {…}"}"#;
        let right = [
            r#"{"id": "…", "count": …, "lines": […], "detail": "3 of … {…}"}"#,
            r#"{"lines": [{"sku": "A", …}, {"sku": "B"}], "id": "1…2", …}"#,
            r#"{"lines": [{"x": null, "sku": "…"}, …], …}"#,
            r#"{"lines": [{…}, …, …], …}"#,
            "{…}",
            "…",
        ];
        for shown in right {
            assert_eq!(json(shown, given), Vec::<String>::new(), "{shown}");
        }
        assert_eq!(json(r#"["\"…\"", "\\", …]"#, r#"["\"a\"", "\\"]"#), Vec::<String>::new());
    }

    #[test]
    fn differences_of_json_are_found() {
        let wrong = [
            (r#"{"a": 1}"#, r#"{"a":2}"#, "/a is 2, not 1"),
            (r#"{"a": "1"}"#, r#"{"a":1}"#, "/a is 1, not \"1\""),
            (r#"{"a": "…"}"#, r#"{"a":null}"#, "/a is null, not \"…\""),
            (r#"{"a": {"b": "x…z"}}"#, r#"{"a":{"b":"xy"}}"#, "/a/b is \"xy\", not \"x…z\""),
            (r#"{"a": …}"#, "{}", "/a is missing"),
            (r#"{"a": …}"#, r#"{"a":1,"b":2}"#, "/b is not on the page: 2"),
            (r#"{"b": 2, …}"#, r#"{"a":1}"#, "/b is missing"),
            ("[1]", "[1,2]", " has 2 items, not 1"),
            ("[1, 2, …]", "[1]", " has 1 items, not 2"),
            ("[{\"a\": 1}, …]", "[{\"a\":2},3]", "/0/a is 2, not 1"),
            ("{}", "[]", "the output is [], not {}"),
            ("{}", "", "the output is not JSON: "),
            ("{}", "<html>", "the output is not JSON: <html>"),
        ];
        for (shown, given, expected) in wrong {
            assert_eq!(json(shown, given), [expected], "{shown} {given}");
        }
        assert!(
            json("{oops}", "{}").first().is_some_and(|expected| expected.starts_with("the page contains invalid JSON"))
        );
    }

    #[test]
    fn only_shown_headers_are_compared() {
        let given = "HTTP/1.1 200 OK\r\nVary: origin\r\nETag: \"1.ab\"\r\nvary: accept\r\n\r\n{\"a\":1}";
        let http = |shown: &str| of(OutputKind::Http, shown, given);
        for right in ["HTTP/1.1 200 OK\n", "HTTP/1.1 200 …\netag: \"1.…\"\nvary: accept\n\n{\"a\": …}\n"] {
            assert_eq!(http(right), Vec::<String>::new(), "{right}");
        }
        assert_eq!(http("HTTP/1.1 201 Created"), ["the output is HTTP/1.1 200 OK, not HTTP/1.1 201 Created"]);
        assert_eq!(http("HTTP/1.1 200 OK\nvary: cookie"), ["vary is origin, accept, not cookie"]);
        assert_eq!(http("HTTP/1.1 200 OK\nallow: …"), ["allow is , not …"]);
        assert_eq!(http("HTTP/1.1 200 OK\n\n{\"a\": 2}"), ["/a is 1, not 2"]);
        assert_eq!(http("HTTP/1.1 200 OK\n{}"), ["\"{}\" is not a header"]);
    }

    #[test]
    fn other_texts_are_compared_literally() {
        assert_eq!(of(OutputKind::Text, "{\n  \"a\": …\n}\n", "\n{\n  \"a\": 1\n}\n"), Vec::<String>::new());
        assert_eq!(of(OutputKind::Text, "{\n  a\n}", "{\n    a\n}"), ["the output is {\n    a\n}, not {\n  a\n}"]);
        assert_eq!(differences(None, " \n"), Vec::<String>::new());
        assert_eq!(differences(None, "oops\n"), ["the page does not show the output: oops"]);
    }

    #[test]
    fn parts_of_a_text_are_matched_in_order() {
        for (shown, text) in [("…", ""), ("a…b…c", "a12b3bc"), ("…b…", "abc"), ("a…", "a")] {
            assert!(fits(shown, text), "{shown} {text}");
        }
        for (shown, text) in [("a", "ab"), ("a…b…c", "acb"), ("…b", "abc"), ("b…", "abc"), ("ab…bc", "abc")] {
            assert!(!fits(shown, text), "{shown} {text}");
        }
    }
}

//! Plain English: words and openings that often make a sentence hard to understand.
//!
//! The rule lists words and does not check grammar. Rewrite each sentence that it finds. Quoted texts of other projects
//! are exceptions.

use super::files::{self, RepositoryFile};
use super::{assert_none, lines_with};

/// Words that hide the subject of a sentence or replace a standard term.
const WORDS: [&str; 17] = [
    "whoever",
    "whomever",
    "whosever",
    "whatever",
    "whichever",
    "somebody",
    "nobody",
    "anybody",
    "everybody",
    "told",
    "tell",
    "tells",
    "telling",
    "asker",
    "askers",
    "hindrance",
    "hindrances",
];

/// Phrases of the same kind, in lower case and without punctuation.
const PHRASES: [&str; 9] = [
    "may not",
    "are not there",
    "is not there",
    "is over",
    "are over",
    "in their turn",
    "not any more",
    "no good any more",
    "here it is",
];

/// Openings of doc comments that do not say what an item is or does.
const OPENINGS: [&str; 5] = ["What", "Whether", "Who", "Whom", "Whose"];

/// Validation messages of Django REST framework, which clients compare.
const QUOTED: [&str; 6] = [
    "this field may not be blank",
    "this field may not be null",
    "this list may not be empty",
    "this dictionary may not be empty",
    "may not be blank",
    "may not be null",
];

/// Files that quote the words: the glossary names the terms to avoid, and `nobody` is a Unix account.
const EXCEPTIONS: [&str; 3] =
    ["docs/glossary.md", "src/platform/db/embedded/error.rs", "src/platform/db/embedded/launch.rs"];

/// Data, not prose.
const DATA: [&str; 3] = [".csv", ".jsonl", "common_passwords.txt"];

/// Folders and files that the rule covers.
const COVERED: [&str; 13] = [
    "src/",
    "macros/",
    "benches/",
    "migrations/",
    "scripts/",
    "templates/",
    "docs/",
    "openapi/openapi.json",
    "README.md",
    "CONTRIBUTING.md",
    "Makefile",
    "deny.toml",
    ".env.example",
];

fn forbidden_words(files: &[RepositoryFile]) -> Vec<String> {
    lines_with(files, |line| {
        let words: Vec<String> = line
            .split(|c: char| !c.is_alphabetic() && c != '\'')
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let mut text = format!(" {} ", words.join(" "));
        for quoted in QUOTED {
            text = text.replace(&format!(" {quoted} "), " ");
        }
        let mut matches = WORDS.iter().chain(&PHRASES).filter(|word| text.contains(&format!(" {word} ")));
        matches.next().map(|word| format!("{word:?} marks a sentence to rewrite"))
    })
}

fn forbidden_openings(files: &[RepositoryFile]) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let mut previous = "";
        for (number, line) in file.text.lines().map(str::trim_start).enumerate() {
            let is_first = !previous.starts_with("///") && !previous.starts_with("//!");
            let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")).filter(|_| is_first);
            let opening = text.and_then(|text| text.split_whitespace().next()).unwrap_or_default();
            if OPENINGS.contains(&opening.trim_end_matches(|c: char| !c.is_alphabetic())) {
                let place = format!("{}:{}", file.path, number + 1);
                violations.push(format!("{place}: a doc comment opens with a verb or a noun, not with {opening:?}"));
            }
            previous = line;
        }
    }
    violations
}

fn covered() -> Vec<RepositoryFile> {
    let is_covered = |file: &RepositoryFile| {
        COVERED.iter().any(|place| file.path.starts_with(place))
            && !EXCEPTIONS.contains(&file.path.as_str())
            && !DATA.iter().any(|ending| file.path.ends_with(ending))
    };
    files::below("").into_iter().filter(is_covered).collect()
}

#[test]
fn texts_avoid_words_that_hide_their_subject() {
    assert_none(&forbidden_words(&covered()));
}

#[test]
fn doc_comments_open_with_a_verb_or_a_noun() {
    assert_none(&forbidden_openings(&covered()));
}

#[test]
fn language_rule_finds_words_phrases_and_openings() {
    let text = "/// Whether there is one\n/// What follows is no opening.\nfn was_told() {}\n// The time is over.\n\
                // This list may not be empty.\n// It may not be\n/// Returns the tale.\n";
    let file = RepositoryFile { path: "src/a.rs".to_owned(), text: text.to_owned() };
    assert_eq!(
        forbidden_words(std::slice::from_ref(&file)),
        [
            "src/a.rs:3: \"told\" marks a sentence to rewrite",
            "src/a.rs:4: \"is over\" marks a sentence to rewrite",
            "src/a.rs:6: \"may not\" marks a sentence to rewrite",
        ]
    );
    assert_eq!(
        forbidden_openings(&[file]),
        ["src/a.rs:1: a doc comment opens with a verb or a noun, not with \"Whether\""]
    );
}

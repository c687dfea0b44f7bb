//! Sizes of files, tests of rooms, and forbidden expressions.

use super::source::Source;
use crate::house::files::RepositoryFile;
use crate::house::rust::tokens;

/// Maximum number of lines of a file.
const MAX_LINES: usize = 500;

/// Expressions that `src` must not contain, with the alternative.
const FORBIDDEN: [(&[&str], &str); 6] = [
    (&[".", "route", "("], "use .service(..): the OpenAPI document contains nothing else"),
    (&["unsafe"], "use safe code"),
    (&["todo", "!"], "finish it"),
    (&["unimplemented", "!"], "finish it"),
    (&["dsl", "::", "*"], "write a column with its table"),
    (&["schema", "::", "*"], "name the tables"),
];

pub fn long_files(files: &[RepositoryFile]) -> Vec<String> {
    let rust = files.iter().filter(|file| file.path.ends_with(".rs") && file.path != "src/schema.rs");
    let lengths = rust.map(|file| (file, file.text.lines().count()));
    lengths
        .filter(|(_, length)| *length > MAX_LINES)
        .map(|(file, length)| format!("{} has {length} lines; the maximum is {MAX_LINES}", file.path))
        .collect()
}

/// Lists rooms without a file or folder of tests of the same name.
pub fn untested_rooms(sources: &[Source], tests: &[RepositoryFile]) -> Vec<String> {
    let has = |path: String| sources.iter().any(|source| source.path == path);
    let folders = sources.iter().filter_map(|source| source.path.strip_suffix("/mod.rs"));
    let rooms = folders.filter(|folder| has(format!("{folder}/handlers.rs")) || has(format!("{folder}/services.rs")));
    let mut violations = Vec::new();
    for room in rooms {
        let name = room.strip_prefix("src/").unwrap_or(room);
        let [file, folder] = [format!("tests/{name}.rs"), format!("tests/{name}/")];
        if !tests.iter().any(|test| test.path == file || test.path.starts_with(&folder)) {
            violations.push(format!("{name} has no tests: neither {file} nor {folder}"));
        }
    }
    violations
}

/// Lists test files without a `mod` line, which are never compiled.
pub fn undeclared_tests(tests: &[RepositoryFile]) -> Vec<String> {
    let mut violations = Vec::new();
    for test in tests.iter().filter(|test| test.path.ends_with(".rs") && test.path != "tests/main.rs") {
        let module = test.path.trim_end_matches(".rs").trim_end_matches("/mod");
        let Some((folder, name)) = module.rsplit_once('/') else {
            continue;
        };
        let parent = if folder == "tests" { "tests/main.rs".to_owned() } else { format!("{folder}/mod.rs") };
        let text = tests.iter().find(|other| other.path == parent).map_or("", |other| &other.text);
        let declared = tokens(text);
        let is_declared = declared.windows(2).any(|pair| matches!(pair, [m, n] if m.is("mod") && n.is(name)));
        if !is_declared {
            violations.push(format!("{} is never compiled: {parent} has no `mod {name};`", test.path));
        }
    }
    violations
}

pub fn forbidden_expressions(sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.path != "src/schema.rs") {
        for (words, advice) in FORBIDDEN {
            let found = source.lines_with(words);
            violations.extend(found.map(|line| format!("{}:{line}: `{}`: {advice}", source.path, words.concat())));
        }
        violations.extend(allowed_lints(source));
    }
    violations
}

/// Finds `#[allow(..)]` and `#![allow(..)]`, also inside of `cfg_attr`.
fn allowed_lints(source: &Source) -> Vec<String> {
    let openings = source.lines_with(&["[", "allow", "("]).chain(source.lines_with(&[",", "allow", "("]));
    openings.map(|line| format!("{}:{line}: `#[allow(`: use `#[expect]` with a reason", source.path)).collect()
}

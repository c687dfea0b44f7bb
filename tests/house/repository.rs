//! Rules for the whole repository: no paths of one machine, no secrets, and a complete README.

use std::process::Command;

use super::files::RepositoryFile;
use super::{assert_none, files, lines_with};

/// Prefixes of paths of one machine, in two parts, so that this file contains none.
const MACHINE_PATHS: [(&str, &str); 2] = [("/wo", "rk/"), ("/tmp/", "h-")];

/// Prefixes of well-known secrets, with the minimum number of token characters that follow.
const SECRETS: [(&str, usize); 10] = [
    ("AKIA", 16),
    ("AIza", 35),
    ("ghp_", 36),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("xoxb-", 20),
    ("xoxp-", 20),
    ("SG.", 20),
];

/// Finds machine paths at the start of a path, not inside of another one.
fn machine_paths(files: &[RepositoryFile]) -> Vec<String> {
    let paths = MACHINE_PATHS.map(|(begin, end)| [begin, end].concat());
    let begins = |line: &str, at: usize| !line.get(..at).is_some_and(|before| before.ends_with(is_token_character));
    lines_with(files, |line| {
        let found = paths.iter().find(|path| line.match_indices(path.as_str()).any(|(at, _)| begins(line, at)));
        found.map(|path| format!("{path} is a path of one machine"))
    })
}

fn secrets(files: &[RepositoryFile]) -> Vec<String> {
    lines_with(files, |line| {
        let looks_real = |(prefix, least): &(&str, usize)| {
            let mut found = line.match_indices(prefix);
            found.any(|(at, _)| {
                let rest = line.get(at + prefix.len()..).unwrap_or_default();
                rest.chars().take_while(|c| is_token_character(*c)).count() >= *least
            })
        };
        let found = SECRETS.iter().find(|secret| looks_real(secret)).map(|(prefix, _)| *prefix);
        let found = found.or(begins_private_key(line).then_some("a private key"));
        found.map(|what| format!("looks like a secret ({what})"))
    })
}

/// Returns true if the line starts a private key in PEM format.
fn begins_private_key(line: &str) -> bool {
    let Some((_, rest)) = line.split_once("-----BEGIN ") else {
        return false;
    };
    let kind = rest.split("-----").next().unwrap_or_default();
    let is_plain = kind.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
    kind.ends_with("PRIVATE KEY") && is_plain && kind.len() < rest.len()
}

fn is_token_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-_.".contains(character)
}

/// Returns the targets of a Makefile, except `help`.
fn make_targets(makefile: &str) -> Vec<String> {
    let rules = makefile.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    let targets = rules
        .filter_map(|line| line.split_once(':'))
        .filter(|(names, rest)| !names.contains('=') && !rest.starts_with('='));
    let names = targets.flat_map(|(names, _)| names.split_whitespace());
    names.filter(|name| is_command(name) && *name != "help").map(str::to_owned).collect()
}

/// Returns the commands that the help text of clap lists.
fn commands(help: &str) -> Vec<String> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let list = list.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let names = list.filter_map(|line| line.split_whitespace().next().filter(|_| !line.starts_with(' ')));
    names.filter(|name| is_command(name) && *name != "help").map(str::to_owned).collect()
}

fn is_command(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// Lists the names that the README mentions neither after `program` nor as code.
fn unmentioned(readme: &str, program: &str, names: &[String]) -> Vec<String> {
    let is_mentioned = |name: &str| {
        let after_program = format!("{program} {name}");
        let mut found = readme.match_indices(&after_program).map(|(at, text)| readme.get(at + text.len()..));
        let ends = |rest: Option<&str>| {
            !rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-'))
        };
        found.any(ends) || readme.contains(&format!("`{name}`"))
    };
    let missing = names.iter().filter(|name| !is_mentioned(name));
    missing.map(|name| format!("README.md does not mention `{program} {name}`")).collect()
}

/// Reads a required file.
fn required(path: &str) -> String {
    files::read(path).unwrap_or_else(|| panic!("{path} is missing"))
}

#[test]
fn files_contain_no_local_paths() {
    assert_none(&machine_paths(&files::below("")));
}

#[test]
fn files_contain_no_secrets() {
    assert_none(&secrets(&files::below("")));
}

#[test]
fn licence_is_mit() {
    assert!(required("LICENSE").contains("Permission is hereby granted"), "LICENSE is not the MIT licence");
}

#[test]
fn readme_mentions_every_make_target() {
    let targets = make_targets(&required("Makefile"));
    assert!(!targets.is_empty(), "the Makefile has no targets");
    assert_none(&unmentioned(&required("README.md"), "make", &targets));
}

#[test]
fn readme_mentions_every_command() {
    let help = Command::new(env!("CARGO_BIN_EXE_mercer")).arg("--help").output();
    let help = help.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let commands = commands(&help.unwrap_or_default());
    assert!(!commands.is_empty(), "mercer --help lists no commands");
    assert_none(&unmentioned(&required("README.md"), "mercer", &commands));
}

/// Each rule on a bad example.
mod bad_examples {
    use super::*;

    fn file(text: String) -> [RepositoryFile; 1] {
        let path = "notes.md".to_owned();
        [RepositoryFile { path, text }]
    }

    #[test]
    fn local_paths_are_found_only_at_the_start_of_a_path() {
        let path = ["/wo", "rk/"].concat();
        let files = file(format!("src{path}x\nhttps://shop.test{path}\nsee `{path}main`"));
        assert_eq!(machine_paths(&files), [format!("notes.md:3: {path} is a path of one machine")]);
    }

    #[test]
    fn secrets_are_found() {
        let key = ["-----BEGIN EC ", "PRIVATE KEY-----"].concat();
        let files = file(format!("AKIA{}\nAKIA-short\n{key}", "A1".repeat(8)));
        assert_eq!(
            secrets(&files),
            ["notes.md:1: looks like a secret (AKIA)", "notes.md:3: looks like a secret (a private key)"]
        );
    }

    #[test]
    fn missing_names_are_found_in_the_readme() {
        let makefile = ".PHONY: check\n# so: it goes\nport := 1\ncheck test: ## all\n\tcargo test: x\nrun:\nhelp:\n";
        let targets = make_targets(makefile);
        assert_eq!(targets, ["check", "test", "run"]);
        assert_eq!(
            unmentioned("`make checks`, `make test`; `run`", "make", &targets),
            ["README.md does not mention `make check`"]
        );

        let help = "Shop\n\nUsage: mercer\n\nCommands:\n  serve   Serve\n          more\n  import  Read\n  help    Print\n\nOptions:\n";
        assert_eq!(commands(help), ["serve", "import"]);
    }
}

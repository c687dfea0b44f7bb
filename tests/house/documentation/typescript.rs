//! Programs of a page: consecutive blocks of TypeScript of a section form one program.
//!
//! The TypeScript compiler checks them in strict mode, and node runs them. `typescript/runtime.cjs` simulates a page of
//! the shop for browser programs. Each line of a program has the line number of the page, so that errors name that
//! line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::page::{Example, Language};
use super::{ADDRESS, Located, marks, text};

/// Folder of the compiler and its settings.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/house/documentation/typescript");

/// Blocks that are compiled and run together.
#[derive(Debug, PartialEq, Eq)]
pub struct MercerProcess {
    /// Index of its first block among the examples of the page.
    pub first: usize,
    /// Number of blocks.
    pub count: usize,
    is_in_browser: bool,
}

impl MercerProcess {
    fn file(&self, extension: &str) -> String {
        format!("program-{}.{extension}", self.first)
    }

    /// Returns the shell command that runs the program. The program prints the marks of its examples.
    pub fn command(&self, folder: &Path) -> String {
        let page = if self.is_in_browser { ADDRESS } else { "" };
        let compiled = folder.join(self.file("mjs"));
        let node = "node --enable-source-maps";
        format!("PAGE={page} NODE_OPTIONS= {node} -r '{FOLDER}/runtime.cjs' '{}'\n", compiled.display())
    }

    fn source(&self, examples: &[Example]) -> String {
        let mut source = String::new();
        for (at, example) in examples.iter().enumerate().skip(self.first).take(self.count) {
            let (begin, end) = marks(at);
            let gap = example.line.saturating_sub(source.lines().count() + 1);
            source.push_str(&"\n".repeat(gap));
            // The marks replace the two fence lines of the block.
            source.push_str(&format!("console.log(\"{begin}\");\n{}console.log(\"\\n{end}0\");\n", example.script));
        }
        source
    }
}

/// Returns the programs of a page in order.
pub fn programs(examples: &[Example]) -> Vec<MercerProcess> {
    let mut programs: Vec<MercerProcess> = Vec::new();
    let mut before: Option<&Example> = None;
    for (first, example) in examples.iter().enumerate() {
        if let Language::TypeScript { is_in_browser } = example.language {
            let is_like = |before: &Example| (before.language, before.section) == (example.language, example.section);
            match programs.last_mut().filter(|_| before.is_some_and(is_like)) {
                Some(program) => program.count += 1,
                None => programs.push(MercerProcess { first, count: 1, is_in_browser }),
            }
        }
        before = Some(example);
    }
    programs
}

/// Compiles the programs of a page into a folder and lists the errors.
pub fn compile(programs: &[MercerProcess], page: &Located, url: &str, folder: &Path) -> Vec<String> {
    if programs.is_empty() {
        return Vec::new();
    }
    require_tools();
    for program in programs {
        let source = program.source(&page.examples).replace(ADDRESS, url);
        fs::write(folder.join(program.file("mts")), source).unwrap();
    }
    let settings = json!({"extends": format!("{FOLDER}/tsconfig.json"), "include": ["*.mts"]});
    fs::write(folder.join("tsconfig.json"), settings.to_string()).unwrap();
    let mut compiler = Command::new("node");
    compiler.arg(compiler_folder().join("bin/tsc")).args(["--pretty", "false", "-p", "."]).current_dir(folder);
    let output = compiler.env_remove("NODE_OPTIONS").output().unwrap();
    let printed = text(&output.stdout) + &text(&output.stderr);
    if output.status.success() { Vec::new() } else { compiler_errors(&printed, page.path) }
}

fn compiler_folder() -> PathBuf {
    Path::new(FOLDER).join("node_modules/typescript")
}

fn require_tools() {
    let version = Command::new("node").arg("--version").output().map(|output| text(&output.stdout)).unwrap_or_default();
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    let is_new_enough = major.is_some_and(|major| major >= 18);
    assert!(is_new_enough, "node 18 or newer is missing: install the package `nodejs`, or run scripts/setup.sh test");
    let version_in = |path: PathBuf| -> Option<Value> { serde_json::from_str(&fs::read_to_string(path).ok()?).ok() };
    let wanted = version_in(Path::new(FOLDER).join("package.json"));
    let wanted = wanted.as_ref().and_then(|package| package.pointer("/devDependencies/typescript"));
    let found = version_in(compiler_folder().join("package.json"));
    let found = found.as_ref().and_then(|package| package.get("version"));
    assert!(
        wanted.is_some() && found == wanted,
        "typescript {} is missing (found {}): scripts/setup.sh test installs it",
        wanted.unwrap_or(&Value::Null),
        found.unwrap_or(&Value::Null)
    );
}

/// Parses errors: `program-3.mts(57,3): error …` refers to line 57 of the page; an indented line continues the error.
fn compiler_errors(printed: &str, page: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in printed.lines() {
        let placed = line.split_once(".mts(").and_then(|(_, rest)| rest.split_once("): "));
        match (placed, found.last_mut()) {
            (Some((place, what)), _) => {
                let line = place.split(',').next().unwrap_or_default();
                found.push(format!("{page}:{line}: {what}"));
            }
            (None, Some(before)) if line.starts_with(' ') => {
                before.push(' ');
                before.push_str(line.trim());
            }
            (None, _) => found.push(format!("{page}: {line}")),
        }
    }
    if found.is_empty() {
        found.push(format!("{page}: the compiler failed without an error"));
    }
    found
}

#[test]
fn programs_keep_the_line_numbers_of_the_page() {
    let page = "# A\n```ts\nlet a = 1;\n```\n```text\n1\n```\n\n```ts\na;\n```\n```ts browser\nb;\n```\n## B\n```ts browser\nc;\n```\n\
                ```sh\nd\n```\n```ts browser\ne;\n```\n";
    let examples = super::page::examples(page).unwrap();
    let programs = programs(&examples);
    let found: Vec<_> = programs.iter().map(|program| (program.first, program.count, program.is_in_browser)).collect();
    assert_eq!(found, [(0, 2, false), (2, 1, true), (3, 1, true), (5, 1, true)]);
    let source = programs[0].source(&examples);
    let lines: Vec<&str> = source.lines().collect();
    assert_eq!(lines[1], "console.log(\"<example 0 begins>\");");
    assert_eq!((lines[2], lines[9]), ("let a = 1;", "a;"));
    assert_eq!(lines[10], "console.log(\"\\n<example 1 ends with >0\");");
}

#[test]
fn compiler_errors_name_the_line_of_the_page() {
    let printed = "program-3.mts(57,3): error TS2322: No.\n  Because.\nerror TS5083: Cannot read.\n";
    assert_eq!(
        compiler_errors(printed, "a.md"),
        ["a.md:57: error TS2322: No. Because.", "a.md: error TS5083: Cannot read."]
    );
    assert_eq!(compiler_errors("", "a.md"), ["a.md: the compiler failed without an error"]);
}

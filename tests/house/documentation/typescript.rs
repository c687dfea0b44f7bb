//! The programs of a page: its blocks of TypeScript, those that follow each other in a section taken together.
//!
//! The real compiler checks them as strictly as it can, and node runs them: those of browsers in a page of the shop,
//! which `typescript/runtime.cjs` plays. In a program's file, each line is where it is on the page, so that every
//! complaint says where to look.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::page::{Example, Language};
use super::{ADDRESS, Located, marks, text};

/// Where the compiler is, and what tells it how strict to be.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/house/documentation/typescript");

/// Several blocks that are compiled and run as one.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// Its first block, among the examples of the page.
    pub first: usize,
    /// How many blocks it has.
    pub count: usize,
    is_in_browser: bool,
}

impl Program {
    fn file(&self, extension: &str) -> String {
        format!("program-{}.{extension}", self.first)
    }

    /// What runs it in a shell. It prints the marks of its examples itself.
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
            // In the place of the two lines that fence the block.
            source.push_str(&format!("console.log(\"{begin}\");\n{}console.log(\"\\n{end}0\");\n", example.script));
        }
        source
    }
}

/// The programs of a page, in its order.
pub fn programs(examples: &[Example]) -> Vec<Program> {
    let mut programs: Vec<Program> = Vec::new();
    let mut before: Option<&Example> = None;
    for (first, example) in examples.iter().enumerate() {
        if let Language::TypeScript { is_in_browser } = example.language {
            let is_like = |before: &Example| (before.language, before.section) == (example.language, example.section);
            match programs.last_mut().filter(|_| before.is_some_and(is_like)) {
                Some(program) => program.count += 1,
                None => programs.push(Program { first, count: 1, is_in_browser }),
            }
        }
        before = Some(example);
    }
    programs
}

/// Compiles programs of a page into a folder, and lists what the compiler says against them.
pub fn compile(programs: &[Program], page: &Located, url: &str, folder: &Path) -> Vec<String> {
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
    let told = text(&output.stdout) + &text(&output.stderr);
    if output.status.success() { Vec::new() } else { complaints(&told, page.path) }
}

fn compiler_folder() -> PathBuf {
    Path::new(FOLDER).join("node_modules/typescript")
}

fn require_tools() {
    let version = Command::new("node").arg("--version").output().map(|output| text(&output.stdout)).unwrap_or_default();
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    let is_new_enough = major.is_some_and(|major| major >= 18);
    assert!(
        is_new_enough,
        "node 18 or newer is missing: install the package `nodejs`, or let scripts/setup.sh test do it"
    );
    let version_in = |path: PathBuf| -> Option<Value> { serde_json::from_str(&fs::read_to_string(path).ok()?).ok() };
    let wanted = version_in(Path::new(FOLDER).join("package.json"));
    let wanted = wanted.as_ref().and_then(|package| package.pointer("/devDependencies/typescript"));
    let found = version_in(compiler_folder().join("package.json"));
    let found = found.as_ref().and_then(|package| package.get("version"));
    assert!(
        wanted.is_some() && found == wanted,
        "typescript {} is missing (here is {}): scripts/setup.sh test installs it",
        wanted.unwrap_or(&Value::Null),
        found.unwrap_or(&Value::Null)
    );
}

/// `program-3.mts(57,3): error …` is about line 57 of the page; what is indented belongs to the line before.
fn complaints(told: &str, page: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in told.lines() {
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
        found.push(format!("{page}: the compiler failed and said nothing"));
    }
    found
}

#[test]
fn the_lines_of_a_program_are_those_of_its_page() {
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
fn what_the_compiler_says_is_told_with_the_line_of_the_page() {
    let told = "program-3.mts(57,3): error TS2322: No.\n  Because.\nerror TS5083: Cannot read.\n";
    assert_eq!(complaints(told, "a.md"), ["a.md:57: error TS2322: No. Because.", "a.md: error TS5083: Cannot read."]);
    assert_eq!(complaints("", "a.md"), ["a.md: the compiler failed and said nothing"]);
}

//! What the documentation shows is what the shop does: its examples run against the demo shop, behind a real port.

mod answers;
mod page;

use std::path::Path;
use std::process::{Command, Output};

use actix_web::web;
use tempfile::TempDir;

use super::{assert_none, files};
use crate::support::TestShop;
use answers::differences;
use page::{Example, examples};

const PAGE: &str = "docs/dialect.md";

/// Where the pages say that the shop is.
const ADDRESS: &str = "http://127.0.0.1:8000";

#[actix_web::test]
async fn the_examples_of_the_documentation_are_true() {
    let shop = TestShop::with_settings(&[("THROTTLING", "on")]).await;
    seed(&shop);
    let server = shop.serve();
    let url = server.url.clone();
    let run_both = move || [run(&url, &readme_examples()), run(&url, &page_examples())].concat();

    let violations = web::block(run_both).await.unwrap();

    assert_none(&violations);
    shop.run_jobs().await;
    let is_confirmation = |(to, _): &(String, String)| to == "you@example.com";
    assert!(shop.mails().iter().any(is_confirmation), "README.md: no confirmation lies in var/mail/");
}

/// Fills in the demo shop that `make run` shows to readers.
fn seed(shop: &TestShop) {
    let seeded = Command::new(env!("CARGO_BIN_EXE_mercer"))
        .arg("seed")
        .current_dir(shop.data_dir())
        .env_clear()
        .envs([("DATABASE_URL", shop.database.url.as_str()), ("BCRYPT_COST", "4")])
        .output()
        .unwrap();
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
}

fn page_examples() -> Located {
    let found = examples(&files::read(PAGE).unwrap_or_default()).unwrap_or_else(|wrong| panic!("{PAGE}:{wrong}"));
    assert!(found.iter().filter(|example| example.answer.is_some()).count() > 20, "{PAGE} shows too little");
    Located { path: PAGE, examples: found }
}

/// The first request. The README says in words what it answers: the whole order, confirmed.
fn readme_examples() -> Located {
    let readme = files::read("README.md").unwrap_or_default();
    let mut found = examples(&readme).unwrap_or_else(|wrong| panic!("README.md:{wrong}"));
    found.retain(|example| example.script.starts_with("curl "));
    assert_eq!(found.len(), 1, "README.md has one first request");
    for example in &mut found {
        let text =
            r#"{"number": "M-…", "status": "confirmed", "lines": [{"sku": "MUG-ENAMEL-01", "quantity": 1, …}], …}"#;
        example.answer = Some(page::Answer { kind: page::AnswerKind::Json, text: text.to_owned() });
    }
    Located { path: "README.md", examples: found }
}

/// The examples of one file.
struct Located {
    path: &'static str,
    examples: Vec<Example>,
}

/// Runs all examples in one shell, so that variables live on, and lists what is not as the page says.
fn run(url: &str, page: &Located) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let output = bash(&script(&page.examples).replace(ADDRESS, url), folder.path());
    let (told, complaints) = (text(&output.stdout).replace(url, ADDRESS), text(&output.stderr));
    let mut violations = Vec::new();
    for (at, example) in page.examples.iter().enumerate() {
        let found = match outcome(&told, at) {
            None => vec![format!("never came to its end: {}", complaints.trim())],
            Some((_, status)) if status != "0" => vec![format!("failed with {status}: {}", complaints.trim())],
            Some((given, _)) => differences(example.answer.as_ref(), given),
        };
        violations.extend(found.iter().map(|what| format!("{}:{}: {what}", page.path, example.line)));
    }
    violations
}

/// One script of all examples, each between lines that mark it.
fn script(examples: &[Example]) -> String {
    let numbered = examples.iter().enumerate();
    let parts = numbered.map(|(at, example)| {
        let (begin, end) = marks(at);
        format!("printf '{begin}'\n{}printf '\\n{end}%s\\n' $?\n", example.script)
    });
    // A variable that no example has set would be an example that nobody can follow.
    format!("set -u\n{}", parts.collect::<String>())
}

fn marks(at: usize) -> (String, String) {
    (format!("<example {at} begins>"), format!("<example {at} ends with >"))
}

/// What an example has printed, and the status with which it ended.
fn outcome(told: &str, at: usize) -> Option<(&str, &str)> {
    let (begin, end) = marks(at);
    let (given, rest) = told.split_once(&begin)?.1.split_once(&end)?;
    Some((given, rest.lines().next()?))
}

/// Without the settings that this user may have for curl.
fn bash(script: &str, folder: &Path) -> Output {
    for program in ["bash", "curl"] {
        let is_there = Command::new(program).arg("--version").output().is_ok();
        assert!(is_there, "{program} is missing: install the package `{program}`, or let scripts/setup.sh test do it");
    }
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-c", script]).current_dir(folder);
    bash.env("HOME", folder).env("CURL_HOME", folder).env("NO_PROXY", "*").env_remove("BASH_ENV");
    bash.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Examples that go wrong, without a shop.
mod bad_examples {
    use super::*;

    fn violations(page: &str) -> Vec<String> {
        run("http://127.0.0.1:1", &Located { path: "a.md", examples: examples(page).unwrap() })
    }

    #[test]
    fn variables_live_on_and_addresses_are_those_of_the_page() {
        let page = "```sh\nA=http://127.0.0.1:8000/a\n```\n```sh\necho \"[\\\"$A\\\"]\"\n```\n\
                    ```json\n[\"http://127.0.0.1:8000/a\"]\n```\n```sh\necho $A\n```\n```text\nhttp://127.0.0.1:8000/…\n```\n";
        assert_eq!(violations(page), Vec::<String>::new());
    }

    #[test]
    fn what_fails_or_never_ends_or_says_something_else_is_told() {
        let page = "```sh\ncurl -s http://127.0.0.1:8000/\n```\n```sh\necho '{\"a\":1}'\n```\n```json\n{\"a\": 2}\n```\n\
                    ```sh\necho \"$UNSET_BY_ANYBODY\"\n```\n```sh\ntrue\n```\n";
        let told = violations(page);
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].starts_with("a.md:1: failed with 7"), "{told:?}");
        assert_eq!(told[1], "a.md:4: /a is 1, not 2");
        assert!(told[2].starts_with("a.md:10: never came to its end: "), "{told:?}");
        assert!(told[2].contains("UNSET_BY_ANYBODY"), "{told:?}");
        assert!(told[3].starts_with("a.md:13: never came to its end"), "{told:?}");
    }
}

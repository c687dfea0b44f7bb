//! What the documentation shows is what the shop does: its examples run against the demo shop, behind a real port.

mod answers;
mod page;
mod typescript;

use std::path::Path;
use std::process::{Command, Output};

use actix_web::web;
use tempfile::TempDir;

use super::{assert_none, files};
use crate::support::TestShop;
use crate::support::program::Program;
use answers::differences;
use page::{Example, Language, examples};

/// Where the pages say that the shop is.
const ADDRESS: &str = "http://127.0.0.1:8000";

#[actix_web::test]
async fn the_examples_of_the_dialect_are_true() {
    let shop = TestShop::with_settings(&[("THROTTLING", "on")]).await;
    seed(&shop.data_dir(), &shop.database.url);
    let server = shop.serve();
    let (url, folder) = (server.url.clone(), TempDir::new().unwrap());
    let run_both = move || {
        let page = page_examples("docs/dialect.md");
        [run(&url, folder.path(), &readme_examples()), run(&url, folder.path(), &page)].concat()
    };

    let violations = web::block(run_both).await.unwrap();

    assert_none(&violations);
    shop.run_jobs().await;
    let is_confirmation = |(to, _): &(String, String)| to == "you@example.com";
    assert!(shop.mails().iter().any(is_confirmation), "README.md: no confirmation lies in var/mail/");
}

/// Against the program itself, whose worker writes the mails that the page reads.
#[actix_web::test]
async fn the_examples_of_signing_in_are_true() {
    let program = Program::start(&[("THROTTLING", "on")]).await;
    seed(program.folder.path(), &program.database.url);
    let (url, folder) = (program.url.clone(), program.folder.path().to_owned());

    let violations = web::block(move || run(&url, &folder, &page_examples("docs/authentication.md"))).await.unwrap();

    assert_none(&violations);
}

/// Fills in the demo shop that `make run` shows to readers.
fn seed(folder: &Path, database: &str) {
    let seeded = Command::new(env!("CARGO_BIN_EXE_mercer"))
        .arg("seed")
        .current_dir(folder)
        .env_clear()
        .envs([("DATABASE_URL", database), ("BCRYPT_COST", "4")])
        .output()
        .unwrap();
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
}

fn page_examples(path: &'static str) -> Located {
    let found = examples(&files::read(path).unwrap_or_default()).unwrap_or_else(|wrong| panic!("{path}:{wrong}"));
    assert!(found.iter().filter(|example| example.answer.is_some()).count() > 20, "{path} shows too little");
    Located { path, examples: found }
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
fn run(url: &str, folder: &Path, page: &Located) -> Vec<String> {
    let (compiled, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let programs = typescript::programs(&page.examples);
    let complaints = typescript::compile(&programs, page, url, compiled.path());
    if !complaints.is_empty() {
        return complaints;
    }
    let script = script(&page.examples, &programs, compiled.path()).replace(ADDRESS, url);
    let output = bash(&script, folder, home.path());
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

/// One script of all examples, each between lines that mark it. Programs run where they begin.
fn script(examples: &[Example], programs: &[typescript::Program], compiled: &Path) -> String {
    let parts = examples.iter().enumerate().map(|(at, example)| {
        let (begin, end) = marks(at);
        match example.language {
            Language::Shell => format!("printf '{begin}'\n{}printf '\\n{end}%s\\n' $?\n", example.script),
            Language::TypeScript { .. } => {
                let program = programs.iter().find(|program| program.first == at);
                program.map(|program| program.command(compiled)).unwrap_or_default()
            }
        }
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
fn bash(script: &str, folder: &Path, home: &Path) -> Output {
    for program in ["bash", "curl"] {
        let is_there = Command::new(program).arg("--version").output().is_ok();
        assert!(is_there, "{program} is missing: install the package `{program}`, or let scripts/setup.sh test do it");
    }
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-c", script]).current_dir(folder);
    bash.env("HOME", home).env("CURL_HOME", home).env("NO_PROXY", "*").env_remove("BASH_ENV");
    bash.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Examples that go wrong, without a shop.
mod bad_examples {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn violations(page: &str) -> Vec<String> {
        violations_at("http://127.0.0.1:1", page)
    }

    fn violations_at(url: &str, page: &str) -> Vec<String> {
        let folder = TempDir::new().unwrap();
        run(url, folder.path(), &Located { path: "a.md", examples: examples(page).unwrap() })
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

    #[test]
    fn a_program_of_wrong_types_does_not_run() {
        let page = "# A\n```ts\nconst a = \"1\";\n```\n```ts\nconst b: number = a;\nconsole.log(b, c);\n```\n";
        let told = violations(page);
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0], "a.md:6: error TS2322: Type 'string' is not assignable to type 'number'.");
        assert!(told[1].starts_with("a.md:7: error TS2304: Cannot find name 'c'."), "{told:?}");
    }

    #[test]
    fn what_a_program_prints_is_compared_and_what_it_throws_is_told() {
        let page = "```ts\nconst a = { b: 1 };\nconsole.log(JSON.stringify(a));\n```\n```json\n{\"b\": 2}\n```\n\
                    ```sh\necho sh\n```\n```text\nsh\n```\n\
                    ```ts browser\nconsole.log(location.origin, document.cookie === \"\");\n```\n\
                    ```text\nhttp://127.0.0.1:8000 true\n```\n```ts browser\nthrow new Error(\"oops\");\n```\n";
        let told = violations(page);
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0], "a.md:1: /b is 1, not 2");
        assert!(told[1].starts_with("a.md:20: never came to its end: ") && told[1].contains("oops"), "{told:?}");
    }

    /// Says which cookies came from which page, and sends three: one that is hidden, one that breaks its promise, and
    /// one for all.
    fn mirror(listener: &TcpListener) {
        for connection in listener.incoming().take(2) {
            let mut connection = connection.unwrap();
            let lines = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
            let told = lines.take_while(|line| !line.is_empty());
            let mut told: Vec<String> =
                told.filter(|line| line.starts_with("cookie:") || line.starts_with("origin:")).collect();
            told.sort();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\nset-cookie: __Host-a=1; HttpOnly; Secure; Path=/\r\n\
                 set-cookie: __Host-b=2; Path=/\r\nset-cookie: c=3; Max-Age=60\r\n\r\n{}",
                told.join(", ")
            );
            connection.write_all(answer.as_bytes()).unwrap();
        }
    }

    #[test]
    fn pages_have_the_cookies_that_a_browser_would_let_them_have() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || mirror(&listener));
        let page = "```ts browser\nconst first = await fetch(\"/a\", { headers: { cookie: \"d=4\", origin: \"x\" } });\n\
                    console.log(await first.text(), first.headers.has(\"set-cookie\"), document.cookie);\n\
                    console.log(await (await fetch(\"/b\", { method: \"POST\" })).text());\n```\n\
                    ```text\n false c=3\ncookie: __Host-a=1; c=3, origin: http://127.0.0.1:8000\n```\n";

        let told = violations_at(&url, page);

        assert_eq!(told, Vec::<String>::new());
        server.join().unwrap();
    }
}

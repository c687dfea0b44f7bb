//! Documentation: its examples run against the demo shop over a real port and must return what the pages show.

mod outputs;
mod page;
mod typescript;

use std::path::Path;
use std::process::{Command, Output};

use actix_web::web;
use tempfile::TempDir;

use super::{assert_none, files};
use crate::support::TestShop;
use crate::support::mercer_process::MercerProcess;
use outputs::differences;
use page::{Example, Language, examples};

/// Address of the shop on the pages.
const ADDRESS: &str = "http://127.0.0.1:8000";

#[actix_web::test]
async fn examples_of_the_dialect_guide_are_correct() {
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
    assert!(shop.mails().iter().any(is_confirmation), "README.md: var/mail/ contains no confirmation");
}

/// Runs the program, because its worker writes the e-mails that the page reads.
#[actix_web::test]
async fn examples_of_the_authentication_guide_are_correct() {
    let program = MercerProcess::start(&[("THROTTLING", "on")]).await;
    seed(program.folder.path(), &program.database.url);
    let (url, folder) = (program.url.clone(), program.folder.path().to_owned());

    let violations = web::block(move || run(&url, &folder, &page_examples("docs/authentication.md"))).await.unwrap();

    assert_none(&violations);
}

/// Creates the demo shop.
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
    assert!(found.iter().filter(|example| example.output.is_some()).count() > 20, "{path} has too few examples");
    Located { path, examples: found }
}

/// Returns the first request of the README. The README describes its response in words.
fn readme_examples() -> Located {
    let readme = files::read("README.md").unwrap_or_default();
    let mut found = examples(&readme).unwrap_or_else(|wrong| panic!("README.md:{wrong}"));
    found.retain(|example| example.script.starts_with("curl "));
    assert_eq!(found.len(), 1, "README.md has one first request");
    for example in &mut found {
        let text =
            r#"{"number": "M-…", "status": "confirmed", "lines": [{"sku": "MUG-ENAMEL-01", "quantity": 1, …}], …}"#;
        example.output = Some(page::Output { kind: page::OutputKind::Json, text: text.to_owned() });
    }
    Located { path: "README.md", examples: found }
}

/// Examples of one file.
struct Located {
    path: &'static str,
    examples: Vec<Example>,
}

/// Runs all examples in one shell, so that they share variables, and lists the differences from the page.
fn run(url: &str, folder: &Path, page: &Located) -> Vec<String> {
    let (compiled, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let programs = typescript::programs(&page.examples);
    let errors = typescript::compile(&programs, page, url, compiled.path());
    if !errors.is_empty() {
        return errors;
    }
    let script = script(&page.examples, &programs, compiled.path()).replace(ADDRESS, url);
    let output = bash(&script, folder, home.path());
    let (printed, errors) = (text(&output.stdout).replace(url, ADDRESS), text(&output.stderr));
    let mut violations = Vec::new();
    for (at, example) in page.examples.iter().enumerate() {
        let found = match outcome(&printed, at) {
            None => vec![format!("did not complete: {}", errors.trim())],
            Some((_, status)) if status != "0" => vec![format!("failed with {status}: {}", errors.trim())],
            Some((given, _)) => differences(example.output.as_ref(), given),
        };
        violations.extend(found.iter().map(|violation| format!("{}:{}: {violation}", page.path, example.line)));
    }
    violations
}

/// Returns one script of all examples, each between two marks. A program runs at its first block.
fn script(examples: &[Example], programs: &[typescript::MercerProcess], compiled: &Path) -> String {
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
    // An unset variable is an error, because readers could not follow the example.
    format!("set -u\n{}", parts.collect::<String>())
}

fn marks(at: usize) -> (String, String) {
    (format!("<example {at} begins>"), format!("<example {at} ends with >"))
}

/// Returns the output and the exit status of an example.
fn outcome(printed: &str, at: usize) -> Option<(&str, &str)> {
    let (begin, end) = marks(at);
    let (given, rest) = printed.split_once(&begin)?.1.split_once(&end)?;
    Some((given, rest.lines().next()?))
}

/// Runs a script without the user's settings for curl.
fn bash(script: &str, folder: &Path, home: &Path) -> Output {
    for program in ["bash", "curl"] {
        let is_installed = Command::new(program).arg("--version").output().is_ok();
        assert!(is_installed, "{program} is missing: install the package `{program}`, or run scripts/setup.sh test");
    }
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-c", script]).current_dir(folder);
    bash.env("HOME", home).env("CURL_HOME", home).env("NO_PROXY", "*").env_remove("BASH_ENV");
    bash.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Examples that fail, without a shop.
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
    fn examples_share_variables_and_the_address_of_the_page() {
        let page = "```sh\nA=http://127.0.0.1:8000/a\n```\n```sh\necho \"[\\\"$A\\\"]\"\n```\n\
                    ```json\n[\"http://127.0.0.1:8000/a\"]\n```\n```sh\necho $A\n```\n```text\nhttp://127.0.0.1:8000/…\n```\n";
        assert_eq!(violations(page), Vec::<String>::new());
    }

    #[test]
    fn failed_examples_and_different_outputs_are_reported() {
        let page = "```sh\ncurl -s http://127.0.0.1:8000/\n```\n```sh\necho '{\"a\":1}'\n```\n```json\n{\"a\": 2}\n```\n\
                    ```sh\necho \"$UNSET_VARIABLE\"\n```\n```sh\ntrue\n```\n";
        let found = violations(page);
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[0].starts_with("a.md:1: failed with 7"), "{found:?}");
        assert_eq!(found[1], "a.md:4: /a is 1, not 2");
        assert!(found[2].starts_with("a.md:10: did not complete: "), "{found:?}");
        assert!(found[2].contains("UNSET_VARIABLE"), "{found:?}");
        assert!(found[3].starts_with("a.md:13: did not complete"), "{found:?}");
    }

    #[test]
    fn program_with_type_errors_does_not_run() {
        let page = "# A\n```ts\nconst a = \"1\";\n```\n```ts\nconst b: number = a;\nconsole.log(b, c);\n```\n";
        let found = violations(page);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0], "a.md:6: error TS2322: Type 'string' is not assignable to type 'number'.");
        assert!(found[1].starts_with("a.md:7: error TS2304: Cannot find name 'c'."), "{found:?}");
    }

    #[test]
    fn output_and_exceptions_of_programs_are_compared() {
        let page = "```ts\nconst a = { b: 1 };\nconsole.log(JSON.stringify(a));\n```\n```json\n{\"b\": 2}\n```\n\
                    ```sh\necho sh\n```\n```text\nsh\n```\n\
                    ```ts browser\nconsole.log(location.origin, document.cookie === \"\");\n```\n\
                    ```text\nhttp://127.0.0.1:8000 true\n```\n```ts browser\nthrow new Error(\"oops\");\n```\n";
        let found = violations(page);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0], "a.md:1: /b is 1, not 2");
        assert!(found[1].starts_with("a.md:20: did not complete: ") && found[1].contains("oops"), "{found:?}");
    }

    /// Returns the received cookies and origin, and sets three cookies: one `HttpOnly`, one with an invalid `__Host-`
    /// prefix, and a plain one.
    fn mirror(listener: &TcpListener) {
        for connection in listener.incoming().take(2) {
            let mut connection = connection.unwrap();
            let lines = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
            let headers = lines.take_while(|line| !line.is_empty());
            let mut received: Vec<String> =
                headers.filter(|line| line.starts_with("cookie:") || line.starts_with("origin:")).collect();
            received.sort();
            let response = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\nset-cookie: __Host-a=1; HttpOnly; Secure; Path=/\r\n\
                 set-cookie: __Host-b=2; Path=/\r\nset-cookie: c=3; Max-Age=60\r\n\r\n{}",
                received.join(", ")
            );
            connection.write_all(response.as_bytes()).unwrap();
        }
    }

    #[test]
    fn browser_examples_follow_the_cookie_rules_of_browsers() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || mirror(&listener));
        let page = "```ts browser\nconst first = await fetch(\"/a\", { headers: { cookie: \"d=4\", origin: \"x\" } });\n\
                    console.log(await first.text(), first.headers.has(\"set-cookie\"), document.cookie);\n\
                    console.log(await (await fetch(\"/b\", { method: \"POST\" })).text());\n```\n\
                    ```text\n false c=3\ncookie: __Host-a=1; c=3, origin: http://127.0.0.1:8000\n```\n";

        let found = violations_at(&url, page);

        assert_eq!(found, Vec::<String>::new());
        server.join().unwrap();
    }
}

//! SQL statements of each request, from PostgreSQL's log.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

use anyhow::Result;
use diesel::connection::SimpleConnection;

use super::pgbench::Script;
use super::programs::Programs;
use super::shop::BenchShop;
use super::wrk::{self, Page};

const PAGES: [Page; 3] = [Page::List, Page::Detail, Page::Order];

/// Duration of the recording: hundreds of requests, so that statements that run once per connection do not matter.
const RECORDING_TIME: Duration = Duration::from_secs(2);

/// Minimum average number of executions per request. Rarer statements do not belong to the request.
const MIN_EXECUTIONS: f64 = 0.5;

/// Prefix of the debounced notification, which a separate connection sends.
const NOTIFY: &str = "notify ";

#[derive(Debug)]
pub struct Profile {
    pages: Vec<(Page, Vec<Statement>)>,
}

/// Statement of a page, with averages per request.
#[derive(Debug)]
struct Statement {
    text: String,
    times: f64,
    /// Number of times that it was parsed; 0 if it stays prepared.
    parsed: f64,
    /// Time for parsing, planning and executing.
    ms: f64,
}

/// Requests each page from one connection while PostgreSQL logs all statements.
pub fn profile(shop: &mut BenchShop, programs: &Programs) -> Result<Profile> {
    shop.conn.batch_execute(
        "alter database mercer set log_min_duration_statement = 0; \
         alter database mercer set log_parameter_max_length = 0",
    )?;
    let server = shop.serve()?;
    let path = shop.postgres.data_dir().join("server.log");
    let mut pages = Vec::new();
    for page in PAGES {
        let mut log = File::open(&path)?;
        log.seek(SeekFrom::End(0))?;
        let requests = wrk::run(&programs.wrk, page, &server.url, 1, RECORDING_TIME)?.done;
        let mut text = String::new();
        log.read_to_string(&mut text)?;
        pages.push((page, statements(&text, requests as f64)));
    }
    drop(server);
    shop.conn.batch_execute("alter database mercer reset all")?;
    Ok(Profile { pages })
}

/// Returns the statements of the log in the order of their first occurrence.
fn statements(log: &str, requests: f64) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for (step, ms, text) in log.lines().filter_map(step_of) {
        let known = statements.iter().position(|statement| statement.text == text);
        let at = known.unwrap_or_else(|| {
            statements.push(Statement { text: text.to_owned(), times: 0.0, parsed: 0.0, ms: 0.0 });
            statements.len() - 1
        });
        let Some(statement) = statements.get_mut(at) else { continue };
        statement.ms += ms / requests;
        match step {
            "execute" | "statement" => statement.times += 1.0 / requests,
            "parse" => statement.parsed += 1.0 / requests,
            _ => {}
        }
    }
    statements.retain(|statement| statement.times >= MIN_EXECUTIONS && !statement.text.starts_with(NOTIFY));
    statements
}

/// Parses `… LOG:  duration: 0.029 ms  execute name: select …` into the step, the milliseconds and the statement.
fn step_of(line: &str) -> Option<(&str, f64, &str)> {
    let (_, entry) = line.split_once(" LOG:  duration: ")?;
    let (ms, entry) = entry.split_once(" ms  ")?;
    let (step, text) = entry.split_once(": ")?;
    Some((step.split(' ').next()?, ms.parse().ok()?, text))
}

/// Script whose number of statements differs from that of the server.
#[derive(Debug)]
pub struct OutdatedScript {
    script: Script,
    sent_by_server: usize,
}

impl fmt::Display for OutdatedScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, count, sent) = (self.script.name(), self.script.statements(), self.sent_by_server);
        write!(f, "{name}.sql has {count} statements, but the server sends {sent}")
    }
}

impl Profile {
    /// Returns the scripts whose number of statements differs from that of the server.
    pub fn outdated_scripts(&self) -> Vec<OutdatedScript> {
        let pairs = [(Page::Detail, Script::Detail), (Page::Order, Script::Order)];
        let scripts = pairs.into_iter().filter_map(|(page, script)| {
            let (_, statements) = self.pages.iter().find(|(other, _)| *other == page)?;
            Some(OutdatedScript { script, sent_by_server: count(statements) })
        });
        scripts.filter(|script| script.script.statements() != script.sent_by_server).collect()
    }
}

fn count(statements: &[Statement]) -> usize {
    statements.iter().map(|statement| statement.times.round() as usize).sum()
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (page, statements) in &self.pages {
            let parsed: f64 = statements.iter().map(|statement| statement.parsed.round()).sum();
            let ms: f64 = statements.iter().map(|statement| statement.ms).sum();
            let (name, sent) = (page.name(), count(statements));
            writeln!(
                f,
                "{name}: {sent} statements, {parsed} of them parsed for each request; {ms:.2} ms in PostgreSQL"
            )?;
            writeln!(f, "  times  parsed       ms")?;
            for Statement { text, times, parsed, ms } in statements {
                writeln!(f, "{times:>7.1} {parsed:>7.1} {ms:>8.3}  {text}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

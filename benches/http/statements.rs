//! What the server sends to its database for a request, as PostgreSQL's own log tells.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

use anyhow::Result;
use diesel::connection::SimpleConnection;

use super::pgbench::Script;
use super::programs::Programs;
use super::shop::Shop;
use super::wrk::{self, Page};

const PAGES: [Page; 3] = [Page::List, Page::Detail, Page::Order];

/// Long enough for hundreds of requests, in which what happens once a connection is lost.
const LOOK: Duration = Duration::from_secs(2);

/// What is sent less often than this for each request is not part of it.
const OFTEN: f64 = 0.5;

/// Sent once for all that was written in a few milliseconds, on a connection of its own.
const WAKE: &str = "notify ";

#[derive(Debug)]
pub struct Profile {
    pages: Vec<(Page, Vec<Statement>)>,
}

/// A statement of a page, in averages over its requests.
#[derive(Debug)]
struct Statement {
    text: String,
    times: f64,
    /// How often it was parsed anew; never, where it stays prepared.
    parsed: f64,
    /// What PostgreSQL took for parsing, planning and executing it.
    ms: f64,
}

/// Asks for each page from one connection for a moment while PostgreSQL writes everything down.
pub fn profile(shop: &mut Shop, programs: &Programs) -> Result<Profile> {
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
        let requests = wrk::run(&programs.wrk, page, &server.url, 1, LOOK)?.done;
        let mut text = String::new();
        log.read_to_string(&mut text)?;
        pages.push((page, statements(&text, requests as f64)));
    }
    drop(server);
    shop.conn.batch_execute("alter database mercer reset all")?;
    Ok(Profile { pages })
}

/// The log's statements in the order in which they first appear.
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
    statements.retain(|statement| statement.times >= OFTEN && !statement.text.starts_with(WAKE));
    statements
}

/// Of `… LOG:  duration: 0.029 ms  execute name: select …` the step, the milliseconds and the statement.
fn step_of(line: &str) -> Option<(&str, f64, &str)> {
    let (_, told) = line.split_once(" LOG:  duration: ")?;
    let (ms, told) = told.split_once(" ms  ")?;
    let (step, text) = told.split_once(": ")?;
    Some((step.split(' ').next()?, ms.parse().ok()?, text))
}

impl Profile {
    /// Scripts that have another number of statements than the server sends: their name and both numbers.
    pub fn outdated(&self) -> Vec<(String, usize, usize)> {
        let pairs = [(Page::Detail, Script::Detail), (Page::Order, Script::Order)];
        let both = pairs.into_iter().filter_map(|(page, script)| {
            let (_, statements) = self.pages.iter().find(|(other, _)| *other == page)?;
            Some((format!("{}.sql", script.name()), script.statements(), count(statements)))
        });
        both.filter(|(_, written, sent)| written != sent).collect()
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
            writeln!(f, "{name}: {sent} statements, {parsed} of them parsed anew each time; {ms:.2} ms in PostgreSQL")?;
            writeln!(f, "  times  parsed       ms")?;
            for Statement { text, times, parsed, ms } in statements {
                writeln!(f, "{times:>7.1} {parsed:>7.1} {ms:>8.3}  {text}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

//! How fast the server answers, beside what the same machine's PostgreSQL does with the same SQL in the same run.
//!
//! `cargo bench --bench http`: a demo shop on an embedded database that syncs to disk; wrk asks for pages and places
//! orders, pgbench runs the scripts beside this file. All of them take turns for a few rounds, since machines are
//! noisy: medians are told, and ratios of neighbours in one round. It fails where an answer was refused or the books
//! do not balance afterwards.
//!
//! `-- --statements` tells instead what the server sends to its database for each request, for whoever wants to make
//! that less, and to bring `detail.sql` and `order.sql` up to date.
#![expect(clippy::print_stdout, clippy::as_conversions, reason = "a benchmark prints, and divides counts")]

mod books;
#[path = "../../tests/support/contradictions.rs"]
mod contradictions;
mod loads;
mod machine;
mod pgbench;
mod programs;
mod shop;
mod statements;
mod table;
mod wrk;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Parser;

use books::Books;
use loads::{LOADS, Load, Tool};
use pgbench::Script;
use programs::Programs;
use shop::Shop;
use statements::Profile;
use table::Table;

/// The program that cargo has built for this bench.
const OURS: &str = env!("CARGO_BIN_EXE_mercer");

#[derive(Debug, Parser)]
struct Arguments {
    /// How often every load takes its turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each turn lasts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Only loads whose name contains this
    #[arg(long, default_value = "")]
    only: String,
    /// Tell what the server sends to its database, and measure nothing
    #[arg(long)]
    statements: bool,
    /// Another program than the one that was built with this bench
    #[arg(long, default_value = OURS)]
    server: PathBuf,
    /// A setting of the server, as in .env.example: NAME=VALUE; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("NAME=VALUE is wanted")?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

/// What one turn of a load told.
#[derive(Debug, Clone, Copy)]
struct Measured {
    /// Answers, or transactions; of orders only those that were placed.
    done: u64,
    per_second: f64,
    median_ms: f64,
    p99_ms: f64,
    /// Answers of 400 and more, to orders all but 201; and requests without an answer.
    failed: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let programs = Programs::find()?;
    let mut shop = Shop::open(&arguments.server, &arguments.settings, &programs)?;
    let profile = statements::profile(&mut shop, &programs)?;
    if arguments.statements {
        print!("{profile}");
        return Ok(());
    }
    println!("{}", machine::describe(&mut shop)?);
    if cfg!(debug_assertions) && arguments.server == Path::new(OURS) {
        println!("WARNING     built without optimisation: these figures mean nothing");
    }
    println!("rounds      {} of {} s each; medians are told\n", arguments.rounds, arguments.seconds);

    let books = Books::open(&shop)?;
    let table = measure(arguments, &programs, &mut shop)?;
    println!("{table}");
    tell_outdated(&profile);
    let mut complaints = books.complaints(&shop, table.orders_placed())?;
    complaints.extend(table.failures());
    if complaints.is_empty() {
        println!("The books balance, and every answer was a good one.");
        return Ok(());
    }
    bail!("{}", complaints.join("\n"))
}

/// Lets all loads take turns, in every round in the same order.
fn measure(arguments: &Arguments, programs: &Programs, shop: &mut Shop) -> Result<Table> {
    let loads: Vec<&Load> = LOADS.iter().filter(|load| load.name.contains(&arguments.only)).collect();
    let mut table = Table::new(&loads);
    let duration = Duration::from_secs(arguments.seconds);
    for script in Script::ALL {
        shop.copy_to(script.name())?;
    }
    let server = shop.serve()?;
    for round in 0..arguments.rounds {
        for load in &loads {
            let _worker = load.has_worker.then(|| shop.work()).transpose()?;
            shop.settle()?;
            let measured = match load.tool {
                Tool::Wrk(page) => wrk::run(&programs.wrk, page, &server.url, load.connections, duration)?,
                Tool::Pgbench(script) => pgbench::run(&programs.pgbench, shop, script, round, duration)?,
            };
            table.add(load, measured);
        }
    }
    Ok(table)
}

/// The scripts of pgbench are only as good a reference as they are what the server sends.
fn tell_outdated(profile: &Profile) {
    for (script, written, sent) in profile.outdated() {
        println!("{script} has {written} statements, the server sends {sent}: compare it with `-- --statements`.");
    }
}

//! Throughput of the server, compared with the throughput of PostgreSQL for the same SQL on the same machine.
//!
//! `cargo bench --bench http` runs a demo shop on an embedded database that syncs to disk. wrk requests pages and
//! places orders; pgbench runs the scripts in this folder. All loads run in turn for several rounds, because the speed
//! of a machine varies. The report contains medians, and ratios of loads within one round. The benchmark fails if a
//! request was rejected or if the records are inconsistent afterwards.
//!
//! `-- --statements` prints the SQL statements of each request instead. Use it to reduce their number, and to update
//! `detail.sql` and `order.sql`.
#![expect(clippy::print_stdout, clippy::as_conversions, reason = "a benchmark prints results and divides counts")]

#[path = "../../tests/support/invariants.rs"]
mod invariants;
mod loads;
mod machine;
mod measurement;
mod pgbench;
mod programs;
mod records;
mod shop;
mod statements;
mod table;
mod wrk;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Parser;

use loads::{LOADS, Load, Tool};
use pgbench::Script;
use programs::Programs;
use records::OrderRecords;
use shop::BenchShop;
use statements::Profile;
use table::Table;

/// Server that cargo has built for this benchmark.
const BUILT_SERVER: &str = env!("CARGO_BIN_EXE_mercer");

#[derive(Debug, Parser)]
struct Arguments {
    /// Number of rounds
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Duration of each load in a round, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Run only loads whose name contains this text
    #[arg(long, default_value = "")]
    only: String,
    /// Print the SQL statements of each request instead of measuring
    #[arg(long)]
    statements: bool,
    /// Server to measure; by default, the one that was built with this benchmark
    #[arg(long, default_value = BUILT_SERVER)]
    server: PathBuf,
    /// Setting of the server as in .env.example, NAME=VALUE; can be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// Flag that cargo passes to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
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
    let mut shop = BenchShop::open(&arguments.server, &arguments.settings, &programs)?;
    let profile = statements::profile(&mut shop, &programs)?;
    if arguments.statements {
        print!("{profile}");
        return Ok(());
    }
    println!("{}", machine::describe(&mut shop)?);
    if cfg!(debug_assertions) && arguments.server == Path::new(BUILT_SERVER) {
        println!("WARNING     built without optimization: the results are meaningless");
    }
    println!("rounds      {} of {} s per load; results are medians\n", arguments.rounds, arguments.seconds);

    let records = OrderRecords::open(&shop)?;
    let table = measure(arguments, &programs, &mut shop)?;
    println!("{table}");
    report_outdated_scripts(&profile);
    let mut problems = records.problems(&shop, table.orders_placed())?;
    problems.extend(table.failures());
    if problems.is_empty() {
        println!("The records are consistent, and no request failed.");
        return Ok(());
    }
    bail!("{}", problems.join("\n"))
}

/// Runs all loads in turn, in the same order in every round.
fn measure(arguments: &Arguments, programs: &Programs, shop: &mut BenchShop) -> Result<Table> {
    let loads: Vec<&Load> = LOADS.iter().filter(|load| load.name.contains(&arguments.only)).collect();
    let mut table = Table::new(&loads);
    let duration = Duration::from_secs(arguments.seconds);
    for script in Script::ALL {
        shop.copy_to(script.name())?;
    }
    let server = shop.serve()?;
    for round in 0..arguments.rounds {
        for load in &loads {
            let _worker = load.has_worker.then(|| shop.start_worker()).transpose()?;
            shop.checkpoint()?;
            let measured = match load.tool {
                Tool::Wrk(page) => wrk::run(&programs.wrk, page, &server.url, load.connections, duration)?,
                Tool::Pgbench(script) => pgbench::run(&programs.pgbench, shop, script, round, duration)?,
            };
            table.add(load, measured);
        }
    }
    Ok(table)
}

/// Reports pgbench scripts whose number of statements differs from that of the server.
fn report_outdated_scripts(profile: &Profile) {
    for outdated in profile.outdated_scripts() {
        println!("{outdated}: compare it with `-- --statements`.");
    }
}

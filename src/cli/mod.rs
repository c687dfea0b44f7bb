//! The command line. Each command sets up what it needs and calls services; it has no logic of its own.

mod audit;
pub mod import;
mod keys;
mod output;
mod schema;
mod seed;
mod serve;
pub mod setup;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::TimeOuts;
use crate::platform::telemetry;
use setup::Database;

/// An order system for shops: customers, products, orders.
#[derive(Debug, Parser)]
#[command(name = "mercer", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and run background jobs, until Ctrl-C or SIGTERM
    Serve(serve::ServeArguments),
    /// Run background jobs only
    Worker(serve::WorkerArguments),
    /// Bring the database's schema up to date
    Migrate,
    /// Fill an empty database with the demo shop
    Seed,
    /// Import categories, products or past orders from a CSV file
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Print the OpenAPI document
    Openapi {
        /// Write it here instead
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// The keys that tokens are signed with
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Make accounts
    #[command(subcommand)]
    User(user::UserCommand),
    /// Look after the audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Print the tables of the database as src/schema.rs, with the diesel program (for development)
    Schema,
    /// Print .env.example
    Settings,
}

/// Runs the program; errors go to standard error, each cause on a line of its own.
pub fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    // What needs no settings comes first.
    match &arguments.command {
        Command::Openapi { out } => return print_openapi(out.as_ref()),
        Command::Settings => return output::print(&crate::platform::config::example()),
        _ => {}
    }
    let config = Config::from_env()?;
    telemetry::start(&config)?;
    match arguments.command {
        Command::Serve(arguments) => serve::serve(config, &arguments),
        Command::Worker(arguments) => serve::work(config, arguments),
        Command::Migrate => {
            let (_database, applied) = Database::open_and_migrate(&config)?;
            let told = if applied.is_empty() { "Nothing to do.".to_owned() } else { applied.join("\n") };
            output::print(&format!("{told}\n"))
        }
        Command::Seed => {
            let (database, _) = Database::open_and_migrate(&config)?;
            seed::seed(&config, &database)
        }
        Command::Import(command) => {
            let (database, _) = Database::open_and_migrate(&config)?;
            let db = database.connect(&config, TimeOuts::BATCH)?;
            let report = import::run(&db, &Clock::system(), &command)?;
            output::print(&report.to_string())
        }
        Command::Keys(command) => keys::run(&config, command),
        Command::User(command) => user::run(&config, command),
        Command::Audit(command) => audit::run(&config, command),
        Command::Schema => {
            let (database, _) = Database::open_and_migrate(&config)?;
            schema::print(&database)
        }
        Command::Openapi { .. } | Command::Settings => Ok(()),
    }
}

fn print_openapi(out: Option<&PathBuf>) -> Result<()> {
    let document = crate::routes::document()?;
    let json = serde_json::to_string_pretty(&document)? + "\n";
    match out {
        None => output::print(&json),
        Some(path) => std::fs::write(path, json).with_context(|| format!("cannot write {}", path.display())),
    }
}

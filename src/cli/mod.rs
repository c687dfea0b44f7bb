//! Command line. Each command sets up its dependencies and calls services; it has no logic of its own.

mod audit;
pub mod errors;
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

use crate::permissions;
use crate::platform::config::Config;
use crate::platform::db::DatabaseTimeouts;
use crate::platform::openapi;
use crate::platform::telemetry;
use setup::Database;

/// Order system for shops: customers, products, orders
#[derive(Debug, Parser)]
#[command(name = "mercer", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and run background jobs until Ctrl-C or SIGTERM
    Serve(serve::ServeArguments),
    /// Run only background jobs
    Worker(serve::WorkerArguments),
    /// Apply pending migrations
    Migrate,
    /// Create the demo shop in an empty database
    Seed,
    /// Import categories, products or past orders from a CSV file
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Print the OpenAPI document
    Openapi {
        /// File to write instead of standard output
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Rotate or list the signing keys of tokens
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Create or import accounts
    #[command(subcommand)]
    User(user::UserCommand),
    /// Verify the audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Print the tables of the database for src/schema.rs; requires the diesel command (for development)
    Schema,
    /// Print .env.example
    Settings,
    /// Print docs/errors.md
    Errors,
}

/// Runs the command line. Prints errors to standard error, with each cause on a separate line.
pub fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    // Commands such as `seed` and `user` read and store permissions without a running server.
    permissions::register();
    // Commands that need no configuration.
    match &arguments.command {
        Command::Openapi { out } => return print_openapi(out.as_ref()),
        Command::Settings => return output::print(&crate::platform::config::env_example()),
        Command::Errors => return output::print(&errors::page()),
        _ => {}
    }
    let config = Config::from_env()?;
    telemetry::start(&config)?;
    match arguments.command {
        Command::Serve(arguments) => serve::serve(config, &arguments),
        Command::Worker(arguments) => serve::work(config, arguments),
        Command::Migrate => {
            let (_database, applied) = Database::open_and_migrate(&config)?;
            let text = if applied.is_empty() { "No pending migrations.".to_owned() } else { applied.join("\n") };
            output::print(&format!("{text}\n"))
        }
        Command::Seed => {
            let (database, _) = Database::open_and_migrate(&config)?;
            seed::seed(&config, &database)
        }
        Command::Import(command) => {
            let (database, _) = Database::open_and_migrate(&config)?;
            let db = database.connect(&config, DatabaseTimeouts::BATCH)?;
            let report = import::run(&db, &setup::system_context(&config)?, &command)?;
            output::print(&report.to_string())
        }
        Command::Keys(command) => keys::run(&config, command),
        Command::User(command) => user::run(&config, command),
        Command::Audit(command) => audit::run(&config, command),
        Command::Schema => {
            let (database, _) = Database::open_and_migrate(&config)?;
            schema::print(&database)
        }
        Command::Openapi { .. } | Command::Settings | Command::Errors => Ok(()),
    }
}

fn print_openapi(out: Option<&PathBuf>) -> Result<()> {
    let json = openapi::to_readable_json(&openapi::contract(&crate::routes::document()?)?);
    match out {
        None => output::print(&json),
        Some(path) => std::fs::write(path, json).with_context(|| format!("cannot write {}", path.display())),
    }
}

//! `mercer user`: accounts that nobody can register.

use std::io::{self, IsTerminal};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use super::output;
use super::setup::Database;
use crate::customers::accounts::{self, NewAccount, Password, hash_password};
use crate::platform::audit::Origin;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::TimeOuts;
use crate::platform::http::FromJson;
use crate::platform::types::Email;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account; the password is read from standard input
    Create(CreateArguments),
}

#[derive(Debug, Args)]
pub(super) struct CreateArguments {
    /// The e-mail address to sign in with
    #[arg(long)]
    email: String,
    #[arg(long, default_value = "")]
    first_name: String,
    #[arg(long, default_value = "")]
    last_name: String,
    /// May do what staff may
    #[arg(long)]
    staff: bool,
    /// May do everything
    #[arg(long)]
    superuser: bool,
}

pub(super) fn run(config: &Config, command: UserCommand) -> Result<()> {
    let UserCommand::Create(arguments) = command;
    let Ok(email) = arguments.email.parse::<Email>() else { bail!("{:?} is no e-mail address", arguments.email) };
    let password = read_password()?;
    if password.check_strength().is_err() {
        bail!("the password is too short: it needs 8 characters");
    }
    let (database, _) = Database::open_and_migrate(config)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let password_hash = runtime.block_on(hash_password(password, config.bcrypt_cost))?;
    let account = NewAccount {
        email: email.clone(),
        password_hash: Some(password_hash),
        first_name: arguments.first_name,
        last_name: arguments.last_name,
        phone: None,
        is_staff: arguments.staff || arguments.superuser,
        is_superuser: arguments.superuser,
    };
    let db = database.connect(config, TimeOuts::INTERACTIVE);
    let origin = Origin::system(Clock::system().now());
    db.write_blocking(|conn| accounts::create(conn, &account, &origin))?;
    drop(db);
    database.close();
    output::print(&format!("Made {email}.\n"))
}

/// From standard input; typed at a terminal, it is not shown.
fn read_password() -> Result<Password> {
    let stdin = io::stdin();
    let shown = stdin.is_terminal().then(|| tcgetattr(&stdin)).transpose()?;
    if let Some(shown) = &shown {
        output::print("Password: ")?;
        let mut hidden = shown.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&stdin, SetArg::TCSANOW, &hidden)?;
    }
    let mut line = String::new();
    let read = stdin.read_line(&mut line);
    if let Some(shown) = &shown {
        tcsetattr(&stdin, SetArg::TCSANOW, shown)?;
        output::print("\n")?;
    }
    read.context("cannot read the password from standard input")?;
    let typed = line.trim_end_matches(['\r', '\n']).to_owned();
    let Ok(password) = Password::from_json(typed.into()) else { bail!("the password is empty or too long") };
    Ok(password)
}

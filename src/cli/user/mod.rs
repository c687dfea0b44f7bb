//! `mercer user`: accounts of staff members, and accounts of another system.

mod import;

use crate::cli::setup::system_context;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use diesel::pg::PgConnection;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use super::output;
use super::setup::Database;
use crate::customers::accounts::{self, NewAccount};
use crate::customers::ids::GroupId;
use crate::customers::passwords::{Password, PasswordHash, hash_password};
use crate::customers::staff::{self, StaffError};
use crate::platform::config::Config;
use crate::platform::db::{DatabaseTimeouts, Db};
use crate::platform::http::FromJson;
use crate::platform::types::{Email, Language};
use crate::platform::write_context::WriteContext;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Create an account; the password is read from standard input
    Create(CreateArguments),
    /// Import accounts from a CSV file with the columns email,password_hash[,first_name,last_name,phone]
    Import(ImportArguments),
}

#[derive(Debug, Args)]
pub(super) struct CreateArguments {
    /// E-mail address for the sign-in
    #[arg(long)]
    email: String,
    #[arg(long, default_value = "")]
    first_name: String,
    #[arg(long, default_value = "")]
    last_name: String,
    /// Create a staff account
    #[arg(long)]
    staff: bool,
    /// Name of a staff group to join; can be repeated
    #[arg(long, requires = "staff")]
    group: Vec<String>,
    /// Grant all permissions
    #[arg(long)]
    superuser: bool,
    /// Password hash of another system instead of a password: $2b$…, bcrypt$$2b$… or bcrypt_sha256$$2b$…
    #[arg(long, value_name = "HASH")]
    password_hash: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    file: PathBuf,
}

pub(super) fn run(config: &Config, command: UserCommand) -> Result<()> {
    match command {
        UserCommand::Create(arguments) => create(config, arguments),
        UserCommand::Import(arguments) => import::run(config, &arguments.file),
    }
}

fn create(config: &Config, arguments: CreateArguments) -> Result<()> {
    let Ok(email) = arguments.email.parse::<Email>() else { bail!("{:?} is not an e-mail address", arguments.email) };
    let password_hash = match &arguments.password_hash {
        Some(hash) => PasswordHash::import(hash)?,
        None => choose_password(config, &arguments)?,
    };
    let (database, _) = Database::open_and_migrate(config)?;
    let account = NewAccount {
        email: email.clone(),
        password_hash: Some(password_hash),
        first_name: arguments.first_name,
        last_name: arguments.last_name,
        phone: None,
        language: Language::default(),
        is_staff: arguments.staff || arguments.superuser,
        is_superuser: arguments.superuser,
    };
    let db = database.connect(config, DatabaseTimeouts::INTERACTIVE)?;
    let context = system_context(config)?;
    let groups = find_groups(&db, &arguments.group)?;
    db.write_blocking(|conn| create_account(conn, &account, &groups, &context))?;
    drop(db);
    database.close();
    output::print(&format!("Created {email}.\n"))
}

fn find_groups(db: &Db, names: &[String]) -> Result<Vec<GroupId>> {
    let find = |name: &String| {
        let group = db.write_blocking(|conn| staff::find_group(conn, name))?;
        Ok(group.with_context(|| format!("there is no group {name:?}"))?.id)
    };
    names.iter().map(find).collect()
}

fn create_account(
    conn: &mut PgConnection,
    account: &NewAccount,
    groups: &[GroupId],
    context: &WriteContext,
) -> Result<(), StaffError> {
    let profile = accounts::create(conn, account, context)?;
    // The operator of this command is responsible for the address, so the address counts as verified.
    accounts::verify_email(conn, &profile, context)?;
    groups.iter().try_for_each(|group| staff::join_group(conn, profile.user.id, *group, context))
}

fn choose_password(config: &Config, arguments: &CreateArguments) -> Result<PasswordHash> {
    let CreateArguments { email, first_name, last_name, .. } = arguments;
    let password = read_password()?;
    let checked = password.check_strength();
    let checked = checked.and_then(|()| password.check_similarity(&config.shop_name, &[email, first_name, last_name]));
    if let Err(errors) = checked {
        let messages: Vec<String> =
            errors.pointers().into_iter().map(|(_, message)| message.text.to_string()).collect();
        bail!("the password was rejected: {}", messages.join(" "));
    }
    let runtime = tokio::runtime::Runtime::new()?;
    Ok(runtime.block_on(hash_password(password, config.bcrypt_cost))?)
}

/// Reads the password from standard input. A terminal does not echo it.
fn read_password() -> Result<Password> {
    let stdin = io::stdin();
    let echo_settings = stdin.is_terminal().then(|| tcgetattr(&stdin)).transpose()?;
    if let Some(echo_settings) = &echo_settings {
        output::print("Password: ")?;
        let mut hidden = echo_settings.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&stdin, SetArg::TCSANOW, &hidden)?;
    }
    let mut line = String::new();
    let read = stdin.read_line(&mut line);
    if let Some(echo_settings) = &echo_settings {
        tcsetattr(&stdin, SetArg::TCSANOW, echo_settings)?;
        output::print("\n")?;
    }
    read.context("cannot read the password from standard input")?;
    let typed = line.trim_end_matches(['\r', '\n']).to_owned();
    let Ok(password) = Password::from_json(typed.into()) else { bail!("the password is empty or too long") };
    Ok(password)
}

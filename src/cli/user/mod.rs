//! `mercer user`: accounts that nobody can register.

mod import;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use diesel::pg::PgConnection;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use super::output;
use super::setup::Database;
use crate::customers::accounts::{self, NewAccount, Password, PasswordHash, hash_password};
use crate::customers::staff::{self, StaffError};
use crate::platform::audit::Origin;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::db::{Db, TimeOuts};
use crate::platform::http::FromJson;
use crate::platform::types::{Email, GroupId, Language};

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account; the password is read from standard input
    Create(CreateArguments),
    /// Make accounts of another shop from a CSV file: email,password_hash[,first_name,last_name,phone]
    Import(ImportArguments),
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
    /// Works for the shop
    #[arg(long)]
    staff: bool,
    /// A group of staff to be in, by its name; may be given several times
    #[arg(long, requires = "staff")]
    group: Vec<String>,
    /// May do everything
    #[arg(long)]
    superuser: bool,
    /// In place of a password, its hash as another shop kept it: $2b$…, bcrypt$$2b$… or bcrypt_sha256$$2b$…
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
    let Ok(email) = arguments.email.parse::<Email>() else { bail!("{:?} is no e-mail address", arguments.email) };
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
    let db = database.connect(config, TimeOuts::INTERACTIVE)?;
    let origin = Origin::system(Clock::system().now());
    let groups = find_groups(&db, &arguments.group)?;
    db.write_blocking(|conn| make(conn, &account, &groups, &origin))?;
    drop(db);
    database.close();
    output::print(&format!("Made {email}.\n"))
}

fn find_groups(db: &Db, names: &[String]) -> Result<Vec<GroupId>> {
    let find = |name: &String| {
        let group = db.write_blocking(|conn| staff::find_group(conn, name))?;
        Ok(group.with_context(|| format!("there is no group {name:?}"))?.id)
    };
    names.iter().map(find).collect()
}

fn make(conn: &mut PgConnection, account: &NewAccount, groups: &[GroupId], origin: &Origin) -> Result<(), StaffError> {
    let profile = accounts::create(conn, account, origin)?;
    // Whoever runs this program knows whose address it is.
    accounts::verify_email(conn, &profile, origin)?;
    groups.iter().try_for_each(|group| staff::join_group(conn, profile.user.id, *group, origin))
}

fn choose_password(config: &Config, arguments: &CreateArguments) -> Result<PasswordHash> {
    let CreateArguments { email, first_name, last_name, .. } = arguments;
    let password = read_password()?;
    let checked = password.check_strength();
    let checked = checked.and_then(|()| password.check_likeness(&config.shop_name, &[email, first_name, last_name]));
    if let Err(errors) = checked {
        let told: Vec<String> = errors.pointers().into_iter().map(|(_, message)| message.text.to_string()).collect();
        bail!("the password is refused: {}", told.join(" "));
    }
    let runtime = tokio::runtime::Runtime::new()?;
    Ok(runtime.block_on(hash_password(password, config.bcrypt_cost))?)
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

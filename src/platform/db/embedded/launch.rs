//! Execution of PostgreSQL's programs, as the right account and not longer than this process.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;

use nix::unistd::{Gid, Pid, Uid, User};

use super::error::EmbeddedError;

/// Number of lines of a log or of a program's output that an error contains.
const TAIL_LINES: usize = 20;

/// Unprivileged user that runs the server if Mercer runs as root, because PostgreSQL cannot run as root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    pub uid: Uid,
    pub gid: Gid,
}

impl Account {
    pub fn unprivileged() -> Result<Self, EmbeddedError> {
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Self { uid: user.uid, gid: user.gid })
            .ok_or(EmbeddedError::NoAccount)
    }
}

/// Signal that the kernel sends to a program when this process ends without stopping it.
#[derive(Debug, Clone, Copy)]
pub enum ParentDeathSignal {
    /// SIGINT: the server's fast shutdown.
    Interrupt,
    /// SIGKILL: otherwise an interrupted initdb would remove the files of the next one.
    Kill,
}

/// Starts programs as the server's account, so that they end together with this process.
#[derive(Debug, Clone, Copy)]
pub struct Launcher {
    account: Option<Account>,
    has_setpriv: bool,
}

impl Launcher {
    /// Creates a launcher. `account` is `None` if the programs run as the current user.
    pub fn new(account: Option<Account>) -> Self {
        Self { account, has_setpriv: setpriv_supports_death_signals() }
    }

    /// Returns a command that runs `program` as the server's account, in a separate process group.
    ///
    /// The process group keeps Ctrl-C from reaching the server before the application has finished its requests.
    /// Without `setpriv` (systems other than Linux) the server survives a crash of this process; the next start stops
    /// it.
    pub fn command(&self, program: &Path, parent_death_signal: ParentDeathSignal) -> Command {
        let mut command =
            if self.has_setpriv { self.through_setpriv(program, parent_death_signal) } else { self.directly(program) };
        // English messages for the errors, and a working directory that every account can access.
        command.env("LC_ALL", "C").current_dir("/").process_group(0).stdin(Stdio::null());
        command
    }

    /// Runs `program` with `input` on its stdin and waits for its end.
    pub fn run<A: AsRef<OsStr>>(&self, program: &Path, arguments: &[A], input: &str) -> Result<(), EmbeddedError> {
        let mut command = self.command(program, ParentDeathSignal::Kill);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output =
            feed(command, input).map_err(|source| EmbeddedError::NotRun { program: program.to_owned(), source })?;
        if output.status.success() {
            return Ok(());
        }
        let printed = [output.stdout, output.stderr].concat();
        Err(EmbeddedError::ProgramFailed {
            program: program.to_owned(),
            status: output.status,
            output: last_lines(&String::from_utf8_lossy(&printed)),
        })
    }

    /// Returns true if the server's account can enter `dir`. A test by the system covers all access rules.
    pub fn can_access(&self, dir: &Path) -> bool {
        let script = ["-c", r#"cd "$1""#, "sh"].map(OsStr::new);
        let arguments = [&script[..], &[dir.as_os_str()]].concat();
        self.run(Path::new("/bin/sh"), &arguments, "").is_ok()
    }

    fn through_setpriv(&self, program: &Path, parent_death_signal: ParentDeathSignal) -> Command {
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig").arg(match parent_death_signal {
            ParentDeathSignal::Interrupt => "INT",
            ParentDeathSignal::Kill => "KILL",
        });
        if let Some(account) = self.account {
            command.args(["--reuid", &account.uid.to_string(), "--regid", &account.gid.to_string()]);
            command.arg("--clear-groups");
        }
        command.arg("--").arg(program);
        command
    }

    fn directly(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some(account) = self.account {
            // The standard library also drops root's supplementary groups here.
            command.uid(account.uid.as_raw()).gid(account.gid.as_raw());
        }
        command
    }
}

/// Child process, with the thread that spawned it.
///
/// The kernel sends the parent-death signal when the *thread* that spawned the child ends, not the process. A server
/// that was started from a pool or test thread would stop with that thread. Therefore a separate thread spawns it and
/// waits until this value is dropped.
#[derive(Debug)]
pub struct ServerProcess {
    pub pid: Pid,
    child: Child,
    _keeper: Sender<Infallible>,
}

impl ServerProcess {
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        let (keeper, dropped) = mpsc::channel();
        let (hand_over, started) = mpsc::channel();
        thread::Builder::new().name("postgres-keeper".to_owned()).spawn(move || {
            if hand_over.send(command.spawn()).is_ok() {
                // There is never a message: this returns when the sender is dropped.
                dropped.recv().ok();
            }
        })?;
        let child = started.recv().map_err(io::Error::other)??;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        Ok(Self { pid: Pid::from_raw(pid), child, _keeper: keeper })
    }

    /// Returns the exit status, or `None` while the process runs.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

/// Returns true if `setpriv` has the option `--pdeathsig`; the one of BusyBox does not.
fn setpriv_supports_death_signals() -> bool {
    let help = Command::new("setpriv").arg("--help").stdin(Stdio::null()).output();
    help.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("--pdeathsig"))
}

fn feed(mut command: Command, input: &str) -> io::Result<Output> {
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take()
        && let Err(error) = stdin.write_all(input.as_bytes())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        return Err(error);
    }
    // A broken pipe means that the program ended early; its output explains why.
    child.wait_with_output()
}

/// Returns the last lines of a text, for an error message.
pub fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let skipped = lines.len().saturating_sub(TAIL_LINES);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}

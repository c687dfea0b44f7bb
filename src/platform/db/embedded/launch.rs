//! Running the server's programs: by whom, and tied to our own life.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;

use nix::unistd::{Gid, Pid, Uid, User};

use super::EmbeddedError;

/// Lines of a log or of a program's output that an error shows.
const TAIL_LINES: usize = 20;

/// The unprivileged user that runs the server when we are root: PostgreSQL refuses to be root.
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

/// What a program is told by the kernel when our process ends without stopping it.
#[derive(Debug, Clone, Copy)]
pub enum OnOurDeath {
    /// SIGINT: the server's fast shutdown.
    ShutDown,
    /// SIGKILL: an unfinished initdb would otherwise tidy away its successor's files.
    Die,
}

/// Knows how to become the server's account, and how to make a program end with us.
#[derive(Debug, Clone, Copy)]
pub struct Launcher {
    account: Option<Account>,
    has_setpriv: bool,
}

impl Launcher {
    /// `account` is `None` when we are an ordinary user and stay one.
    pub fn new(account: Option<Account>) -> Self {
        Self { account, has_setpriv: setpriv_knows_death_signals() }
    }

    /// A command for `program` as the server's account, in a process group of its own.
    ///
    /// The group keeps Ctrl-C from reaching the server before the application has drained.
    /// Without `setpriv` (not Linux) nothing ties it to our life; the next start stops it.
    pub fn command(&self, program: &Path, on_our_death: OnOurDeath) -> Command {
        let mut command =
            if self.has_setpriv { self.through_setpriv(program, on_our_death) } else { self.directly(program) };
        // Messages in English, for our errors; a working directory that every account may enter.
        command.env("LC_ALL", "C").current_dir("/").process_group(0).stdin(Stdio::null());
        command
    }

    /// Runs `program` to its end with `input` on its stdin.
    pub fn run<A: AsRef<OsStr>>(&self, program: &Path, arguments: &[A], input: &str) -> Result<(), EmbeddedError> {
        let mut command = self.command(program, OnOurDeath::Die);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output =
            feed(command, input).map_err(|source| EmbeddedError::NotRun { program: program.to_owned(), source })?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(EmbeddedError::ProgramFailed {
            program: program.to_owned(),
            status: output.status,
            output: last_lines(&String::from_utf8_lossy(&said)),
        })
    }

    /// Whether the server's account can enter `dir`: asked of the system, as it alone knows all its rules.
    pub fn reaches(&self, dir: &Path) -> bool {
        let script = ["-c", r#"cd "$1""#, "sh"].map(OsStr::new);
        let arguments = [&script[..], &[dir.as_os_str()]].concat();
        self.run(Path::new("/bin/sh"), &arguments, "").is_ok()
    }

    fn through_setpriv(&self, program: &Path, on_our_death: OnOurDeath) -> Command {
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig").arg(match on_our_death {
            OnOurDeath::ShutDown => "INT",
            OnOurDeath::Die => "KILL",
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

/// A child process, and the thread that spawned it kept alive.
///
/// The kernel sends the parent-death signal when the *thread* that spawned the child ends, not
/// the process. Started from a pool or a test thread, the server would be shut down with that
/// thread; hence one that only waits until this value is dropped.
#[derive(Debug)]
pub struct KeptChild {
    pub pid: Pid,
    child: Child,
    _keeper: Sender<Infallible>,
}

impl KeptChild {
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        let (keeper, dropped) = mpsc::channel();
        let (hand_over, started) = mpsc::channel();
        thread::Builder::new().name("postgres-keeper".to_owned()).spawn(move || {
            if hand_over.send(command.spawn()).is_ok() {
                // Never a message: this returns when the other end is dropped.
                dropped.recv().ok();
            }
        })?;
        let child = started.recv().map_err(io::Error::other)??;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        Ok(Self { pid: Pid::from_raw(pid), child, _keeper: keeper })
    }

    /// How it ended; `None` while it runs.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

/// BusyBox has a `setpriv` too, without this option.
fn setpriv_knows_death_signals() -> bool {
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
    // A broken pipe is a program that ended early: its own words say more.
    child.wait_with_output()
}

pub fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let skipped = lines.len().saturating_sub(TAIL_LINES);
    lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
}

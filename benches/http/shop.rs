//! The shop under load: a folder, an embedded PostgreSQL that belongs to this bench, and the program on it.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use mercer::platform::config::VARIABLES;
use mercer::platform::db::embedded::EmbeddedServer;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::programs::Programs;

/// As many products as `goods.sql` makes.
pub const GOODS: u32 = 1000;

/// The program's own database in the embedded server.
const DATABASE: &str = "mercer";

/// How long the program may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// Fields are dropped in this order: the connection, the server, its folder.
pub struct Shop {
    pub conn: PgConnection,
    pub postgres: EmbeddedServer,
    pub folder: TempDir,
    program: PathBuf,
    settings: Vec<(String, String)>,
}

/// A process of the program, stopped when it is dropped.
pub struct Running {
    pub url: String,
    child: Child,
}

impl Shop {
    /// The demo shop with [`GOODS`] more products, on a server of its own.
    pub fn open(program: &Path, settings: &[(String, String)], programs: &Programs) -> Result<Self> {
        // Not the system's folder for temporary files, which may be in memory.
        let folder = tempfile::Builder::new().prefix("http-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        // Where we are root, the server's account must get in.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let postgres = EmbeddedServer::start(folder.path(), &programs.postgres)?;
        let conn = PgConnection::establish(&postgres.url_for("postgres"))?;
        let program = program.canonicalize().with_context(|| format!("there is no {}", program.display()))?;
        let shop = Self { conn, postgres, folder, program, settings: settings.to_vec() };

        let seeded = shop.command("seed").stdout(Stdio::null()).status().context("cannot run the program")?;
        ensure!(seeded.success(), "`mercer seed` failed");
        shop.connection()?.batch_execute(include_str!("goods.sql")).context("goods.sql")?;
        shop.connection()?.batch_execute("vacuum analyze")?;
        Ok(shop)
    }

    /// A connection of our own to the shop's database.
    pub fn connection(&self) -> Result<PgConnection> {
        Ok(PgConnection::establish(&self.postgres.url())?)
    }

    /// Copies the shop as it is now into another database; nobody may be connected to it.
    pub fn copy_to(&mut self, database: &str) -> Result<()> {
        Ok(self.conn.batch_execute(&format!("create database \"{database}\" template {DATABASE}"))?)
    }

    /// Leaves to no turn what the one before it has to write.
    pub fn settle(&mut self) -> Result<()> {
        Ok(self.conn.batch_execute("checkpoint")?)
    }

    /// `mercer serve` on a free port; the worker is a process of its own.
    pub fn serve(&self) -> Result<Running> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = self.command("serve");
        command.arg("--without-worker").env("MERCER_BIND", address.to_string()).stdout(Stdio::null());
        let mut running = Running { url: format!("http://{address}"), child: command.spawn()? };
        running.wait_until_ready()?;
        Ok(running)
    }

    /// `mercer worker`.
    pub fn work(&self) -> Result<Running> {
        Ok(Running { url: String::new(), child: self.command("worker").spawn()? })
    }

    /// With the settings that are given and the defaults for all others, whatever this shell or a `.env` says.
    fn command(&self, word: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(word).current_dir(self.folder.path()).stdin(Stdio::null());
        command.envs(VARIABLES.iter().map(|variable| (variable.name, "")));
        command.envs([("RUST_LOG", "warn"), ("THROTTLING", "off")]);
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.env("MERCER_DATA_DIR", self.folder.path());
        command
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.postgres.stop();
        // Outside of our folder only where root's server cannot get into that.
        std::fs::remove_dir_all(self.postgres.data_dir()).ok();
    }
}

impl Running {
    fn wait_until_ready(&mut self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("{}/health/ready", self.url);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                bail!("`mercer serve` ended: {status}");
            }
            let answer = runtime.block_on(http.get(&url).send());
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("`mercer serve` is not ready after {PATIENCE:?}")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(id) = i32::try_from(self.child.id()) {
            kill(Pid::from_raw(id), Signal::SIGTERM).ok();
        }
        self.child.wait().ok();
    }
}

//! Shop under load: a folder, a separate embedded PostgreSQL server, and the Mercer server.

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

/// Number of products that `products.sql` creates.
pub const PRODUCT_COUNT: u32 = 1000;

/// Database of the shop on the embedded server.
const DATABASE: &str = "mercer";

/// Maximum start-up time of the server.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Shop under load. Fields are dropped in this order: connection, server, folder.
pub struct BenchShop {
    pub conn: PgConnection,
    pub postgres: EmbeddedServer,
    pub folder: TempDir,
    program: PathBuf,
    settings: Vec<(String, String)>,
}

/// Mercer process, stopped when it is dropped.
pub struct RunningProcess {
    pub url: String,
    child: Child,
}

impl BenchShop {
    /// Creates the demo shop with [`PRODUCT_COUNT`] additional products on a separate database server.
    pub fn open(program: &Path, settings: &[(String, String)], programs: &Programs) -> Result<Self> {
        // The system's temporary folder can be in memory, so it is not used.
        let folder = tempfile::Builder::new().prefix("http-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        // If the benchmark runs as root, the account of PostgreSQL needs access.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let postgres = EmbeddedServer::start(folder.path(), &programs.postgres)?;
        let conn = PgConnection::establish(&postgres.url_for("postgres"))?;
        let program = program.canonicalize().with_context(|| format!("cannot find {}", program.display()))?;
        let shop = Self { conn, postgres, folder, program, settings: settings.to_vec() };

        let seeded = shop.command("seed").stdout(Stdio::null()).status().context("cannot run `mercer seed`")?;
        ensure!(seeded.success(), "`mercer seed` failed");
        shop.connection()?.batch_execute(include_str!("products.sql")).context("products.sql")?;
        shop.connection()?.batch_execute("vacuum analyze")?;
        Ok(shop)
    }

    /// Opens a connection to the shop's database.
    pub fn connection(&self) -> Result<PgConnection> {
        Ok(PgConnection::establish(&self.postgres.url())?)
    }

    /// Copies the current shop to another database. There must be no connections to the shop.
    pub fn copy_to(&mut self, database: &str) -> Result<()> {
        Ok(self.conn.batch_execute(&format!("create database \"{database}\" template {DATABASE}"))?)
    }

    /// Writes a checkpoint, so that a load does not pay for the writes of the previous load.
    pub fn checkpoint(&mut self) -> Result<()> {
        Ok(self.conn.batch_execute("checkpoint")?)
    }

    /// Starts `mercer serve` without a worker on a free port.
    pub fn serve(&self) -> Result<RunningProcess> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = self.command("serve");
        command.arg("--without-worker").env("MERCER_BIND", address.to_string()).stdout(Stdio::null());
        let mut running = RunningProcess { url: format!("http://{address}"), child: command.spawn()? };
        running.wait_until_ready()?;
        Ok(running)
    }

    /// Starts `mercer worker`.
    pub fn start_worker(&self) -> Result<RunningProcess> {
        Ok(RunningProcess { url: String::new(), child: self.command("worker").spawn()? })
    }

    /// Returns a command with the given settings and defaults for all others. It ignores the environment and `.env`.
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

impl Drop for BenchShop {
    fn drop(&mut self) {
        self.postgres.stop();
        // The data directory is outside of the folder only if the account of PostgreSQL cannot access the folder.
        std::fs::remove_dir_all(self.postgres.data_dir()).ok();
    }
}

impl RunningProcess {
    fn wait_until_ready(&mut self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("{}/health/ready", self.url);
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                bail!("`mercer serve` exited: {status}");
            }
            let response = runtime.block_on(http.get(&url).send());
            if response.is_ok_and(|response| response.status().is_success()) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("`mercer serve` is not ready after {START_TIMEOUT:?}")
    }
}

impl Drop for RunningProcess {
    fn drop(&mut self) {
        if let Ok(id) = i32::try_from(self.child.id()) {
            kill(Pid::from_raw(id), Signal::SIGTERM).ok();
        }
        self.child.wait().ok();
    }
}

//! The `mercer` command as a separate process.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;

use super::database::TestDatabase;

/// Process of `mercer serve` with a separate database.
pub struct MercerProcess {
    process: Child,
    pub url: String,
    pub folder: TempDir,
    // Dropped last, after all connections are closed.
    pub database: TestDatabase,
}

impl MercerProcess {
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let database = TestDatabase::create();
        let folder = TempDir::new().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let url = format!("http://{address}");
        let process = Command::new(env!("CARGO_BIN_EXE_mercer"))
            .arg("serve")
            .current_dir(folder.path())
            .env_clear()
            .envs([
                ("MERCER_BIND", address.as_str()),
                ("MERCER_PUBLIC_URL", &url),
                ("DATABASE_URL", &database.url),
                ("BCRYPT_COST", "4"),
                ("LOG_FILE", "log"),
            ])
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let process = Self { process, url, folder, database };
        process.wait_until_ready().await;
        process
    }

    async fn wait_until_ready(&self) {
        for _ in 0..3000 {
            if let Ok(response) = client().get(format!("{}/health/ready", self.url)).send().await
                && response.status() == 200
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the server does not become ready: {}", self.log());
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = client().post(format!("{}{path}", self.url)).json(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Stops the process with SIGTERM. Returns true if it exits successfully.
    pub fn stop(&mut self) -> bool {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        self.process.wait().unwrap().success()
    }
}

impl Drop for MercerProcess {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

pub fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

//! The program itself, as an operator runs it.

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

/// The program, serving a database of its own.
pub struct Program {
    process: Child,
    pub url: String,
    pub folder: TempDir,
    // Dropped last: nobody may be connected.
    pub database: TestDatabase,
}

impl Program {
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
        let program = Self { process, url, folder, database };
        program.wait_until_it_answers().await;
        program
    }

    async fn wait_until_it_answers(&self) {
        for _ in 0..3000 {
            if let Ok(answer) = client().get(format!("{}/health/ready", self.url)).send().await
                && answer.status() == 200
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the program does not answer: {}", self.log());
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = client().post(format!("{}{path}", self.url)).json(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// As an operator stops it; true where it said goodbye.
    pub fn stop(&mut self) -> bool {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).unwrap());
        kill(pid, Signal::SIGTERM).unwrap();
        self.process.wait().unwrap().success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

pub fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

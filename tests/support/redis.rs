//! Redis server of a test.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// Setting with a long timeout, so that a test does not fail on a slow machine.
pub const LONG_REDIS_TIMEOUT: (&str, &str) = ("REDIS_TIMEOUT_MS", "10000");

/// Redis server on a free port. Stops when it is dropped.
pub struct RedisServer {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl RedisServer {
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = TempDir::new().unwrap();
        Self { process: Self::spawn(port, &folder), port, folder }
    }

    /// Restarts the killed server on the same port, without its data.
    pub fn restart(&mut self) {
        self.process = Self::spawn(self.port, &self.folder);
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn kill(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }

    fn spawn(port: u16, folder: &TempDir) -> Child {
        let mut process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..1000 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return process;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        process.kill().ok();
        process.wait().ok();
        panic!("redis-server does not respond on port {port}");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

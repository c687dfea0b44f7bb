//! Settings and fixed names of the embedded server.

use std::ffi::OsString;
use std::path::PathBuf;

/// Superuser of the cluster.
pub const USER: &str = "mercer";
/// Database that the first start creates.
pub const DATABASE: &str = "mercer";
/// Port, which determines the name of the socket. It is part of the URL, because `PGPORT` would otherwise change it.
pub const PORT: &str = "5432";

/// Settings of the embedded server.
#[derive(Debug, Clone)]
pub struct EmbeddedSettings {
    /// Directory of `initdb` and `postgres`. `None` searches the usual directories, then `path`.
    pub bin_dir: Option<PathBuf>,
    /// Value of `PATH`.
    pub path: Option<OsString>,
    /// False only for test clusters: a power failure can then destroy the whole cluster.
    pub durable: bool,
}

impl Default for EmbeddedSettings {
    fn default() -> Self {
        Self { bin_dir: None, path: None, durable: true }
    }
}

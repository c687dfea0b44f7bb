//! Telemetry: logging, and the span of each request.

mod request_span;

use std::fs::OpenOptions;
use std::io;
use std::sync::Arc;

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

pub use request_span::RequestSpan;

use super::config::{Config, LogFormat};

/// Starts logging to standard error or to `LOG_FILE`. Fails if the process has already started logging.
pub fn start(config: &Config) -> Result<()> {
    let filter = EnvFilter::try_new(&config.log_filter).context("RUST_LOG")?;
    let writer = match &config.log_file {
        None => BoxMakeWriter::new(io::stderr),
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            BoxMakeWriter::new(Arc::new(file.with_context(|| format!("LOG_FILE {}", path.display()))?))
        }
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let started = match config.log_format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).try_init(),
        LogFormat::Pretty => builder.compact().with_ansi(config.log_file.is_none()).with_target(false).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!(error)).context("logging is already started")
}

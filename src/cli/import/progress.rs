//! Progress of an import.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

/// Observer of the progress of an import.
pub trait Progress {
    /// Begins a stage. `rows` is its number of rows, if known.
    fn begin(&mut self, stage: &'static str, rows: Option<u64>);

    /// Reports further completed rows; those of a writing stage are committed. An error aborts the import.
    fn advance(&mut self, rows: u64) -> Result<()>;
}

/// Progress bar on standard error; shows nothing if standard error is not a terminal.
#[derive(Debug, Default)]
pub(super) struct TerminalProgress(Option<ProgressBar>);

impl Progress for TerminalProgress {
    fn begin(&mut self, stage: &'static str, rows: Option<u64>) {
        self.finish();
        if !std::io::stderr().is_terminal() {
            return;
        }
        let (bar, template) = match rows {
            Some(rows) => {
                (ProgressBar::new(rows), "{msg} [{bar:40}] {human_pos}/{human_len} rows, {per_sec}, {eta} left")
            }
            None => (ProgressBar::new_spinner(), "{msg} {human_pos} rows"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(stage);
        bar.enable_steady_tick(Duration::from_millis(200));
        self.0 = Some(bar);
    }

    fn advance(&mut self, rows: u64) -> Result<()> {
        if let Some(bar) = &self.0 {
            bar.inc(rows);
        }
        Ok(())
    }
}

impl TerminalProgress {
    fn finish(&mut self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for TerminalProgress {
    fn drop(&mut self) {
        self.finish();
    }
}

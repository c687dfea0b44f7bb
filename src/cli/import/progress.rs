//! How far an import is.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

/// Somebody who watches an import.
pub trait Progress {
    /// A stage begins, with so many rows before it if that is known.
    fn begin(&mut self, stage: &'static str, rows: Option<u64>);

    /// So many more rows are done, and safe if the stage writes. An error ends the import here.
    fn advance(&mut self, rows: u64) -> Result<()>;
}

/// A bar on standard error; nothing where that is no terminal.
#[derive(Debug, Default)]
pub(super) struct Bar(Option<ProgressBar>);

impl Progress for Bar {
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

impl Bar {
    fn finish(&mut self) {
        if let Some(bar) = self.0.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

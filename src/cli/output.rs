//! Output of commands: results on standard output, errors on standard error.

use std::io::{self, Write};

use anyhow::Result;

/// Writes a result. A closed pipe is not an error.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes an error with its causes.
pub(super) fn print_error(error: &anyhow::Error) {
    let mut text = format!("mercer: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  caused by: {cause}\n"));
    }
    // If standard error is closed, there is no other place to report this.
    let _unwritten = io::stderr().lock().write_all(text.as_bytes());
}

//! What commands say: results to standard output, complaints to standard error.

use std::io::{self, Write};

use anyhow::Result;

/// Writes a result. A reader that has gone away is no error.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Says why the program ends.
pub(super) fn complain(error: &anyhow::Error) {
    let mut text = format!("mercer: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because {cause}\n"));
    }
    // Where even that cannot be written, nobody is there to read it.
    let _unwritten = io::stderr().lock().write_all(text.as_bytes());
}

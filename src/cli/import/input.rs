//! Input of an import: a file, standard input or any other reader, gzipped or not.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;

/// Maximum length of the header line in bytes.
const MAX_HEADER: usize = 64 * 1024;

/// Magic number of gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Decompressed bytes of a file.
pub struct Input {
    first_line: Vec<u8>,
    all: Box<dyn Read>,
}

impl Input {
    /// Opens a file. `-` opens standard input.
    pub fn open(path: &Path) -> Result<Self> {
        let cannot_read = || format!("cannot read {}", path.display());
        if path == Path::new("-") {
            return Self::new(io::stdin()).with_context(cannot_read);
        }
        let file = File::open(path).with_context(cannot_read)?;
        Self::new(file).with_context(cannot_read)
    }

    /// Wraps a reader. Detects gzip by the magic number.
    pub fn new(mut source: impl Read + 'static) -> io::Result<Self> {
        let start = read_until(&mut source, |start| start.len() >= GZIP.len())?;
        let is_zipped = start.starts_with(&GZIP);
        let whole = Cursor::new(start).chain(source);
        let mut plain: Box<dyn Read> = if is_zipped { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };

        let first_line = read_until(&mut plain, |start| start.contains(&b'\n'))?;
        Ok(Self { all: Box::new(Cursor::new(first_line.clone()).chain(plain)), first_line })
    }

    /// Returns the first line and possibly some of the bytes after it.
    pub(super) fn first_line(&self) -> &[u8] {
        &self.first_line
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.all.read(buffer)
    }
}

/// Reads until `is_enough` or the end of the input. A pipe can return one byte at a time.
fn read_until(source: &mut dyn Read, is_enough: impl Fn(&[u8]) -> bool) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    let mut buffer = [0; 4096];
    while start.len() < MAX_HEADER && !is_enough(&start) {
        match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => start.extend(buffer.iter().take(read)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(start)
}

//! The `mercer` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    mercer::cli::main()
}

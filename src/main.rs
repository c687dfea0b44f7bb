//! Entry point of the `mercer` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    mercer::cli::main()
}

//! The command `brooks`: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    brooks::cli::main()
}

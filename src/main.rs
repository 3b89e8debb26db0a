//! The door: parse arguments, run one command, turn its result into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    minhbach::cli::main()
}

//! The binary `tabard`.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::commands::main()
}

//! `tabard-verify`: proves an exported journal, without store and without server.

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1);
    journal::command::run(
        arguments,
        &mut io::stdout().lock(),
        &mut io::stderr().lock(),
    )
}

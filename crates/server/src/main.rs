//! The binary `tabard`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// What one thread allocates another one frees here, request for request, and the system's own
/// allocator spends a sixth of the processor on that.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    server::commands::main()
}

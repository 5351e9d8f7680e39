//! The executable `locum`.

/// An exchange makes thousands of small values: allocating them was a fifth of
/// its time with the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    locum_server::main()
}

//! The `facies` program; everything it does lives in [`facies::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    facies::cli::main()
}

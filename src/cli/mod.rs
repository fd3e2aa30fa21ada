//! The command line: one file per subcommand. The only room that prints, draws progress and picks exit codes.
//!
//! What a program may read goes to standard output; log, progress and errors go to standard error.

mod arguments;
mod baseline;
mod baseline_answer;
mod batch;
mod carry_out;
mod completions;
mod doctor;
mod evaluate;
mod exit_code;
mod explain;
mod failure;
mod images;
mod inspect;
mod interruption;
mod labels;
mod main;
mod patience;
mod predict;
mod printer;
mod progress;
mod quantity;
mod run;
mod schema;
mod synth;
mod table;
mod train;
mod weights;

pub use exit_code::{DONE, FAILED, INTERRUPTED, UNAVAILABLE, UNREADABLE, USAGE};
pub use main::main;

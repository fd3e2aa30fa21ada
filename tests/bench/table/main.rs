//! The end-to-end table: what this program does in one run beside what its peers do in the same run.
//!
//! `cargo bench --bench table -- [--only SECTION]... [--quick] [--write]`

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark shows its figures and complains")]

mod clock;
mod files;
mod machine;
mod memory;
mod networks;
mod patience;
mod peer;
mod pictures;
mod report;
mod row;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use machine::Machine;
use report::Chapter;
use row::Findings;

/// Why something could not be measured.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// One part of the table: its name on the command line, its heading, and what measures it.
type Section = (&'static str, &'static str, fn(&Context) -> Result<Findings, Failure>);

const SECTIONS: [Section; 4] = [
    ("files", "SEG-Y files", files::measure),
    ("networks", "Networks", networks::measure),
    ("pictures", "Photographs", pictures::measure),
    ("memory", "Memory and time against the size of the cube", memory::measure),
];

/// Measures this program beside its peers in one run.
#[derive(Debug, Parser)]
#[command(name = "table")]
struct Arguments {
    /// Measure this section only; may be repeated.
    #[arg(long, value_name = "SECTION", value_parser = SECTIONS.map(|(name, ..)| name))]
    only: Vec<String>,
    /// Small cubes and few repetitions: shows that all works, not how fast it is.
    #[arg(long)]
    quick: bool,
    /// Write the table into tests/bench/results as well.
    #[arg(long)]
    write: bool,
    /// Cargo passes this to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What every section may use.
pub(crate) struct Context<'a> {
    /// Small cubes, few repetitions.
    pub(crate) quick: bool,
    /// For files; emptied at the end.
    pub(crate) folder: &'a Path,
    /// Threads of this machine, which "all threads" means.
    pub(crate) threads: usize,
}

impl Context<'_> {
    /// `full`, or `small` in a quick run.
    pub(crate) fn size<T>(&self, full: T, small: T) -> T {
        if self.quick { small } else { full }
    }
}

fn main() -> ExitCode {
    patience::wait_asleep();
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("table: {error}");
            let mut source = error.source();
            while let Some(reason) = source {
                eprintln!("  {reason}");
                source = reason.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let machine = Machine::examine();
    print!("{}", report::head(&machine, arguments.quick));
    let mut chapters = Vec::new();
    for (name, title, measure) in SECTIONS {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|only| only == name) {
            continue;
        }
        eprintln!("\nmeasuring {name} ...");
        let folder = tempfile::Builder::new().prefix("facies-bench-").tempdir()?;
        let context = Context { quick: arguments.quick, folder: folder.path(), threads: machine.threads };
        let mut findings = measure(&context)?;
        if arguments.quick {
            // Promises are made for whole cubes.
            findings.rows.iter_mut().for_each(|row| row.at_least = None);
        }
        let chapter = Chapter { title, findings };
        print!("{}", report::terminal(&chapter));
        chapters.push(chapter);
    }
    if arguments.write {
        let path = report::write(&machine, arguments.quick, &chapters)?;
        println!("\nwritten: {}", path.display());
    }
    Ok(())
}

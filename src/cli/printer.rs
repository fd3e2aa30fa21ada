//! Where words go: answers to standard output, everything else to standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use console::Style;
use serde::Serialize;

/// Prints as much as the user asked for.
#[derive(Debug)]
pub(super) struct Printer {
    quiet: bool,
    verbose: bool,
    terminal: bool,
}

impl Printer {
    pub(super) fn new(quiet: bool, verbose: bool) -> Self {
        Self { quiet, verbose, terminal: io::stderr().is_terminal() }
    }

    /// Whether progress is drawn, rather than told in lines.
    pub(super) fn draws(&self) -> bool {
        self.terminal && !self.quiet
    }

    /// Prints what was asked for.
    ///
    /// A reader that closed the pipe has enough; any other failure is one of the program.
    pub(super) fn answer(&self, text: impl Display) -> io::Result<()> {
        match writeln!(io::stdout().lock(), "{text}") {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    /// Prints what was asked for, for programs.
    pub(super) fn answer_json(&self, value: &impl Serialize) -> io::Result<()> {
        self.answer(serde_json::to_string_pretty(value)?)
    }

    /// Tells what is done.
    pub(super) fn note(&self, text: impl Display) {
        if !self.quiet {
            self.log(text);
        }
    }

    /// Tells what is done, to those who want to know.
    pub(super) fn detail(&self, text: impl Display) {
        if self.verbose {
            self.log(text);
        }
    }

    /// Tells what the user should look into.
    pub(super) fn warning(&self, text: impl Display) {
        if !self.quiet {
            self.log(format_args!("{} {text}", Style::new().for_stderr().yellow().bold().apply_to("warning:")));
        }
    }

    /// Tells why the work is not done.
    pub(super) fn error(&self, text: impl Display) {
        self.log(format_args!("{} {text}", Style::new().for_stderr().red().bold().apply_to("error:")));
    }

    /// Tells what to do.
    pub(super) fn help(&self, text: impl Display) {
        self.log(format_args!("{} {text}", Style::new().for_stderr().cyan().bold().apply_to("help:")));
    }

    /// A line to standard error; there is no one left to tell when that fails.
    pub(super) fn log(&self, text: impl Display) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

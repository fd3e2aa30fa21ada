//! Exit codes, the same for every subcommand.

/// Everything asked for is done.
pub const DONE: u8 = 0;
/// The work failed while it ran: a full disk, an output that cannot be written, memory, one of a batch's runs.
pub const FAILED: u8 = 1;
/// The command line or the job is wrong. Nothing was done.
pub const USAGE: u8 = 2;
/// An input file is missing, unreadable, broken, or does not fit the survey.
pub const UNREADABLE: u8 = 3;
/// A device or feature is not there on this machine.
pub const UNAVAILABLE: u8 = 4;
/// Interrupted by Ctrl-C or a signal. Finished work is kept; the same command continues.
pub const INTERRUPTED: u8 = 130;

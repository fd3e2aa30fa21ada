//! `facies batch`: many jobs and a table that compares them.

use std::path::PathBuf;

use super::carry_out::How;
use super::failure::Failure;
use super::interruption::interruption;
use super::patience::wait_asleep;
use super::printer::Printer;
use super::progress::Progress;
use super::table::Table;
use super::{FAILED, INTERRUPTED};
use crate::job::{BatchRow, BatchStatus, load_batch, run_batch};

/// Carry out many jobs, or one in all combinations of a matrix; finished runs are skipped
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  facies batch configs/batch-networks.yaml\n\nThe table of all runs is printed and kept as \
                        runs/NAME/summary.csv. runs/NAME/summary.md has mean and deviation over runs that differ in seed or \
                        fold alone."
)]
pub(super) struct Arguments {
    /// Batch file (YAML)
    batch: PathBuf,
    #[command(flatten)]
    how: How,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, threads: Option<usize>, printer: &Printer) -> Result<(), Failure> {
    wait_asleep();
    let plan = load_batch(&arguments.batch)?;
    let options = arguments.how.options(threads);
    let interrupted = interruption();
    let mut progress = Progress::new(printer);
    let outcome = run_batch(&plan, &arguments.how.set, &options, &mut progress, &interrupted);
    drop(progress);
    let outcome = outcome?;
    if arguments.json {
        printer.answer_json(&outcome.rows)?;
    } else {
        printer.answer(table(&outcome.rows))?;
    }
    printer.note(outcome.summary.display());
    let failed = outcome.rows.iter().filter(|row| row.status == BatchStatus::Failed).count();
    let waiting = outcome.rows.iter().filter(|row| row.status == BatchStatus::Waiting).count();
    if outcome.interrupted {
        let message = format!("interrupted with {waiting} of {} runs to go", outcome.rows.len());
        let help = "the work is kept; the same command continues".to_owned();
        return Err(Failure::new(INTERRUPTED, BatchEnd { message, help }));
    }
    if failed > 0 {
        let message = format!("{failed} of {} runs failed", outcome.rows.len());
        let help = "the last column of the table says why; the same command tries them again".to_owned();
        return Err(Failure::new(FAILED, BatchEnd { message, help }));
    }
    Ok(())
}

/// Why a batch is not finished.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{message}")]
#[diagnostic(help("{help}"))]
struct BatchEnd {
    message: String,
    help: String,
}

fn table(rows: &[BatchRow]) -> Table {
    let mut table =
        Table::new(["run", "status", "scored", "accuracy", "balanced", "macro F1", "mean IoU", "leak", "error"]);
    let share = |value: Option<f64>| value.map(|value| format!("{value:.3}")).unwrap_or_default();
    for row in rows {
        let status = match row.status {
            BatchStatus::Finished => "finished",
            BatchStatus::Failed => "failed",
            BatchStatus::Waiting => "waiting",
        };
        table.add([
            row.run.clone(),
            status.to_owned(),
            row.subset.unwrap_or_default().to_owned(),
            share(row.accuracy),
            share(row.balanced_accuracy),
            share(row.macro_f1),
            share(row.mean_iou),
            row.leak.map(|leak| leak.to_string()).unwrap_or_default(),
            row.error.clone().unwrap_or_default().lines().next().unwrap_or_default().to_owned(),
        ]);
    }
    table
}

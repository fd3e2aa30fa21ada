//! The command line as types.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};

use super::{
    baseline, batch, completions, doctor, evaluate, explain, images, inspect, labels, predict, run, schema, synth,
    train, weights,
};

/// As in Cargo: headings and commands stand out, the rest is plain.
const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// From one labelled seismic section to an interpreted cube.
#[derive(Debug, Parser)]
#[command(
    name = "facies",
    version,
    styles = STYLES,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage or job, 3 bad input data, 4 device or feature missing, \
                  130 interrupted\n\nExample:\n  facies run configs/demo.yaml",
    disable_help_subcommand = true
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every subcommand understands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(super) struct Common {
    /// Print nothing but answers and errors
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// Print more of what is done
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// CPU threads to use; all if not given
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
}

/// One subcommand each.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(run::Arguments),
    Train(train::Arguments),
    Evaluate(evaluate::Arguments),
    Predict(predict::Arguments),
    Batch(batch::Arguments),
    Baseline(baseline::Arguments),
    Explain(explain::Arguments),
    Inspect(inspect::Arguments),
    Labels(labels::Arguments),
    Synth(synth::Arguments),
    Images(images::Arguments),
    Weights(weights::Arguments),
    Schema(schema::Arguments),
    Doctor(doctor::Arguments),
    Completions(completions::Arguments),
}

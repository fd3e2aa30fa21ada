//! How far a job is: a bar on a terminal, a line now and then elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::printer::Printer;
use super::quantity::{duration, grouped, time_left};
use crate::analysis::FitProgress;
use crate::job::{JobEvent, Listener};
use crate::predict::pictures::PictureProgress;
use crate::predict::{PredictionProgress, PredictionSummary};
use crate::train::{EpochRecord, KeptFeatures, TrainingEvent};

/// Time between two lines where no bar is drawn.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Tells how far a job is.
pub(super) struct Progress<'a> {
    printer: &'a Printer,
    phase: Option<Phase>,
    /// When the part of the work that goes on was announced.
    announced: Instant,
    /// What it goes through: `voxels`, `pictures`.
    units: &'static str,
}

/// A part of the work that can be counted.
struct Phase {
    bar: Option<ProgressBar>,
    started: Instant,
    last_line: Instant,
    /// Units that were done before this command.
    kept: u64,
    done: u64,
    total: u64,
    /// Voxels seen by this command.
    voxels: u64,
}

impl<'a> Progress<'a> {
    pub(super) fn new(printer: &'a Printer) -> Self {
        Self { printer, phase: None, announced: Instant::now(), units: "voxels" }
    }

    fn begin(&mut self, started: Instant, kept: u64, total: u64) {
        self.end();
        let bar = self.printer.draws().then(|| {
            let style =
                ProgressStyle::with_template("  {bar:24} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style)
        });
        self.phase = Some(Phase { bar, started, last_line: Instant::now(), kept, done: kept, total, voxels: 0 });
    }

    /// Takes the bar away.
    fn end(&mut self) {
        if let Some(Phase { bar: Some(bar), .. }) = self.phase.take() {
            bar.finish_and_clear();
        }
    }

    /// Prints lines above the bar.
    fn print(&self, print: impl FnOnce(&Printer)) {
        match &self.phase {
            Some(Phase { bar: Some(bar), .. }) => bar.suspend(|| print(self.printer)),
            _ => print(self.printer),
        }
    }

    fn training(&mut self, event: &TrainingEvent<'_>) {
        match event {
            TrainingEvent::Started { step, steps, .. } => {
                if *step > 0 {
                    self.print(|printer| printer.note(format_args!("  continues after step {step} of {steps}")));
                }
                self.begin(Instant::now(), *step, *steps);
            }
            TrainingEvent::Phase { phase, phases, steps } => {
                let text = format_args!("  phase {phase} of {phases}: {} steps", grouped(*steps));
                self.print(|printer| printer.note(text));
            }
            TrainingEvent::Features(KeptFeatures::Yes { bytes, words }) => {
                let mebibytes = grouped(bytes.div_ceil(1 << 20));
                let text = format_args!("  features of frozen layers are kept: {words}, {mebibytes} MiB");
                self.print(|printer| printer.note(text));
            }
            TrainingEvent::Features(KeptFeatures::No { reason }) => {
                let text = format_args!("  features of frozen layers are not kept: {reason}");
                self.print(|printer| printer.note(text));
            }
            TrainingEvent::Features(KeptFeatures::NothingFrozen) => {}
            TrainingEvent::Step { step, steps, loss, accuracy, voxels, .. } => {
                if let Some(phase) = &mut self.phase {
                    phase.done = *step;
                    phase.voxels += voxels;
                    let what = format!("step {step} of {steps}, loss {loss:.3}, accuracy {:.1} %", accuracy * 100.0);
                    phase.show_rate(&what, self.units, self.printer);
                }
            }
            TrainingEvent::Epoch { record, best } => {
                self.print(|printer| printer.note(format_args!("  {}", epoch(record, *best))));
            }
            TrainingEvent::StoppedEarly { reason } => {
                self.print(|printer| printer.note(format_args!("  stopped early: {reason}")));
            }
            TrainingEvent::Finished { best_epoch } => {
                self.end();
                self.printer.detail(format_args!("  the weights of epoch {best_epoch} are kept"));
            }
        }
    }

    fn prediction(&mut self, progress: &PredictionProgress) {
        if progress.sections <= 1 || self.phase.is_none() {
            // The first section is told of when it is done.
            self.begin(self.announced, 0, progress.total_voxels);
        }
        let Some(phase) = &mut self.phase else { return };
        if progress.computed_voxels == 0 {
            // Taking up what is there says nothing about how long the rest takes.
            phase.started = Instant::now();
        }
        phase.done = progress.voxels;
        phase.voxels = progress.computed_voxels;
        phase.kept = progress.voxels - progress.computed_voxels;
        let what = format!("section {} of {}", progress.sections, progress.total_sections);
        phase.show_rate(&what, "voxels", self.printer);
        if progress.sections == progress.total_sections {
            self.end();
        }
    }

    fn pictures(&mut self, &PictureProgress { done, of }: &PictureProgress) {
        if self.phase.is_none() {
            self.begin(self.announced, 0, of as u64);
        }
        let Some(phase) = &mut self.phase else { return };
        (phase.done, phase.voxels) = (done as u64, done as u64);
        phase.show_rate(
            &format!("picture {} of {}", grouped(done as u64), grouped(of as u64)),
            "pictures",
            self.printer,
        );
        if done == of {
            self.end();
        }
    }

    fn fits(&mut self, &FitProgress { classifier, done, of }: &FitProgress) {
        if self.phase.is_none() {
            self.begin(self.announced, 0, of as u64);
        }
        let Some(phase) = &mut self.phase else { return };
        phase.done = done as u64;
        phase.show_text(format!("{}, fit {done} of {of}", classifier.name()), self.printer);
        if done == of {
            self.end();
        }
    }

    fn predicted(&mut self, summary: &PredictionSummary) {
        self.end();
        if summary.voxels > 0 {
            self.printer.note(format_args!(
                "  {} voxels in {}: {} voxels/s, devices busy {:.0} % of the time",
                grouped(summary.voxels),
                duration(Duration::from_secs_f64(summary.seconds)),
                grouped(summary.voxels_per_second() as u64),
                summary.busy_share * 100.0
            ));
        }
    }
}

impl Phase {
    fn show_rate(&mut self, what: &str, units: &str, printer: &Printer) {
        let rate = self.voxels as f64 / self.started.elapsed().as_secs_f64().max(1e-9);
        self.show_text(format!("{what}, {} {units}/s", grouped(rate as u64)), printer);
    }

    /// Shows `text` and the time left.
    fn show_text(&mut self, mut text: String, printer: &Printer) {
        if let Some(left) = time_left(self.started.elapsed(), self.done - self.kept, self.total - self.done) {
            text += &format!(", {} left", duration(left));
        }
        match &self.bar {
            Some(bar) => {
                bar.set_position(self.done);
                bar.set_message(text);
            }
            None if self.last_line.elapsed() >= LINE_EVERY => {
                self.last_line = Instant::now();
                printer.note(format_args!("  {text}"));
            }
            None => {}
        }
    }
}

impl Listener for Progress<'_> {
    fn notice(&mut self, event: &JobEvent<'_>) {
        match event {
            JobEvent::Stage(title) => {
                self.end();
                self.announced = Instant::now();
                self.units = if title.ends_with(" pictures") { "pictures" } else { "voxels" };
                self.printer.note(title);
            }
            JobEvent::Note(text) => self.print(|printer| printer.note(format_args!("  {text}"))),
            JobEvent::Warning(text) => self.print(|printer| printer.warning(text)),
            JobEvent::Training(event) => self.training(event),
            JobEvent::Prediction(progress) => self.prediction(progress),
            JobEvent::Pictures(progress) => self.pictures(progress),
            JobEvent::Fit(progress) => self.fits(progress),
            JobEvent::Predicted(summary) => self.predicted(summary),
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// One line for one row of `history.csv`.
fn epoch(record: &EpochRecord, best: bool) -> String {
    let mut text = format!(
        "epoch {} at step {}: loss {:.3}, accuracy {:.1} %",
        record.epoch,
        record.step,
        record.train_loss,
        record.train_accuracy * 100.0
    );
    if let (Some(loss), Some(accuracy)) = (record.validation_loss, record.validation_accuracy) {
        text += &format!("; validation loss {loss:.3}, accuracy {:.1} %", accuracy * 100.0);
        if best {
            text += " (best)";
        }
    }
    text
}

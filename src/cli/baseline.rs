//! `facies baseline`: what classifiers without deep learning reach.

use std::path::PathBuf;

use clap::ValueEnum;

use super::failure::Failure;
use super::interruption::interruption;
use super::printer::Printer;
use super::progress::Progress;
use super::quantity::grouped;
use super::table::Table;
use crate::analysis::BaselineRow;
use crate::analysis::shallow::Classifier;
use crate::job::{BaselineOptions, load_job, survey_baseline};
use crate::metrics::Scores;

/// Score classifiers without deep learning on the labels of a job: the table to beat
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  facies baseline my-job.yaml --voxels 4000 --models random_forest,extra_trees,dummy"
)]
pub(super) struct Arguments {
    /// Job file (YAML); its network and training are not used
    job: PathBuf,
    /// Change a value of the job, as in `patch.size=33`; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Most voxels of each of training, validation and test, spread evenly over the labels
    #[arg(long, value_name = "N", default_value_t = 4000, value_parser = voxels)]
    voxels: usize,
    /// Classifiers, in the order of the table; all if not given
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    models: Vec<Model>,
    /// Folder that holds the folders of runs; the table goes to NAME-baseline in it
    #[arg(long, value_name = "DIR", default_value = "runs")]
    output: PathBuf,
    /// Write the features of every voxel, too, for classifiers of your own
    #[arg(long)]
    features: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A classifier as a word on the command line.
#[derive(Clone, Copy, Debug)]
struct Model(Classifier);

impl ValueEnum for Model {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [Model; Classifier::ALL.len()] = {
            let mut all = [Model(Classifier::Dummy); Classifier::ALL.len()];
            let mut place = 0;
            while place < all.len() {
                all[place] = Model(Classifier::ALL[place]);
                place += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(self.0.name().into())
    }
}

fn voxels(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(voxels @ 10..=1_000_000) => Ok(voxels),
        _ => Err("a number from 10 to 1000000".into()),
    }
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    let loaded = load_job(&arguments.job, &arguments.set)?;
    let models = arguments.models.iter().map(|model| model.0);
    let options = BaselineOptions {
        classifiers: if arguments.models.is_empty() { Classifier::ALL.to_vec() } else { models.collect() },
        most_voxels: arguments.voxels,
        folder: arguments.output.join(format!("{}-baseline", loaded.job.name)),
        writes_features: arguments.features,
    };
    let interrupted = interruption();
    let mut progress = Progress::new(printer);
    let mut tell =
        |row: &BaselineRow| printer.note(format_args!("  {}: {:.1} s", row.classifier.name(), row.time.as_secs_f64()));
    let outcome = survey_baseline(&loaded, &options, &mut progress, &interrupted, &mut tell);
    drop(progress);
    let outcome = outcome?;
    if arguments.json {
        let rows = json(&outcome.held_out, &outcome.rows);
        let (features, leak, files) = (outcome.features, outcome.leak, &outcome.files);
        return Ok(printer.answer_json(&serde_json::json!({
            "features": features, "training_voxels": outcome.training_voxels, "leak": leak, "models": rows, "files": files,
        }))?);
    }
    let sets: Vec<&str> = outcome.held_out.iter().map(|(name, _)| *name).collect();
    printer.answer(table(&sets, &outcome.rows))?;
    let sizes: Vec<_> =
        outcome.held_out.iter().map(|(name, voxels)| format!("{} {name}", grouped(*voxels as u64))).collect();
    let training = grouped(outcome.training_voxels as u64);
    printer.note(format_args!("{} features; {training} training, {} voxels", outcome.features, sizes.join(", ")));
    if outcome.leak > 0 {
        let leak = grouped(outcome.leak);
        printer
            .warning(format_args!("{leak} test voxels see training voxels in their patch: these scores mean little"));
    }
    for file in &outcome.files {
        printer.answer(file.display())?;
    }
    Ok(())
}

fn table(sets: &[&str], rows: &[BaselineRow]) -> Table {
    let of_set =
        |set: &&str| ["accuracy", "balanced accuracy", "ROC AUC", "F1"].map(|score| format!("{score} ({set})"));
    let titles = std::iter::once("model".to_owned()).chain(sets.iter().flat_map(of_set)).chain(["seconds".to_owned()]);
    let mut table = Table::new(titles);
    for row in rows {
        let scores = row.scores.iter().flat_map(|scores| values(scores.as_ref()));
        let scores = scores.map(|value| value.map(|value| format!("{value:.3}")).unwrap_or_default());
        let name = row.classifier.name().to_owned();
        table.add(std::iter::once(name).chain(scores).chain([format!("{:.1}", row.time.as_secs_f64())]));
    }
    table
}

fn values(scores: Option<&Scores>) -> [Option<f64>; 4] {
    [
        scores.map(|scores| scores.accuracy),
        scores.map(|scores| scores.balanced_accuracy),
        scores.and_then(|scores| scores.roc_auc),
        scores.map(|scores| scores.macro_f1),
    ]
}

fn json(sets: &[(&'static str, usize)], rows: &[BaselineRow]) -> serde_json::Value {
    let row = |row: &BaselineRow| {
        let scores =
            sets.iter().zip(&row.scores).map(|((name, _), scores)| ((*name).to_owned(), serde_json::json!(scores)));
        let mut entry: serde_json::Map<_, _> = scores.collect();
        entry.insert("model".into(), row.classifier.name().into());
        entry.insert("seconds".into(), row.time.as_secs_f64().into());
        serde_json::Value::Object(entry)
    };
    rows.iter().map(row).collect()
}

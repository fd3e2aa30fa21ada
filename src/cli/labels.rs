//! `facies labels`: what the labels of a job say.

use std::path::PathBuf;

use super::failure::Failure;
use super::printer::Printer;
use super::progress::Progress;
use super::quantity::grouped;
use super::table::Table;
use crate::job::{LabelSurvey, load_job, survey_labels};

/// Count the labels of a job by class and use, and draw the labelled sections
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  facies labels my-job.yaml --figures label-pictures")]
pub(super) struct Arguments {
    /// Job file (YAML)
    job: PathBuf,
    /// Change a value of the job, as in `split=none`; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Folder for a picture of each labelled section
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    let loaded = load_job(&arguments.job, &arguments.set)?;
    let (survey, divides) = survey_labels(&loaded, arguments.figures.as_deref(), &mut Progress::new(printer))?;
    if arguments.json {
        printer.answer_json(&survey)?;
    } else {
        printer.answer(table(&survey))?;
        printer.answer(format_args!("labelled: {}", survey.sections.join(", ")))?;
        if let Some(leak) = survey.leak.filter(|&leak| leak > 0) {
            printer.warning(format_args!("{} test voxels see training voxels in their patch", grouped(leak)));
        }
        for figure in &survey.figures {
            printer.answer(figure.display())?;
        }
    }
    Ok(divides?)
}

fn table(survey: &LabelSurvey) -> Table {
    let mut table = Table::new(["code", "class", "color", "labelled", "train", "validation", "test"]);
    for class in &survey.classes {
        let [train, validation, test] = match class.divided {
            Some(counts) => counts.map(grouped),
            None => [const { String::new() }; 3],
        };
        let (code, color) = (class.code.to_string(), class.color.to_string());
        table.add([code, class.name.clone(), color, grouped(class.labelled), train, validation, test]);
    }
    table
}

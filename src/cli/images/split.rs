//! `facies images split`: pictures for training, validation and test.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::Serialize;

use crate::cli::failure::{Failure, UsageError};
use crate::cli::printer::Printer;
use crate::cli::quantity::counted;
use crate::cli::table::Table;
use crate::dataset::pictures::{
    PictureDivision, PictureFolder, PictureSplit, Shown, SplitBy, Transfer, UnreadablePicture, WrittenSet, divide,
    write_split,
};

/// Most unreadable pictures that are named one by one.
const MOST_NAMED: usize = 10;

/// Divide a folder of pictures into sets for training, validation and test
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  facies images split photographs --validation 10 --test 10\n  \
                        facies images split photographs --test 20 --by folds 5\n\n\
                        writes photographs_train, photographs_validation and photographs_test (with folds \
                        photographs_fold1_train, photographs_fold1_validation, ...), and photographs_split.csv, which says \
                        where each picture went.")]
pub(super) struct Arguments {
    /// Folder with one sub-folder of pictures for each class
    root: PathBuf,
    /// Per cent of each class that validates; 10 if not given, none with folds
    #[arg(long, value_name = "PERCENT")]
    validation: Option<f64>,
    /// Per cent of each class that tests
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0)]
    test: f64,
    /// What decides: `random` draws; `hash` keeps a picture in its set when others are added; `folds K` makes K pairs of
    /// folders, each of which validates on what the others train on
    #[arg(long, value_names = ["HOW", "K"], num_args = 1..=2, default_values = ["random"])]
    by: Vec<String>,
    /// Pictures that look the same, at whatever size or compression: keep them in one set, or only count them
    #[arg(long, value_enum, default_value_t = Alike::Together)]
    alike: Alike,
    /// Copy pictures; otherwise they get a second name (hard link), which takes no space
    #[arg(long)]
    copy: bool,
    /// Seed of the draw
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Replace sets that are there; what is in them is deleted
    #[arg(long)]
    overwrite: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Alike {
    Together,
    Count,
}

/// What was made, for programs.
#[derive(Serialize)]
struct Answer<'a> {
    classes: &'a [String],
    sets: Vec<SetAnswer<'a>>,
    list: PathBuf,
    alike: Vec<Vec<String>>,
    unreadable: Vec<String>,
    remarks: &'a [String],
}

#[derive(Serialize)]
struct SetAnswer<'a> {
    name: &'a str,
    path: &'a PathBuf,
    counts: &'a [usize],
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<(), Failure> {
    let by = split_by(&arguments.by)?;
    let folder = PictureFolder::scan(&arguments.root)?;
    let validation = arguments.validation.unwrap_or(if matches!(by, SplitBy::Folds(_)) { 0.0 } else { 10.0 });
    let options = PictureSplit {
        validation: validation / 100.0,
        test: arguments.test / 100.0,
        by,
        keep_alike_together: arguments.alike == Alike::Together,
        seed: arguments.seed,
    };
    let division = divide(&folder, &options)?;
    let transfer = if arguments.copy { Transfer::Copy } else { Transfer::Link };
    let (sets, list) = write_split(&folder, &division, transfer, arguments.overwrite)?;
    warn(&folder, &division, printer);
    if arguments.json {
        let name = |place: &usize| folder.name_of(&folder.pictures()[*place]);
        let answer = Answer {
            classes: folder.classes(),
            sets: sets.iter().map(|WrittenSet { name, path, counts }| SetAnswer { name, path, counts }).collect(),
            list,
            alike: division.alike.iter().map(|group| group.iter().map(name).collect()).collect(),
            unreadable: division.unreadable.iter().map(UnreadablePicture::to_string).collect(),
            remarks: &division.remarks,
        };
        return Ok(printer.answer_json(&answer)?);
    }
    printer.answer(table(&folder, &sets))?;
    for set in &sets {
        printer.answer(format_args!("{}: {}", Shown(&set.path), counted(set.counts.iter().sum(), "picture")))?;
    }
    Ok(printer.answer(format_args!("{}: where each picture went", Shown(&list)))?)
}

fn split_by(words: &[String]) -> Result<SplitBy, UsageError> {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["random"] => return Ok(SplitBy::Random),
        ["hash"] => return Ok(SplitBy::Hash),
        ["folds", count] => {
            if let Ok(count) = count.parse() {
                return Ok(SplitBy::Folds(count));
            }
        }
        _ => {}
    }
    Err(UsageError {
        message: format!("`--by {}` says nothing", words.join(" ")),
        help: "`--by random`, `--by hash` or, for 5 folds, `--by folds 5`; the folder stands before it".to_owned(),
    })
}

/// Says what was left out, or came out otherwise than one may think.
fn warn(folder: &PictureFolder, division: &PictureDivision, printer: &Printer) {
    for unreadable in division.unreadable.iter().take(MOST_NAMED) {
        printer.warning(format_args!("left out: {unreadable}"));
    }
    if division.unreadable.len() > MOST_NAMED {
        printer.warning(format_args!(
            "{} more cannot be read; the list names them",
            division.unreadable.len() - MOST_NAMED
        ));
    }
    for remark in &division.remarks {
        printer.warning(remark);
    }
    let is_apart = |group: &&Vec<usize>| group.iter().any(|&place| division.sets[place] != division.sets[group[0]]);
    let apart = division.alike.iter().filter(is_apart).count();
    if apart > 0 {
        printer.warning(format_args!(
            "{} of pictures that look the same lie in more than one set",
            counted(apart, "group")
        ));
    }
    if !division.alike.is_empty() {
        let pictures = division.alike.iter().map(Vec::len).sum::<usize>();
        printer.note(format_args!("{pictures} pictures look like others: {}", counted(division.alike.len(), "group")));
    }
    for (kind, count) in &division.kinds {
        printer.note(format_args!("{}: {kind}", counted(*count, "picture")));
    }
    for path in folder.passed_over() {
        printer.detail(format_args!("not looked at: {}", Shown(path)));
    }
}

fn table(folder: &PictureFolder, sets: &[WrittenSet]) -> Table {
    let mut table = Table::new(["class"].into_iter().chain(sets.iter().map(|set| set.name.as_str())));
    for (class, name) in folder.classes().iter().enumerate() {
        let name: String =
            name.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect();
        table.add([name].into_iter().chain(sets.iter().map(|set| set.counts[class].to_string())));
    }
    table
}

//! Point picks: text files with one position per line, as MalenoV and OpendTect write them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::code::{Code, code_of};
use super::point_line::{Point, parse_line};
use super::{LabelError, LabelReport, Labels, Placement};
use crate::grid::{ClassTable, Geometry, LineAxis, Section};

/// Which class the points of a file belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointClass {
    /// All to this one (`.pts`: one file per class).
    All(u8),
    /// Each to the code in its last column (`.ixz`), which is at least the fourth.
    LastColumn {
        /// Code of the first class: 0 or 1.
        base: u8,
    },
}

/// A point that lies on a voxel.
struct Pick {
    inline: usize,
    crossline: usize,
    sample: usize,
    code: u8,
}

/// The smallest and largest inline number, crossline number and position read.
struct Extent([[f64; 2]; 3]);

/// Adds the points of a text file to `labels`.
///
/// A line holds inline number, crossline number and time in ms or depth in m, separated by blanks; further columns are
/// ignored. What follows a `#` is a comment. Each point goes to the section with more points of this file, its inline
/// or its crossline.
///
/// # Errors
/// When the file cannot be read, a line is no point, a class does not exist, or no point lies on the survey. `labels`
/// is unchanged then.
pub fn read_points(
    path: &Path,
    class: PointClass,
    classes: &ClassTable,
    labels: &mut Labels,
) -> Result<LabelReport, LabelError> {
    if let PointClass::All(code) = class
        && classes.get(code).is_none()
    {
        return Err(LabelError::NoSuchClass { path: path.to_owned(), code, classes: classes.len() });
    }
    let mut report = LabelReport::new(path, "points");
    let mut picks = Vec::new();
    let mut extent = Extent([[f64::INFINITY, f64::NEG_INFINITY]; 3]);
    let geometry = labels.geometry().clone();
    for_each_line(path, |line, text| {
        let column = matches!(class, PointClass::LastColumn { .. });
        let Some(point) = parse_line(path, line, text, column)? else { return Ok(()) };
        report.read += 1;
        extent.include(&point);
        let code = match class {
            PointClass::All(code) => code,
            PointClass::LastColumn { base } => match code_of(point.code, base, classes) {
                Code::Class(code) => code,
                Code::None => {
                    report.unlabelled += 1;
                    return Ok(());
                }
                Code::Unknown => {
                    return Err(LabelError::UnknownCode {
                        path: path.to_owned(),
                        line,
                        column: point.code_column,
                        code: point.code,
                        classes: classes.len(),
                        base,
                    });
                }
            },
        };
        match locate(&geometry, &point) {
            Place::Voxel([inline, crossline, sample]) => picks.push(Pick { inline, crossline, sample, code }),
            Place::BetweenSamples => report.between_samples += 1,
            Place::Outside => report.off_survey += 1,
        }
        Ok(())
    })?;
    if report.read == 0 {
        return Err(LabelError::NoPoints { path: path.to_owned() });
    }
    if picks.is_empty() && report.unlabelled < report.read {
        return Err(LabelError::OffSurvey {
            path: path.to_owned(),
            points: report.read,
            extent: extent.describe(&geometry),
            survey: Extent::of(&geometry).describe(&geometry),
        });
    }
    report.add(place_all(&picks, labels)?, classes);
    Ok(report)
}

/// Hands the lines of a file to `take`, without their line ends and a byte-order mark, numbered from 1.
fn for_each_line(path: &Path, mut take: impl FnMut(u64, &[u8]) -> Result<(), LabelError>) -> Result<(), LabelError> {
    // A file without line ends must not be read into memory whole.
    const LONGEST_LINE: usize = 1 << 16;
    let io = |source| LabelError::Io { path: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(LabelError::NotAFile { path: path.to_owned() });
    }
    let mut reader = BufReader::new(File::open(path).map_err(io)?);
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let length = reader.by_ref().take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut text).map_err(io)?;
        if length == 0 {
            break;
        }
        if length > LONGEST_LINE {
            return Err(LabelError::BrokenLine {
                path: path.to_owned(),
                line,
                column: LONGEST_LINE,
                expected: "the end of the line",
                found: "more text".to_owned(),
            });
        }
        let mark = if line == 1 { b"\xEF\xBB\xBF".as_slice() } else { b"" };
        take(line, text.strip_prefix(mark).unwrap_or(&text))?;
    }
    Ok(())
}

enum Place {
    Voxel([usize; 3]),
    BetweenSamples,
    Outside,
}

fn locate(geometry: &Geometry, point: &Point) -> Place {
    let index = |axis: &LineAxis, number: f64| {
        let whole = number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX);
        if whole { axis.index(number as i32) } else { None }
    };
    let vertical = &geometry.vertical;
    let (Some(inline), Some(crossline)) =
        (index(&geometry.inline, point.inline), index(&geometry.crossline, point.crossline))
    else {
        return Place::Outside;
    };
    match vertical.index(point.position) {
        Some(sample) => Place::Voxel([inline, crossline, sample]),
        None if (vertical.start..=vertical.end()).contains(&point.position) => Place::BetweenSamples,
        None => Place::Outside,
    }
}

/// Puts every pick on its inline or its crossline, whichever holds more picks; where they hold equally many, on the
/// one that is labelled already, or else on the inline.
fn place_all(picks: &[Pick], labels: &mut Labels) -> Result<Placement, LabelError> {
    let [inlines, crosslines, _] = labels.geometry().shape();
    let (mut on_inline, mut on_crossline) = (vec![0u64; inlines], vec![0u64; crosslines]);
    for pick in picks {
        on_inline[pick.inline] += 1;
        on_crossline[pick.crossline] += 1;
    }
    let section = |pick: &Pick, labels: &Labels| {
        let (inline, crossline) = (Section::inline(pick.inline), Section::crossline(pick.crossline));
        let crossline_wins = match on_crossline[pick.crossline].cmp(&on_inline[pick.inline]) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => labels.is_open(crossline) && !labels.is_open(inline),
        };
        if crossline_wins { crossline } else { inline }
    };
    let sections: Vec<_> = picks.iter().map(|pick| section(pick, labels)).collect();
    let mut distinct = sections.clone();
    distinct.sort_unstable();
    distinct.dedup();
    labels.open(&distinct)?;
    let mut placement = Placement::default();
    for (pick, section) in picks.iter().zip(sections) {
        let trace = if section == Section::inline(pick.inline) { pick.crossline } else { pick.inline };
        labels.place(section, trace, pick.sample, pick.code, &mut placement);
    }
    Ok(placement)
}

impl Extent {
    /// From the first to the last line and sample of a survey.
    fn of(geometry: &Geometry) -> Self {
        let ends = |first: f64, last: f64| [first.min(last), first.max(last)];
        Self([
            ends(geometry.inline.first.into(), geometry.inline.last().into()),
            ends(geometry.crossline.first.into(), geometry.crossline.last().into()),
            ends(geometry.vertical.start, geometry.vertical.end()),
        ])
    }

    fn include(&mut self, point: &Point) {
        for (ends, value) in self.0.iter_mut().zip([point.inline, point.crossline, point.position]) {
            *ends = [ends[0].min(value), ends[1].max(value)];
        }
    }

    fn describe(&self, geometry: &Geometry) -> String {
        let [inline, crossline, position] = self.0.map(|[low, high]| format!("{low} to {high}"));
        let unit = geometry.vertical.domain.unit();
        format!("inlines {inline}, crosslines {crossline} and {position} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::grid::{Plane, UNLABELLED};
    use crate::labels::test_survey::{f3_labels, survey};

    fn classes() -> ClassTable {
        ClassTable::from_names(["shale", "sand"]).unwrap()
    }

    fn read(text: &[u8], class: PointClass, labels: &mut Labels) -> Result<LabelReport, LabelError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picks.pts");
        std::fs::write(&path, text).unwrap();
        read_points(&path, class, &classes(), labels)
    }

    #[test]
    fn every_point_is_accounted_for() {
        let mut labels = Labels::new(survey(10, 20, 30));
        let text = b"\xEF\xBB\xBF# picked by hand\r\n\
            103\t305\t40\t-13\r\n\
            103 306 44.0 # a comment\n\
            \n\
            103 305 40\n\
            103 305 42\n\
            103 305 0\n\
            103 305 124\n\
            99 305 40\n\
            103.5 305 40\n\
            103 320 40\n\
            103 3e9 40\n\
            +103 307 48";
        let report = read(text, PointClass::All(1), &mut labels).unwrap();
        assert_eq!((report.read, report.used, report.duplicates), (11, 3, 1));
        assert_eq!((report.between_samples, report.off_survey), (1, 6));
        assert_eq!(labels.sections(Plane::Inline), [Section::inline(3)]);
        assert_eq!(labels.code([3, 5, 9]), Some(1));
        assert_eq!(labels.code([3, 6, 10]), Some(1));
        assert_eq!(labels.code([3, 7, 11]), Some(1));
        let said = report.to_string();
        assert!(said.contains("6 of 11 points lie off the survey"), "{said}");
        assert!(said.contains("1 of 11 points lie between two samples"), "{said}");
    }

    #[test]
    fn classes_come_from_the_last_column_and_contradictions_leave_the_earlier_label() {
        let mut labels = Labels::new(survey(10, 20, 30));
        let text = b"103 305 40 1\n103 306 40 2\n103 306 40 1\n103 307 40 0\n";
        let report = read(text, PointClass::LastColumn { base: 1 }, &mut labels).unwrap();
        assert_eq!((report.used, report.unlabelled, report.conflicts), (2, 1, 1));
        assert_eq!([labels.code([3, 5, 9]), labels.code([3, 6, 9]), labels.code([3, 7, 9])], [Some(0), Some(1), None]);
        let said = report.to_string();
        let expected = "1 points contradict earlier labels, which stay; the first at inline 103, crossline 306, \
                        40: `sand` kept, `shale` refused";
        assert!(said.contains(expected), "{said}");
        assert!(said.contains("shale 1, sand 1"), "{said}");
    }

    #[test]
    fn a_cross_of_points_becomes_one_inline_and_one_crossline() {
        let mut text = String::new();
        for k in 0..20 {
            text += &format!("104 {} 40\n", 300 + k);
        }
        for k in 0..10 {
            text += &format!("{} 307 40\n{} 307 44\n", 100 + k, 100 + k);
        }
        let mut labels = Labels::new(survey(10, 20, 30));
        let report = read(text.as_bytes(), PointClass::All(0), &mut labels).unwrap();
        assert_eq!(labels.sections(Plane::Inline), [Section::inline(4)]);
        assert_eq!(labels.sections(Plane::Crossline), [Section::crossline(7)]);
        assert_eq!((report.read, report.used, report.duplicates), (40, 39, 1));
        let inline = labels.section(Section::inline(4)).unwrap();
        assert_eq!(inline.iter().filter(|&&code| code != UNLABELLED).count(), 21);
    }

    #[test]
    fn broken_files_are_refused_with_line_and_column_and_leave_the_labels_alone() {
        let fixed = PointClass::All(0);
        let last = PointClass::LastColumn { base: 0 };
        let long = [b"103 305 40\n".as_slice(), &[b' '; 70_000]].concat();
        for (text, class, expected) in [
            (b"103 305 40\n103 x05 40\n".as_slice(), fixed, "picks.pts:2:5: a crossline number expected, found `x05`"),
            (b"103 305\n", fixed, "picks.pts:1:8: a time or depth expected, found the end of the line"),
            (b"inline crossline time\n", fixed, "picks.pts:1:1: an inline number expected, found `inline`"),
            (b"103 305 NaN\n", fixed, "picks.pts:1:9: a time or depth expected, found `NaN`"),
            (b"103 305 1e999\n", fixed, "picks.pts:1:9: a time or depth expected, found `1e999`"),
            (b"\x89PNG\r\n\x1a\n", fixed, "picks.pts:1:1: an inline number expected, found `\u{fffd}PNG`"),
            (b"103 305 40\n", last, "picks.pts:1:11: a class code expected, found the end of the line"),
            (b"103 305 40 0.5\n", last, "picks.pts:1:12: a class code expected, found `0.5`"),
            (b"103 305 40 7 2\n", last, "picks.pts:1:14: class 2 does not exist"),
            (b"# nothing\n", fixed, "holds no point"),
            (b"103 305 40\n", PointClass::All(2), "class 2 does not exist"),
            (b"1 2 3\n5 6 4\n", fixed, "none of the 2 points"),
            (&long, fixed, "picks.pts:2:65536: the end of the line expected"),
        ] {
            let mut labels = Labels::new(survey(10, 20, 30));
            let refused = read(text, class, &mut labels).unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}\nwithout\n{expected}");
            assert!(labels.sections(Plane::Inline).is_empty());
        }
        let mut labels = Labels::new(survey(10, 20, 30));
        let refused = read(b"1 2 3\n5 6 4\n", fixed, &mut labels).unwrap_err().to_string();
        assert!(refused.contains("they span inlines 1 to 5, crosslines 2 to 6 and 3 to 4 ms, the survey"), "{refused}");
        assert!(refused.ends_with("inlines 100 to 109, crosslines 300 to 319 and 4 to 120 ms"), "{refused}");
        let folder = read_points(&std::env::temp_dir(), fixed, &classes(), &mut labels);
        assert!(matches!(folder, Err(LabelError::NotAFile { .. })));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader_and_the_account_always_adds_up(
            lines in prop::collection::vec(
                "(10[0-9]|99|-5|1e2|x)[ \t](30[0-9]|3[0-9.]{2})[ \t]([0-9]{1,3}|nan)( [0-3]| #)?", 0..12
            ),
            noise in prop::collection::vec(any::<u8>(), 0..40),
            coded in any::<bool>(),
            noisy in prop::bool::weighted(0.2),
        ) {
            let mut text = lines.join("\n").into_bytes();
            if noisy {
                text.extend(noise);
            }
            let class = if coded { PointClass::LastColumn { base: 1 } } else { PointClass::All(1) };
            let mut labels = Labels::new(survey(10, 10, 20));
            if let Ok(report) = read(&text, class, &mut labels) {
                let left_out = report.unlabelled + report.off_survey + report.between_samples;
                prop_assert_eq!(report.read, report.used + left_out + report.duplicates + report.conflicts);
                prop_assert_eq!(report.used, labels.class_counts(2).iter().sum::<u64>());
            } else {
                prop_assert!(labels.sections(Plane::Inline).is_empty());
            }
        }
    }

    #[test]
    fn the_f3_interpretation_is_read_point_for_point() {
        let Some((labels, reports)) = f3_labels() else { return };
        let expected = [20_070, 18_257, 13_366, 13_283, 17_991, 19_010, 21_433, 7_499, 10_202];
        assert_eq!(labels.class_counts(9), expected);
        for (report, expected) in reports.iter().zip(expected) {
            assert_eq!((report.read, report.used), (expected, expected), "{report}");
            assert_eq!(report.warnings(), [""; 0]);
        }
        assert_eq!(labels.sections(Plane::Inline), [Section::inline(0)]);
        assert!(labels.sections(Plane::Crossline).is_empty());
        // The first points of `else` and `grizzly`: 716 ms is sample 178, 1272 ms sample 317 (counted from 0).
        assert_eq!(labels.code([0, 30, 178]), Some(0));
        assert_eq!(labels.code([0, 0, 317]), Some(1));
    }
}

//! What `facies inspect` tells about a SEG-Y cube, for programs (`Serialize`) and for people (`Display`).

use std::fmt;

use segy_rs::{Endian, Sorting};
use serde::Serialize;

use super::{AmplitudeStatistics, Measurement, SegyVolume, Volume};
use crate::grid::{Affine, Geometry, LineAxis};

/// Everything worth knowing before a cube is used. Serialised, this is the answer of `facies inspect --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    /// The file.
    pub path: String,
    /// Revision of the standard that the file declares, `major.minor`.
    pub revision: String,
    /// Code and name of the sample format.
    pub sample_format: String,
    /// `big` or `little`.
    pub endian: &'static str,
    /// Traces in the file.
    pub traces: u64,
    /// Traces that hold a finite sample other than 0.
    pub live_traces: u64,
    /// Crossings of inlines and crosslines without a trace.
    pub missing_traces: u64,
    /// Traces left out because another one lies at the same crossing.
    pub duplicate_traces: u64,
    /// Samples of a trace.
    pub samples: usize,
    /// Sample interval in µs (in depth: mm).
    pub interval_us: f64,
    /// Position of the first sample in ms (in depth: m).
    pub start_ms: f64,
    /// Inline numbers and where they were read.
    pub inline: LineInspection,
    /// Crossline numbers and where they were read.
    pub crossline: LineInspection,
    /// Where X coordinates were read.
    pub x: FieldInspection,
    /// Where Y coordinates were read.
    pub y: FieldInspection,
    /// Coordinate scalar of the first trace (bytes 71-72).
    pub scalar: i16,
    /// `inline`, `crossline` or `irregular`: the order of the traces in the file.
    pub sorting: &'static str,
    /// Amplitudes of the existing traces.
    pub amplitude: AmplitudeStatistics,
    /// What is odd about the file.
    pub warnings: Vec<String>,
    #[serde(skip)]
    geometry: Geometry,
    /// Largest distance of a trace from the regular map grid.
    #[serde(skip)]
    largest_residual: Option<f64>,
}

/// Line numbers, and the trace header byte at which they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LineInspection {
    /// Smallest number.
    pub first: i32,
    /// Largest number.
    pub last: i32,
    /// Distance of neighbouring numbers.
    pub step: i32,
    /// How many lines.
    pub count: usize,
    /// First byte of the field, 1 to 237.
    pub byte: u16,
}

/// The trace header byte at which a field begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FieldInspection {
    /// First byte of the field, 1 to 237.
    pub byte: u16,
}

impl Inspection {
    /// Puts together what is known of `volume` and what [`measure`](super::measure) found in it.
    pub fn new(volume: &SegyVolume, measurement: &Measurement) -> Self {
        let (file, survey, geometry) = (volume.file(), volume.file().survey(), volume.geometry());
        let line = |axis: &LineAxis, byte| LineInspection {
            first: axis.first,
            last: axis.last(),
            step: axis.step,
            count: axis.count,
            byte,
        };
        let (major, minor) = file.revision();
        Self {
            path: volume.name(),
            revision: format!("{major}.{minor}"),
            sample_format: file.format().to_string(),
            endian: match file.endian() {
                Endian::Big => "big",
                Endian::Little => "little",
            },
            traces: file.trace_count(),
            live_traces: measurement.live_traces.count() as u64,
            missing_traces: survey.missing,
            duplicate_traces: survey.duplicates,
            samples: file.samples(),
            interval_us: file.interval_us(),
            start_ms: file.start_ms(),
            inline: line(&geometry.inline, survey.bytes.inline),
            crossline: line(&geometry.crossline, survey.bytes.crossline),
            x: FieldInspection { byte: survey.bytes.x },
            y: FieldInspection { byte: survey.bytes.y },
            scalar: file.index().scalar().first().copied().unwrap_or(0),
            sorting: match survey.sorting {
                Sorting::Inline => "inline",
                Sorting::Crossline => "crossline",
                Sorting::Irregular => "irregular",
            },
            amplitude: measurement.statistics,
            warnings: volume.warnings().to_vec(),
            geometry: geometry.clone(),
            largest_residual: volume.coordinates().map(|fit| fit.largest_residual),
        }
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amplitude = &self.amplitude;
        let vertical = &self.geometry.vertical;
        let unit = vertical.domain.unit();
        writeln!(f, "{}", self.path)?;
        writeln!(
            f,
            "  format      SEG-Y revision {}, sample format {}, {} endian",
            self.revision, self.sample_format, self.endian
        )?;
        writeln!(f, "  inlines     {}", self.inline)?;
        writeln!(f, "  crosslines  {}", self.crossline)?;
        writeln!(
            f,
            "  samples     {}, {} {} to {} {unit}, step {} {unit}",
            self.samples,
            vertical.domain.title(),
            vertical.start,
            vertical.end(),
            vertical.step
        )?;
        write!(f, "  traces      {}, {} live, order {}", self.traces, self.live_traces, self.sorting)?;
        for (count, what) in [(self.missing_traces, "missing"), (self.duplicate_traces, "duplicate")] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        writeln!(f)?;
        match &self.geometry.xy_from_grid {
            Some(xy_from_grid) => self.fmt_map(f, xy_from_grid)?,
            None => {
                writeln!(f, "  map         no usable coordinates (X byte {}, Y byte {})", self.x.byte, self.y.byte)?
            }
        }
        writeln!(
            f,
            "  amplitude   {} to {}, mean {:.6}, deviation {:.6}",
            amplitude.min, amplitude.max, amplitude.mean, amplitude.std
        )?;
        writeln!(
            f,
            "  percentiles 1 %: {}   5 %: {}   50 %: {}   95 %: {}   99 %: {}",
            amplitude.p01, amplitude.p05, amplitude.p50, amplitude.p95, amplitude.p99
        )?;
        write!(
            f,
            "  of {} samples {} are zero and {} not finite",
            amplitude.samples, amplitude.zeros, amplitude.nonfinite
        )?;
        for warning in &self.warnings {
            write!(f, "\n  warning: {warning}")?;
        }
        Ok(())
    }
}

impl Inspection {
    fn fmt_map(&self, f: &mut fmt::Formatter<'_>, xy_from_grid: &Affine) -> fmt::Result {
        let [inlines, crosslines, _] = self.geometry.shape();
        let ends = [(0, 0), (inlines - 1, 0), (0, crosslines - 1), (inlines - 1, crosslines - 1)];
        let corners = ends.map(|(i, j)| xy_from_grid.xy(i, j));
        let extent = |axis: usize| {
            let values = corners.map(|corner| corner[axis]);
            let (least, most) =
                (values.into_iter().fold(f64::MAX, f64::min), values.into_iter().fold(f64::MIN, f64::max));
            format!("{least:.1} to {most:.1}")
        };
        writeln!(
            f,
            "  map         X {} (byte {}), Y {} (byte {}), scalar {}",
            extent(0),
            self.x.byte,
            extent(1),
            self.y.byte,
            self.scalar
        )?;
        let length = |[x, y]: [f64; 2]| x.hypot(y);
        let bins = [
            (length(xy_from_grid.per_inline), "between inlines"),
            (length(xy_from_grid.per_crossline), "between crosslines"),
        ];
        let known: Vec<String> = bins
            .into_iter()
            .filter(|(length, _)| *length > 0.0)
            .map(|(length, what)| format!("{length:.2} {what}"))
            .collect();
        let residual = self.largest_residual.unwrap_or(0.0);
        let bin = if known.is_empty() { "one trace only".to_owned() } else { known.join(", ") };
        writeln!(f, "  bin         {bin}; traces lie within {residual:.2} of the regular grid")
    }
}

impl fmt::Display for LineInspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last, step, count, byte } = self;
        write!(f, "{count}, {first} to {last} step {step} (byte {byte})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::synthetic::{SyntheticOptions, write};
    use crate::volume::{SegyVolumeOptions, measure};

    fn inspection() -> Inspection {
        let folder = tempfile::tempdir().unwrap();
        let options = SyntheticOptions { inlines: 8, crosslines: 64, samples: 64, ..SyntheticOptions::default() };
        let files = write(&options, &folder.path().join("cube.sgy")).unwrap();
        let volume = SegyVolume::open(&files.truth, &SegyVolumeOptions::default()).unwrap();
        let measurement = measure(&volume).unwrap();
        Inspection { path: "cube.sgy".to_owned(), ..Inspection::new(&volume, &measurement) }
    }

    #[test]
    fn programs_find_every_field_under_its_agreed_name() {
        let answer = serde_json::to_value(inspection()).unwrap();
        let names = |value: &serde_json::Value| {
            let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
            names.sort();
            names.join(" ")
        };
        assert_eq!(
            names(&answer),
            "amplitude crossline duplicate_traces endian inline interval_us live_traces missing_traces path revision \
             sample_format samples scalar sorting start_ms traces warnings x y"
        );
        assert_eq!(names(&answer["amplitude"]), "max mean min nonfinite p01 p05 p50 p95 p99 std zeros");
        for line in ["inline", "crossline"] {
            assert_eq!(names(&answer[line]), "byte count first last step");
        }
        assert_eq!((names(&answer["x"]), names(&answer["y"])), ("byte".to_owned(), "byte".to_owned()));
        for (field, value) in [
            ("sample_format", serde_json::json!("8 (8-bit integer)")),
            ("endian", serde_json::json!("big")),
            ("traces", serde_json::json!(512)),
            ("live_traces", serde_json::json!(512)),
            ("interval_us", serde_json::json!(4000.0)),
            ("scalar", serde_json::json!(-100)),
            ("sorting", serde_json::json!("inline")),
        ] {
            assert_eq!(answer[field], value, "{field}");
        }
    }

    #[test]
    fn people_read_frame_bytes_map_and_amplitudes() {
        let text = inspection().to_string();
        for part in [
            "inlines     8, 100 to 107 step 1 (byte 189)",
            "crosslines  64, 300 to 363 step 1 (byte 193)",
            "64, two-way time 0 to 252 ms, step 4 ms",
            "(byte 181)",
            "25.00 between inlines, 25.00 between crosslines",
            "of 32768 samples 0 are zero and 0 not finite",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn amplitudes_that_do_not_exist_are_null() {
        let mut inspection = inspection();
        inspection.amplitude.mean = f64::NAN;
        inspection.amplitude.p50 = f32::NAN;
        let answer = serde_json::to_value(inspection).unwrap();
        assert!(answer["amplitude"]["mean"].is_null() && answer["amplitude"]["p50"].is_null());
    }
}

//! Cubes in SEG-Y files.

use std::path::Path;

use ndarray::{Array2, ArrayViewMut2};
use segy_rs::{OpenOptions, SegyFile, Sorting};

use super::coordinates::{CoordinateFit, fit_coordinates};
use super::interface::{check_section, check_time_slice};
use super::{Volume, VolumeError};
use crate::grid::{Domain, Geometry, LineAxis, Plane, Section, VerticalAxis};

/// Header bytes 89-90: these units are angles.
const ANGULAR_UNITS: std::ops::RangeInclusive<i16> = 2..=4;

/// How a SEG-Y cube is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct SegyVolumeOptions {
    /// Header bytes, sample format, vertical axis and duplicates, each found out from the file where not given.
    pub file: OpenOptions,
    /// What the vertical axis measures; SEG-Y files do not say. In depth the interval fields of the headers hold
    /// millimetres and the start of the trace metres (and so do `file.interval_us` and `file.start_ms`): a common habit,
    /// since the fields are integers and the standard defines them for time only.
    pub domain: Domain,
}

impl Default for SegyVolumeOptions {
    fn default() -> Self {
        Self { file: OpenOptions::default(), domain: Domain::Time }
    }
}

/// A cube in a SEG-Y file, read on demand.
#[derive(Debug)]
pub struct SegyVolume {
    file: SegyFile,
    geometry: Geometry,
    coordinates: Option<CoordinateFit>,
    warnings: Vec<String>,
}

impl SegyVolume {
    /// Opens a file and finds its frame: line numbers, vertical axis, and the map position that fits its coordinates.
    ///
    /// # Errors
    /// When the file cannot be read, is not SEG-Y, or does not say how its traces lie.
    pub fn open(path: impl AsRef<Path>, options: &SegyVolumeOptions) -> Result<Self, VolumeError> {
        let file = SegyFile::open(path, &options.file)?;
        let mut warnings: Vec<String> = file.warnings().iter().map(ToString::to_string).collect();
        let coordinates = fit_coordinates(file.survey(), file.index());
        if let Some(fit) = &coordinates {
            warnings.extend(fit.warning());
            let unit = file.trace_header(0)?.get_i16(89);
            if ANGULAR_UNITS.contains(&unit) {
                warnings.push(format!("the coordinates are angles, not lengths (bytes 89-90 hold {unit})"));
            }
        }
        let survey = file.survey();
        let line = |numbers: &segy_rs::LineNumbers| LineAxis {
            first: numbers.first,
            step: numbers.step,
            count: numbers.count,
        };
        let geometry = Geometry {
            inline: line(&survey.inline),
            crossline: line(&survey.crossline),
            vertical: VerticalAxis {
                domain: options.domain,
                start: file.start_ms(),
                step: file.interval_us() / 1000.0,
                count: file.samples(),
            },
            xy_from_grid: coordinates.as_ref().filter(|fit| fit.is_regular()).map(|fit| fit.xy_from_grid),
        };
        Ok(Self { file, geometry, coordinates, warnings })
    }

    /// The opened file.
    pub fn file(&self) -> &SegyFile {
        &self.file
    }

    /// The regular map grid that comes nearest to the trace coordinates, where the headers hold any.
    pub fn coordinates(&self) -> Option<&CoordinateFit> {
        self.coordinates.as_ref()
    }

    /// What is odd about the file, one sentence each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl Volume for SegyVolume {
    fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    fn name(&self) -> String {
        self.file.path().display().to_string()
    }

    fn has_trace(&self, inline_index: usize, crossline_index: usize) -> bool {
        self.file.survey().trace_at(inline_index, crossline_index).is_some()
    }

    fn read_section(&self, section: Section, out: ArrayViewMut2<'_, f32>) -> Result<(), VolumeError> {
        check_section(&self.geometry, section, out.dim())?;
        read_contiguous(out, |values| match section.plane {
            Plane::Inline => self.file.read_inline(section.index, values),
            Plane::Crossline => self.file.read_crossline(section.index, values),
        })
    }

    fn read_time_slice(&self, sample: usize, out: ArrayViewMut2<'_, f32>) -> Result<(), VolumeError> {
        check_time_slice(&self.geometry, sample, out.dim())?;
        read_contiguous(out, |values| self.file.read_time_slice(sample, values))
    }

    fn storage_plane(&self) -> Plane {
        match self.file.survey().sorting {
            Sorting::Crossline => Plane::Crossline,
            // A file with one crossline is sorted both ways; better one long section than many of one trace.
            Sorting::Inline if self.geometry.crossline.count == 1 => Plane::Crossline,
            Sorting::Inline | Sorting::Irregular => Plane::Inline,
        }
    }

    fn segy(&self) -> Option<&SegyFile> {
        Some(&self.file)
    }
}

/// Lets `read` fill `out` directly where its rows follow each other in memory, and through a copy where they do not.
fn read_contiguous(
    mut out: ArrayViewMut2<'_, f32>,
    read: impl Fn(&mut [f32]) -> Result<(), segy_rs::SegyError>,
) -> Result<(), VolumeError> {
    if let Some(values) = out.as_slice_mut() {
        return Ok(read(values)?);
    }
    let mut copy = Array2::zeros(out.dim());
    if let Some(values) = copy.as_slice_mut() {
        read(values)?;
    }
    out.assign(&copy);
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, s};
    use segy_rs::{CubeSpec, LineNumbers, MapGrid, SampleFormat, TextEncoding, write_cube};

    use super::*;

    fn spec() -> CubeSpec {
        CubeSpec {
            inline: LineNumbers { first: 200, step: 2, count: 3 },
            crossline: LineNumbers { first: 710, step: 5, count: 4 },
            samples: 6,
            interval_us: 2000,
            start_ms: 1204,
            map: Some(MapGrid {
                origin: [4000.0, 9000.0],
                per_inline: [0.0, 25.0],
                per_crossline: [12.5, 0.0],
                scalar: -10,
            }),
            format: SampleFormat::Float32,
            text: Vec::new(),
            encoding: TextEncoding::Ascii,
        }
    }

    fn write_to(folder: &Path, spec: &CubeSpec) -> std::path::PathBuf {
        let path = folder.join("cube.sgy");
        let fill = |i: usize, j: usize, samples: &mut [f32]| {
            samples.iter_mut().enumerate().for_each(|(k, sample)| *sample = (100 * i + 10 * j + k) as f32);
        };
        write_cube(&path, spec, fill).unwrap();
        path
    }

    #[test]
    fn frame_sections_and_slices_are_those_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let volume = SegyVolume::open(write_to(folder.path(), &spec()), &SegyVolumeOptions::default()).unwrap();
        let geometry = volume.geometry();
        assert_eq!(geometry.inline, LineAxis { first: 200, step: 2, count: 3 });
        assert_eq!(geometry.crossline, LineAxis { first: 710, step: 5, count: 4 });
        let vertical = VerticalAxis { domain: Domain::Time, start: 1204.0, step: 2.0, count: 6 };
        assert_eq!(geometry.vertical, vertical);
        let xy = geometry.xy_from_grid.unwrap().xy(2, 3);
        assert!((xy[0] - 4037.5).abs() < 1e-6 && (xy[1] - 9050.0).abs() < 1e-6);

        let whole = Array3::from_shape_fn((3, 4, 6), |(i, j, k)| (100 * i + 10 * j + k) as f32);
        // A view into a larger array has gaps between its rows.
        let mut wide = Array2::zeros((8, 8));
        volume.read_section(Section::inline(2), wide.slice_mut(s![..4, ..6])).unwrap();
        assert_eq!(wide.slice(s![..4, ..6]), whole.index_axis(ndarray::Axis(0), 2));
        let mut crossline = Array2::zeros((3, 6));
        volume.read_section(Section::crossline(1), crossline.view_mut()).unwrap();
        assert_eq!(crossline, whole.index_axis(ndarray::Axis(1), 1));
        let mut slice = Array2::zeros((3, 4));
        volume.read_time_slice(5, slice.view_mut()).unwrap();
        assert_eq!(slice, whole.index_axis(ndarray::Axis(2), 5));
        assert!(volume.read_section(Section::inline(3), wide.slice_mut(s![..4, ..6])).is_err());
        assert!(volume.read_section(Section::crossline(0), wide.slice_mut(s![..4, ..6])).is_err());
    }

    #[test]
    fn depth_takes_the_same_fields_as_metres() {
        let folder = tempfile::tempdir().unwrap();
        let path = write_to(folder.path(), &CubeSpec { interval_us: 5000, start_ms: -20, ..spec() });
        let depth = |file: OpenOptions| {
            SegyVolume::open(&path, &SegyVolumeOptions { file, domain: Domain::Depth }).unwrap().geometry.vertical
        };
        let expected = VerticalAxis { domain: Domain::Depth, start: -20.0, step: 5.0, count: 6 };
        assert_eq!(depth(OpenOptions::default()), expected);
        let given = OpenOptions { interval_us: Some(12_500.0), start_ms: Some(0.5), ..OpenOptions::default() };
        assert_eq!(depth(given), VerticalAxis { start: 0.5, step: 12.5, ..expected });
    }

    #[test]
    fn coordinates_are_left_out_where_there_are_none_or_they_form_no_grid() {
        let folder = tempfile::tempdir().unwrap();
        let path = write_to(folder.path(), &CubeSpec { map: None, ..spec() });
        let volume = SegyVolume::open(&path, &SegyVolumeOptions::default()).unwrap();
        assert_eq!((volume.geometry().xy_from_grid, volume.coordinates()), (None, None));
        assert_eq!(volume.warnings(), ["the trace headers hold no coordinates"]);

        let path = write_to(folder.path(), &spec());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[3600 + 4 * (240 + 24) + 180] = 1; // X of the fifth trace, 2^24 / 10 m off.
        std::fs::write(&path, bytes).unwrap();
        let volume = SegyVolume::open(&path, &SegyVolumeOptions::default()).unwrap();
        assert_eq!(volume.geometry().xy_from_grid, None);
        assert!(volume.warnings()[0].contains("inline 202, crossline 710 lies"), "{:?}", volume.warnings());
    }
}

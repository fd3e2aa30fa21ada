//! Writing a synthetic cube: the seismic, the interpretation of one line, and the truth to score against.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use ndarray::ArrayView1;
use rayon::prelude::*;
use segy_rs::{CubeSpec, LineNumbers, MapGrid, SampleFormat, SegyWriter, TextEncoding};

use super::{Facies, SyntheticCube, SyntheticError, SyntheticOptions, SyntheticSection};
use crate::grid::{ClassTable, LineAxis, volume_code};

/// Coordinates are stored as whole centimetres.
const COORDINATE_SCALAR: i16 = -100;

/// The files that make up a synthetic data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntheticFiles {
    /// The seismic: SEG-Y, 16-bit integers.
    pub volume: PathBuf,
    /// The interpretation of one inline: an indexed PNG, palette index = class code, crosslines across, samples down.
    pub labels: PathBuf,
    /// The class of every voxel: SEG-Y, 8-bit integers, class code + 1.
    pub truth: PathBuf,
}

impl SyntheticFiles {
    /// The names of a data set whose seismic is `volume`: `cube.sgy` is joined by `inline_125.png` and `cube_truth.sgy`.
    pub fn beside(volume: &Path, options: &SyntheticOptions) -> Self {
        let mut truth = volume.file_stem().unwrap_or_default().to_owned();
        truth.push("_truth.sgy");
        Self {
            volume: volume.to_owned(),
            labels: volume.with_file_name(format!("inline_{}.png", options.labelled_inline())),
            truth: volume.with_file_name(truth),
        }
    }
}

/// Makes the cube that `options` ask for and writes it as `volume`, with its labels and truth beside it.
///
/// All three appear under their names only when all are complete; files of these names are replaced.
///
/// # Errors
/// When the options are out of range or a file cannot be written.
pub fn write(options: &SyntheticOptions, volume: &Path) -> Result<SyntheticFiles, SyntheticError> {
    let cube = SyntheticCube::new(options.clone())?;
    let files = SyntheticFiles::beside(volume, options);
    let partial = Partial::new(&files)?;
    let classes = Facies::class_table();

    let spec = cube_spec(options);
    let seismic = CubeSpec { text: seismic_text(options), format: SampleFormat::Int16, ..spec.clone() };
    let truth = CubeSpec { text: truth_text(options, &classes), format: SampleFormat::Int8, ..spec };
    let traces = options.inlines as u64 * options.crosslines as u64;
    let create = |path: &Path, spec: &CubeSpec| {
        SegyWriter::create(path, &spec.file_headers(), spec.samples, traces, spec.format)
    };
    let writers = [create(&partial.volume, &seismic)?, create(&partial.truth, &truth)?];
    (0..options.inlines).into_par_iter().try_for_each(|inline| {
        let section = cube.inline(inline);
        (0..options.crosslines).try_for_each(|crossline| {
            let header = seismic.trace_header(&files.volume, inline, crossline)?;
            let trace = (inline * options.crosslines + crossline) as u64;
            writers[0].write_trace(trace, &header, &section.amplitudes.row(crossline).to_vec())?;
            writers[1].write_trace(trace, &header, &volume_codes(section.codes.row(crossline)))
        })
    })?;
    for writer in writers {
        writer.finish()?;
    }

    let labelled = options.label_index();
    write_labels(&partial.labels, &cube.inline(labelled), &classes)
        .map_err(|source| SyntheticError::Io { path: files.labels.clone(), source })?;
    partial.rename(&files)?;
    Ok(files)
}

/// Class codes as a volume holds them.
fn volume_codes(codes: ArrayView1<'_, u8>) -> Vec<f32> {
    codes.iter().map(|&code| f32::from(volume_code(code))).collect()
}

fn cube_spec(options: &SyntheticOptions) -> CubeSpec {
    let geometry = options.geometry();
    let line = |axis: LineAxis| LineNumbers { first: axis.first, step: axis.step, count: axis.count };
    let map = |xy: crate::grid::Affine| MapGrid {
        origin: xy.origin,
        per_inline: xy.per_inline,
        per_crossline: xy.per_crossline,
        scalar: COORDINATE_SCALAR,
    };
    CubeSpec {
        inline: line(geometry.inline),
        crossline: line(geometry.crossline),
        samples: options.samples,
        interval_us: (options.interval_ms * 1000.0) as u16,
        start_ms: 0,
        map: geometry.xy_from_grid.map(map),
        format: SampleFormat::Int16,
        text: Vec::new(),
        encoding: TextEncoding::Ebcdic,
    }
}

fn seismic_text(options: &SyntheticOptions) -> Vec<String> {
    let mut lines = vec!["SYNTHETIC SEISMIC WITH KNOWN FACIES".to_owned()];
    lines.extend(common_text(options));
    lines
}

fn truth_text(options: &SyntheticOptions, classes: &ClassTable) -> Vec<String> {
    let mut lines = vec!["TRUE FACIES OF A SYNTHETIC SEISMIC CUBE, VALUE = CLASS".to_owned()];
    lines.extend(common_text(options));
    lines.extend(classes.iter().enumerate().map(|(code, class)| format!("{} = {}", code + 1, class.name)));
    lines
}

fn common_text(options: &SyntheticOptions) -> [String; 3] {
    let geometry = options.geometry();
    [
        format!(
            "INLINES {}-{} BYTES 189-192, CROSSLINES {}-{} BYTES 193-196",
            geometry.inline.first,
            geometry.inline.last(),
            geometry.crossline.first,
            geometry.crossline.last()
        ),
        format!("X BYTES 181-184, Y BYTES 185-188, SCALAR {COORDINATE_SCALAR}, METRES, NO REAL PLACE"),
        format!("MADE BY FACIES SYNTH, SEED {}", options.seed),
    ]
}

fn write_labels(path: &Path, section: &SyntheticSection, classes: &ClassTable) -> io::Result<()> {
    let (width, height) = section.codes.dim();
    let file = File::create(path)?;
    // Both are at most 20,000, see `SyntheticOptions::check`.
    let mut encoder = png::Encoder::new(BufWriter::new(&file), width as u32, height as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(classes.iter().flat_map(|class| class.color.0).collect::<Vec<u8>>());
    let mut writer = encoder.write_header()?;
    let pixels: Vec<u8> = section.codes.t().iter().copied().collect();
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    file.sync_all()
}

/// The files under work, hidden beside the finished ones; removed when dropped.
struct Partial {
    volume: PathBuf,
    labels: PathBuf,
    truth: PathBuf,
}

impl Partial {
    fn new(files: &SyntheticFiles) -> Result<Self, SyntheticError> {
        let hidden = |path: &Path| {
            let name = path.file_name().ok_or_else(|| SyntheticError::NoFileName { path: files.volume.clone() })?;
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}.partial", std::process::id()));
            Ok::<_, SyntheticError>(path.with_file_name(hidden))
        };
        Ok(Self { volume: hidden(&files.volume)?, labels: hidden(&files.labels)?, truth: hidden(&files.truth)? })
    }

    fn rename(&self, files: &SyntheticFiles) -> Result<(), SyntheticError> {
        // The seismic last: where it stands, the others do.
        for (partial, finished) in
            [(&self.labels, &files.labels), (&self.truth, &files.truth), (&self.volume, &files.volume)]
        {
            fs::rename(partial, finished).map_err(|source| SyntheticError::Io { path: finished.clone(), source })?;
        }
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        for path in [&self.volume, &self.labels, &self.truth] {
            // After a success there is nothing to remove; after a failure its reason matters more.
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::grid::Section;
    use crate::volume::{SegyVolume, SegyVolumeOptions, Volume};

    fn small() -> SyntheticOptions {
        SyntheticOptions {
            inlines: 8,
            crosslines: 64,
            samples: 64,
            label_inline: Some(103),
            ..SyntheticOptions::default()
        }
    }

    #[test]
    fn the_files_hold_the_cube_its_frame_the_labels_and_the_truth() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(&small(), &folder.path().join("cube.sgy")).unwrap();
        assert_eq!(files, SyntheticFiles::beside(&folder.path().join("cube.sgy"), &small()));
        let made = SyntheticCube::new(small()).unwrap().inline(3);

        let read = |path: &Path| {
            let volume = SegyVolume::open(path, &SegyVolumeOptions::default()).unwrap();
            assert_eq!(volume.warnings(), [""; 0]);
            let geometry = volume.geometry();
            let (found, meant) = (geometry.xy_from_grid.unwrap(), small().geometry().xy_from_grid.unwrap());
            let [dx, dy] = [0, 1].map(|axis| found.xy(7, 63)[axis] - meant.xy(7, 63)[axis]);
            assert!(dx.hypot(dy) < 0.01, "stored to the centimetre");
            assert_eq!(geometry.clone(), crate::grid::Geometry { xy_from_grid: Some(found), ..small().geometry() });
            let mut section = Array2::zeros((64, 64));
            volume.read_section(Section::inline(3), section.view_mut()).unwrap();
            section
        };
        assert_eq!(read(&files.volume), made.amplitudes);
        assert_eq!(read(&files.truth), made.codes.mapv(|code| f32::from(code) + 1.0));

        assert_eq!(files.labels.file_name().unwrap(), "inline_103.png");
        let file = io::BufReader::new(File::open(&files.labels).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((frame.width, frame.height, frame.color_type), (64, 64, png::ColorType::Indexed));
        assert_eq!(reader.info().palette.as_ref().unwrap().len(), 3 * Facies::ALL.len());
        assert_eq!(Array2::from_shape_vec((64, 64), pixels).unwrap().t(), made.codes);

        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["cube.sgy", "cube_truth.sgy", "inline_103.png"]);
    }

    #[test]
    fn a_failure_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        // A folder stands where the picture should go, so the last step but one fails.
        fs::create_dir_all(folder.path().join("inline_103.png")).unwrap();
        assert!(write(&small(), &folder.path().join("cube.sgy")).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let missing = write(&small(), &folder.path().join("missing/cube.sgy")).unwrap_err();
        assert!(matches!(missing, SyntheticError::Segy(_)));
        assert!(matches!(write(&small(), Path::new("/")), Err(SyntheticError::NoFileName { .. })));
    }
}

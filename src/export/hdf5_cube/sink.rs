//! The sink that fills an HDF5 file.

use std::path::{Path, PathBuf};

use hdf5::plist::group_create::{AttrCreationOrder, LinkCreationOrder};
use hdf5::{Dataset, File};
use ndarray::{Array2, ArrayView3, Axis};

use crate::export::CubeDescription;
use crate::export::partial_file::PartialFile;
use crate::export::section_check::{SectionCheck, invalid};
use crate::grid::volume_code;
use crate::predict::{Outputs, PredictedSection, SectionSink, SinkError, Uncertainty};

use super::attributes::text;
use super::chunked::ChunkedCube;
use super::errors::sink_error;
use super::layout::{
    Scales, describe_facies, describe_probability, write_positions, write_provenance, write_trace_mask,
};

/// What an HDF5 file holds beside the classes.
#[derive(Clone, Debug)]
pub struct Hdf5Options {
    /// Values beside the class; four bytes for each and voxel before compression, and for each class where the
    /// probabilities are among them.
    pub outputs: Outputs,
    /// Exact map positions `[x, y]` of the traces, each `[inline, crossline]`; those of the geometry's grid otherwise.
    pub positions: Option<[Array2<f64>; 2]>,
    /// Unit of map positions.
    pub position_unit: String,
}

impl Default for Hdf5Options {
    fn default() -> Self {
        let outputs = Outputs { confidence: true, ..Outputs::default() };
        Self { outputs, positions: None, position_unit: "m".to_owned() }
    }
}

/// Writes interpreted sections to one HDF5 file with named axes.
///
/// The file covers the whole survey; what is never written holds 0. Equal input leaves equal bytes.
pub struct Hdf5Sink {
    // Before `file`: the library must have let go of the file when that is removed.
    open: OpenFile,
    check: SectionCheck,
    file: PartialFile,
}

/// The file as the library sees it.
struct OpenFile {
    file: File,
    facies: ChunkedCube<u8>,
    confidence: Option<ChunkedCube<f32>>,
    probability: Option<ChunkedCube<f32>>,
    uncertainty: Vec<(Uncertainty, ChunkedCube<f32>)>,
}

impl Hdf5Sink {
    /// Creates the file in `partial_folder`; it becomes `path`, on the same file system, when finished.
    ///
    /// # Errors
    /// When the description contradicts itself or the file cannot be written.
    pub fn create(
        path: &Path,
        partial_folder: &Path,
        cube: &CubeDescription,
        options: &Hdf5Options,
    ) -> Result<Self, SinkError> {
        let check = SectionCheck::new(path, cube, options.outputs)?;
        if options.positions.iter().flatten().any(|axis| axis.dim() != cube.live_traces.mask().dim()) {
            return Err(invalid(path, "the map positions have another shape than the survey"));
        }
        let file = PartialFile::new(path, partial_folder)?;
        let open = OpenFile::create(file.path(), cube, options).map_err(|error| sink_error(path, &error))?;
        Ok(Self { open, check, file })
    }
}

impl SectionSink for Hdf5Sink {
    fn write(&mut self, section: &PredictedSection) -> Result<(), SinkError> {
        self.check.fits(section)?;
        self.open.put(section).map_err(|error| sink_error(self.file.finished_path(), &error))?;
        self.check.taken(section);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>, SinkError> {
        let Self { open, file, .. } = *self;
        open.close().map_err(|error| sink_error(file.finished_path(), &error))?;
        Ok(vec![file.finish()?])
    }
}

impl OpenFile {
    fn create(path: &Path, cube: &CubeDescription, options: &Hdf5Options) -> hdf5::Result<Self> {
        let file = File::with_options()
            // Readable by HDF5 1.8. Locks are needless on a file nobody else knows and fail on some network file systems.
            .with_fapl(|access| access.libver_v18().file_locking(false))
            // netCDF-4 opens a file for additions only when it knows the order in which things were made.
            .with_fcpl(|creation| {
                creation
                    .obj_track_times(false)
                    .link_creation_order(LinkCreationOrder::Indexed)
                    .attr_creation_order(AttrCreationOrder::Indexed)
                    .attr_phase_change(64, 8)
            })
            .create(path)?;
        write_provenance(&file, &cube.provenance)?;
        let scales = Scales::create(&file, cube)?;
        let positions = options.positions.as_ref();
        let placed = write_positions(&file, &scales, &cube.geometry, positions, &options.position_unit)?;
        write_trace_mask(&file, &scales, cube.live_traces.mask())?;

        let describe = |dataset: &Dataset| -> hdf5::Result<()> {
            scales.attach(dataset)?;
            if placed { text(dataset, "coordinates", "cdp_x cdp_y") } else { Ok(()) }
        };
        let floats = |name: &str, long_name: &str, layers: Option<usize>| -> hdf5::Result<ChunkedCube<f32>> {
            let floats = ChunkedCube::create(&file, name, &cube.geometry, cube.plane, layers)?;
            describe(floats.dataset())?;
            describe_probability(floats.dataset(), long_name)?;
            Ok(floats)
        };
        let facies = ChunkedCube::create(&file, "facies", &cube.geometry, cube.plane, None)?;
        describe(facies.dataset())?;
        describe_facies(facies.dataset(), &cube.classes)?;
        let Outputs { confidence, probability, .. } = options.outputs;
        let confidence = confidence.then(|| floats("confidence", "probability of the chosen class", None));
        let classes = Some(cube.classes.len());
        let probability = probability.then(|| floats("probability", "probability of each class", classes));
        let (confidence, probability) = (confidence.transpose()?, probability.transpose()?);
        let uncertain = |which: Uncertainty| Ok((which, floats(which.name(), which.title(), None)?));
        let uncertainty = options.outputs.uncertainties().map(uncertain).collect::<hdf5::Result<Vec<_>>>()?;
        // The small datasets are closed on return, where a failure would go unheard.
        file.flush()?;
        Ok(Self { file, facies, confidence, probability, uncertainty })
    }

    fn put(&mut self, section: &PredictedSection) -> hdf5::Result<()> {
        let index = section.section.index;
        let values = section.codes.mapv(volume_code);
        self.facies.put(index, values.view().insert_axis(Axis(0)))?;
        if let (Some(cube), Some(values)) = (&mut self.confidence, &section.confidence) {
            cube.put(index, values.view().insert_axis(Axis(0)))?;
        }
        if let (Some(cube), Some(values)) = (&mut self.probability, &section.probability) {
            cube.put(index, ArrayView3::from(values))?;
        }
        for (which, cube) in &mut self.uncertainty {
            if let Some(values) = section.uncertainty(*which) {
                cube.put(index, values.view().insert_axis(Axis(0)))?;
            }
        }
        Ok(())
    }

    /// Writes what waits and closes the file, every failure reported.
    fn close(mut self) -> hdf5::Result<()> {
        self.facies.write_waiting()?;
        let uncertainty = self.uncertainty.iter_mut().map(|(_, cube)| cube);
        for cube in self.confidence.iter_mut().chain(&mut self.probability).chain(uncertainty) {
            cube.write_waiting()?;
        }
        self.file.flush()?;
        let Self { file, facies, confidence, probability, uncertainty } = self;
        drop((facies, confidence, probability, uncertainty));
        file.close()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use hdf5::types::{VarLenArray, VarLenUnicode};
    use hdf5::{ObjectReference, ObjectReference1, ReferencedObject};
    use ndarray::{Array1, Array3, Array4};

    use super::*;
    use crate::export::fixture::{cube, file_size_is_limited, folder, interpretation, with_limited_file_size};
    use crate::grid::{Plane, Section};

    const EVERYTHING: Hdf5Options = Hdf5Options {
        outputs: Outputs { probability: true, confidence: true, uncertainty: [true; Uncertainty::ALL.len()] },
        positions: None,
        position_unit: String::new(),
    };

    /// Writes the sections `from..to` of a test cube to `folder/cube.h5`.
    fn write(folder: &Path, shape: [usize; 3], plane: Plane, from: usize, to: usize) -> Result<PathBuf, SinkError> {
        let cube = cube(shape, plane);
        let path = folder.join("cube.h5");
        let sink = Hdf5Sink::create(&path, &folder.join(".partial"), &cube, &EVERYTHING)?;
        interpretation(&cube, from, to).send(Box::new(sink), plane, from, to).map(|mut files| files.remove(0))
    }

    #[test]
    fn every_voxel_reads_back_and_the_rest_of_the_survey_holds_zero() {
        for (shape, plane, from, to) in [
            ([6, 6, 6], Plane::Inline, 0, 6),
            ([6, 6, 6], Plane::Crossline, 0, 6),
            ([9, 70, 131], Plane::Inline, 3, 9),
            ([70, 19, 131], Plane::Crossline, 7, 17),
            ([3, 2, 1], Plane::Inline, 1, 1),
        ] {
            let folder = folder();
            let path = write(folder.path(), shape, plane, from, to).unwrap();
            let expected = interpretation(&cube(shape, plane), from, to);
            let file = File::open(path).unwrap();
            let facies: Array3<u8> = file.dataset("facies").unwrap().read().unwrap();
            let confidence: Array3<f32> = file.dataset("confidence").unwrap().read().unwrap();
            let probability: Array4<f32> = file.dataset("probability").unwrap().read().unwrap();
            assert_eq!(facies, expected.facies, "{shape:?} {plane:?}");
            assert_eq!(confidence, expected.confidence, "{shape:?} {plane:?}");
            assert_eq!(probability, expected.probability, "{shape:?} {plane:?}");
            for which in Uncertainty::ALL {
                let values: Array3<f32> = file.dataset(which.name()).unwrap().read().unwrap();
                assert_eq!(values, expected.uncertainty(which), "{which:?} {shape:?} {plane:?}");
            }
        }
    }

    #[test]
    fn dimensions_are_named_by_scales_also_when_axes_are_equally_long() {
        let folder = folder();
        let file = File::open(write(folder.path(), [3, 3, 3], Plane::Crossline, 0, 3).unwrap()).unwrap();
        for (dataset, expected) in [
            ("facies", vec!["/iline", "/xline", "/twt"]),
            ("confidence", vec!["/iline", "/xline", "/twt"]),
            ("probability", vec!["/iline", "/xline", "/twt", "/class_id"]),
            ("cdp_x", vec!["/iline", "/xline"]),
            ("cdp_y", vec!["/iline", "/xline"]),
            ("trace_mask", vec!["/iline", "/xline"]),
        ] {
            let list = file.dataset(dataset).unwrap().attr("DIMENSION_LIST").unwrap();
            let names: Vec<String> = list
                .read_raw::<VarLenArray<ObjectReference1>>()
                .unwrap()
                .iter()
                .map(|references| match references[0].dereference(&file).unwrap() {
                    ReferencedObject::Dataset(scale) => scale.name(),
                    other => panic!("{other:?} is no scale"),
                })
                .collect();
            assert_eq!(names, expected, "{dataset}");
        }
        assert_eq!(file.dataset("iline").unwrap().read::<i32, _>().unwrap(), Array1::from(vec![300, 302, 304]));
        assert_eq!(file.dataset("xline").unwrap().read::<i32, _>().unwrap(), Array1::from(vec![990, 989, 988]));
        assert_eq!(file.dataset("twt").unwrap().read::<f32, _>().unwrap(), Array1::from(vec![1204.0, 1208.0, 1212.0]));
        assert_eq!(file.dataset("class_id").unwrap().read::<u8, _>().unwrap(), Array1::from(vec![1, 2, 3]));
    }

    #[test]
    fn classes_positions_and_provenance_are_in_the_file() {
        let folder = folder();
        let file = File::open(write(folder.path(), [4, 3, 2], Plane::Inline, 0, 4).unwrap()).unwrap();
        let text = |object: &hdf5::Location, name: &str| -> String {
            object.attr(name).unwrap().read_scalar::<VarLenUnicode>().unwrap().to_string()
        };
        let facies = file.dataset("facies").unwrap();
        assert_eq!(text(&facies, "flag_meanings"), "salt high_amp steep_dips");
        assert_eq!(text(&facies, "class_colors"), "#E69F00 #56B4E9 #009E73");
        assert_eq!(text(&facies, "coordinates"), "cdp_x cdp_y");
        assert_eq!(facies.attr("flag_values").unwrap().read_raw::<u8>().unwrap(), [1, 2, 3]);
        assert_eq!(facies.attr("undefined_class").unwrap().read_scalar::<u8>().unwrap(), 0);
        let names = facies.attr("class_names").unwrap().read_raw::<VarLenUnicode>().unwrap();
        assert_eq!(names.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["salt", "high amp", "steep_dips"]);
        assert!(!facies.attr_names().unwrap().contains(&"_FillValue".to_owned()));

        let cube = cube([4, 3, 2], Plane::Inline);
        let affine = cube.geometry.xy_from_grid.unwrap();
        for (axis, name) in ["cdp_x", "cdp_y"].into_iter().enumerate() {
            let positions: Array2<f64> = file.dataset(name).unwrap().read().unwrap();
            assert_eq!(positions, Array2::from_shape_fn((4, 3), |(i, j)| affine.xy(i, j)[axis]));
        }
        let mask: Array2<u8> = file.dataset("trace_mask").unwrap().read().unwrap();
        assert_eq!(mask, cube.live_traces.mask().mapv(u8::from));
        assert_eq!(text(&file, "Conventions"), "CF-1.8");
        assert_eq!(text(&file, "source_file"), "input.sgy");
        assert_eq!(text(&file, "text_header"), "C 1 A TEST");
        assert_eq!(file.attr("iline_byte").unwrap().read_scalar::<i32>().unwrap(), 189);
        assert!(file.attr("y_byte").is_err() && file.attr("model_sha256").is_err());
    }

    #[test]
    fn a_survey_without_coordinates_gets_none_and_exact_ones_win_over_the_grid() {
        let folder = folder();
        let mut cube = cube([2, 2, 2], Plane::Inline);
        let path = folder.path().join("cube.h5");
        let exact = [Array2::from_elem((2, 2), 7.5), Array2::from_elem((2, 2), f64::NAN)];
        let options = Hdf5Options { positions: Some(exact), ..Hdf5Options::default() };
        Box::new(Hdf5Sink::create(&path, &folder.path().join(".partial"), &cube, &options).unwrap()).finish().unwrap();
        let file = File::open(&path).unwrap();
        assert_eq!(file.dataset("cdp_x").unwrap().read_raw::<f64>().unwrap(), [7.5; 4]);
        assert!(file.dataset("probability").is_err() && file.dataset("confidence").is_ok());
        drop(file);

        cube.geometry.xy_from_grid = None;
        cube.geometry.vertical.domain = crate::grid::Domain::Depth;
        Box::new(Hdf5Sink::create(&path, &folder.path().join(".partial"), &cube, &Hdf5Options::default()).unwrap())
            .finish()
            .unwrap();
        let file = File::open(&path).unwrap();
        assert!(file.dataset("cdp_x").is_err() && file.dataset("twt").is_err() && file.dataset("depth").is_ok());
        assert!(file.dataset("facies").unwrap().attr("coordinates").is_err());
    }

    #[test]
    fn equal_runs_leave_equal_bytes_whatever_the_threads() {
        let bytes = |threads: usize| {
            let folder = folder();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            fs::read(pool.install(|| write(folder.path(), [17, 70, 140], Plane::Inline, 0, 17)).unwrap()).unwrap()
        };
        let first = bytes(1);
        std::thread::sleep(std::time::Duration::from_millis(1100));
        assert!(first == bytes(4), "the file depends on time or threads");
    }

    #[test]
    fn sections_that_do_not_fit_are_refused_and_a_dropped_sink_leaves_nothing() {
        let folder = folder();
        let cube = cube([4, 3, 2], Plane::Inline);
        let interpretation = interpretation(&cube, 0, 4);
        let good = interpretation.section(Section::inline(1));
        let mut sink =
            Hdf5Sink::create(&folder.path().join("cube.h5"), &folder.path().join(".partial"), &cube, &EVERYTHING)
                .unwrap();
        sink.write(&good).unwrap();
        type Spoil = fn(&mut PredictedSection);
        let wrong: [(&str, Spoil); 10] = [
            ("again", |_| {}),
            ("earlier", |section| section.section.index = 0),
            ("beyond", |section| section.section.index = 4),
            ("plane", |section| section.section = Section::crossline(2)),
            ("shape", |section| section.codes = Array2::zeros((2, 2))),
            ("code", |section| section.codes[[0, 0]] = 3),
            ("confidence", |section| section.confidence = None),
            ("no entropy", |section| _ = section.uncertainty.remove(0)),
            ("margin", |section| section.uncertainty[1].1 = Array2::zeros((2, 2))),
            ("probability", |section| section.probability = Some(Array3::zeros((2, 3, 2)))),
        ];
        for (what, spoil) in wrong {
            let mut section = good.clone();
            if !["again", "earlier"].contains(&what) {
                section.section.index = 2;
            }
            spoil(&mut section);
            assert!(matches!(sink.write(&section), Err(SinkError::Mismatch { .. })), "{what}");
        }
        drop(sink);
        assert_eq!(fs::read_dir(folder.path().join(".partial")).unwrap().count(), 0);
        assert!(!folder.path().join("cube.h5").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_full_disk_is_an_error_that_leaves_nothing_behind() {
        const SHAPE: [usize; 3] = [17, 70, 140];
        let folder = folder();
        if file_size_is_limited() {
            let error = write(folder.path(), SHAPE, Plane::Inline, 0, 17).unwrap_err();
            assert!(error.to_string().ends_with("File too large"), "{error}");
            assert_eq!(fs::read_dir(folder.path().join(".partial")).unwrap().count(), 0);
            assert!(!folder.path().join("cube.h5").exists());
            // Neither does the library keep the removed file, and its space, to itself.
            #[cfg(target_os = "linux")]
            for descriptor in fs::read_dir("/proc/self/fd").unwrap().flatten() {
                let target = fs::read_link(descriptor.path()).unwrap_or_default();
                assert!(!target.starts_with(folder.path()), "{target:?} is still open");
            }
            return;
        }
        let size = fs::metadata(write(folder.path(), SHAPE, Plane::Inline, 0, 17).unwrap()).unwrap().len();
        for part in 0..=20 {
            let limit = (size * part / 20).saturating_sub(1);
            let said =
                with_limited_file_size(module_path!(), "a_full_disk_is_an_error_that_leaves_nothing_behind", limit);
            assert!(!said.contains("HDF5"), "the library prints: {said}");
        }
    }
}

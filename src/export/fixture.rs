//! Small cubes and their interpretations for this room's tests.

use ndarray::{Array2, Array3, Array4, s};

use crate::grid::{Affine, ClassTable, Domain, Geometry, LineAxis, Plane, Section, UNLABELLED, VerticalAxis};
use crate::predict::{PredictedSection, SectionSink, SinkError, Uncertainty};

use crate::volume::LiveTraces;

use super::{CubeDescription, Provenance, SourceHeaders};

/// A survey of `shape` with stepped and decreasing numbering, map positions, three classes and every seventh trace dead.
pub(super) fn cube(shape: [usize; 3], plane: Plane) -> CubeDescription {
    let [inlines, crosslines, samples] = shape;
    CubeDescription {
        geometry: Geometry {
            inline: LineAxis { first: 300, step: 2, count: inlines },
            crossline: LineAxis { first: 990, step: -1, count: crosslines },
            vertical: VerticalAxis { domain: Domain::Time, start: 1204.0, step: 4.0, count: samples },
            xy_from_grid: Some(Affine {
                origin: [605_835.5, 6_073_556.4],
                per_inline: [0.5, 25.0],
                per_crossline: [-12.5, 0.25],
            }),
        },
        plane,
        classes: ClassTable::from_names(["salt", "high amp", "steep_dips"]).unwrap(),
        live_traces: LiveTraces::new(Array2::from_shape_fn((inlines, crosslines), |(i, j)| {
            (i * crosslines + j) % 7 != 3
        })),
        provenance: Provenance {
            title: "facies of a test".to_owned(),
            history: "made by a test".to_owned(),
            source_file: "input.sgy".to_owned(),
            source_sha256: Some("ab".repeat(32)),
            source_headers: Some(SourceHeaders {
                inline_byte: 189,
                crossline_byte: 193,
                x_byte: Some(181),
                y_byte: None,
                sample_format: 5,
                text: "C 1 A TEST".to_owned(),
            }),
            ..Provenance::default()
        },
    }
}

/// What the files of a [`cube`] should hold.
pub(super) struct Expected {
    /// Class + 1 `[inline, crossline, sample]`, 0 where nothing is interpreted.
    pub(super) facies: Array3<u8>,
    /// Probability `[inline, crossline, sample, class]`.
    pub(super) probability: Array4<f32>,
    /// The largest of them.
    pub(super) confidence: Array3<f32>,
}

/// A made-up interpretation of the sections `from..to`.
pub(super) fn interpretation(cube: &CubeDescription, from: usize, to: usize) -> Expected {
    let [inlines, crosslines, samples] = cube.geometry.shape();
    let classes = cube.classes.len();
    let mut expected = Expected {
        facies: Array3::zeros((inlines, crosslines, samples)),
        probability: Array4::zeros((inlines, crosslines, samples, classes)),
        confidence: Array3::zeros((inlines, crosslines, samples)),
    };
    for ((inline, crossline, sample), facies) in expected.facies.indexed_iter_mut() {
        let index = if cube.plane == Plane::Inline { inline } else { crossline };
        if !(from..to).contains(&index) || !cube.live_traces.is_live(inline, crossline) {
            continue;
        }
        let weights: Vec<f32> = (0..classes)
            .map(|class| 1.0 + ((inline * 31 + crossline * 17 + sample * 5 + class * 7) % 11) as f32)
            .collect();
        let sum: f32 = weights.iter().sum();
        let mut best = 0;
        for class in 0..classes {
            expected.probability[[inline, crossline, sample, class]] = weights[class] / sum;
            best = if weights[class] > weights[best] { class } else { best };
        }
        expected.confidence[[inline, crossline, sample]] = weights[best] / sum;
        *facies = best as u8 + 1;
    }
    expected
}

impl Expected {
    /// A made-up value beside the confidence, another for each kind.
    pub(super) fn uncertainty(&self, which: Uncertainty) -> Array3<f32> {
        self.confidence.mapv(|confidence| confidence / (2 + which as u8) as f32)
    }

    /// One section of the interpretation, as a predictor hands it on.
    pub(super) fn section(&self, section: Section) -> PredictedSection {
        let (first, second) = match section.plane {
            Plane::Inline => (0, section.index),
            Plane::Crossline => (1, section.index),
        };
        let axis = ndarray::Axis(first);
        let values = self.probability.index_axis(axis, second);
        PredictedSection {
            section,
            codes: self.facies.index_axis(axis, second).mapv(|value| if value == 0 { UNLABELLED } else { value - 1 }),
            confidence: Some(self.confidence.index_axis(axis, second).to_owned()),
            probability: Some(values.permuted_axes([2, 0, 1]).slice(s![.., .., ..]).to_owned()),
            uncertainty: Uncertainty::ALL
                .map(|which| (which, self.uncertainty(which).index_axis(axis, second).to_owned()))
                .to_vec(),
        }
    }

    /// Sends the sections `from..to` to `sink` and finishes it.
    pub(super) fn send(
        &self,
        mut sink: Box<dyn SectionSink + '_>,
        plane: Plane,
        from: usize,
        to: usize,
    ) -> Result<Vec<std::path::PathBuf>, SinkError> {
        for index in from..to {
            sink.write(&self.section(Section { plane, index }))?;
        }
        sink.finish()
    }
}

/// An empty folder with a partial folder in it.
pub(super) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".partial")).unwrap();
    folder
}

const LIMITED: &str = "FACIES_TEST_FILE_SIZE_IS_LIMITED";

/// Whether this process was started by [`with_limited_file_size`].
pub(super) fn file_size_is_limited() -> bool {
    std::env::var_os(LIMITED).is_some()
}

/// Runs one test of `module` again in a process whose files may not grow beyond `bytes`; gives back what it printed.
#[cfg(unix)]
pub(super) fn with_limited_file_size(module: &str, test: &str, bytes: u64) -> String {
    let (_, module) = module.split_once("::").unwrap();
    let limited = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f $0; exec \"$@\"", &(bytes / 512).to_string()])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", &format!("{module}::{test}")])
        .env(LIMITED, "1")
        .output()
        .unwrap();
    let said = String::from_utf8([limited.stdout, limited.stderr].concat()).unwrap();
    assert!(limited.status.success() && said.contains("1 passed"), "{bytes} bytes: {said}");
    said
}

//! A sink that keeps what the figures show, whichever way the cube is walked.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::Array2;

use crate::grid::{Geometry, Section, UNLABELLED};
use crate::predict::{Outputs, PredictedSection, SectionSink, SinkError, Uncertainty};

/// Classes of one picture and how sure they are: a section `[trace, sample]` or a time slice `[inline, crossline]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Snapshot {
    pub(super) codes: Array2<u8>,
    pub(super) confidence: Option<Array2<f32>>,
    pub(super) uncertainty: Vec<(Uncertainty, Array2<f32>)>,
}

impl Snapshot {
    fn new(shape: [usize; 2], outputs: Outputs) -> Self {
        Self {
            codes: Array2::from_elem(shape, UNLABELLED),
            confidence: outputs.confidence.then(|| Array2::zeros(shape)),
            uncertainty: outputs.uncertainties().map(|which| (which, Array2::zeros(shape))).collect(),
        }
    }

    /// Whether any of it was predicted.
    pub(super) fn is_interpreted(&self) -> bool {
        self.codes.iter().any(|&code| code != UNLABELLED)
    }

    /// Its numbers, each with that of the section.
    fn numbers<'a>(
        &'a mut self,
        predicted: &'a PredictedSection,
    ) -> impl Iterator<Item = (&'a mut Array2<f32>, &'a Array2<f32>)> {
        let uncertainty = self.uncertainty.iter_mut();
        let uncertainty = uncertainty.filter_map(|(which, own)| Some((own, predicted.uncertainty(*which)?)));
        self.confidence.iter_mut().zip(&predicted.confidence).chain(uncertainty)
    }
}

/// What is drawn of one cube.
#[derive(Clone, Debug)]
pub(super) struct Snapshots {
    pub(super) sections: Vec<(Section, Snapshot)>,
    /// By sample index.
    pub(super) time_slices: Vec<(usize, Snapshot)>,
}

impl Snapshots {
    /// Empty pictures of these sections and samples.
    pub(super) fn new(geometry: &Geometry, sections: &[Section], samples: &[usize], outputs: Outputs) -> Self {
        let of_section = |section: &Section| Snapshot::new(geometry.section_shape(section.plane), outputs);
        let [inlines, crosslines, _] = geometry.shape();
        let of_slice = || Snapshot::new([inlines, crosslines], outputs);
        Self {
            sections: sections.iter().map(|section| (*section, of_section(section))).collect(),
            time_slices: samples.iter().map(|&sample| (sample, of_slice())).collect(),
        }
    }

    fn add(&mut self, predicted: &PredictedSection) {
        for (section, snapshot) in &mut self.sections {
            if *section == predicted.section {
                snapshot.codes.assign(&predicted.codes);
                snapshot.numbers(predicted).for_each(|(own, new)| own.assign(new));
            } else if section.plane != predicted.section.plane {
                // The two cross in one trace.
                let (row, trace) = (predicted.section.index, section.index);
                snapshot.codes.row_mut(row).assign(&predicted.codes.row(trace));
                snapshot.numbers(predicted).for_each(|(own, new)| own.row_mut(row).assign(&new.row(trace)));
            }
        }
        for (sample, snapshot) in &mut self.time_slices {
            for trace in 0..predicted.codes.nrows() {
                let cell = predicted.section.cell(trace);
                snapshot.codes[cell] = predicted.codes[[trace, *sample]];
                snapshot.numbers(predicted).for_each(|(own, new)| own[cell] = new[[trace, *sample]]);
            }
        }
    }
}

/// Collects snapshots while sections pass by.
pub(super) struct SnapshotSink(pub(super) Arc<Mutex<Snapshots>>);

impl SectionSink for SnapshotSink {
    fn write(&mut self, section: &PredictedSection) -> Result<(), SinkError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(section);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>, SinkError> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::{Domain, LineAxis, Plane, VerticalAxis};

    #[test]
    fn crossing_sections_and_slices_fill_from_either_plane() {
        let line = |count| LineAxis { first: 1, step: 1, count };
        let vertical = VerticalAxis { domain: Domain::Time, start: 0.0, step: 4.0, count: 3 };
        let geometry = Geometry { inline: line(2), crossline: line(4), vertical, xy_from_grid: None };
        let code = |inline: usize, crossline: usize, sample: usize| (inline * 12 + crossline * 3 + sample) as u8;
        let asked = [Section::inline(1), Section::crossline(2)];
        let outputs = Outputs { confidence: true, ..Outputs::default() }.with(Uncertainty::Margin);
        for plane in [Plane::Inline, Plane::Crossline] {
            let mut snapshots = Snapshots::new(&geometry, &asked, &[1], outputs);
            for index in 0..geometry.section_axis(plane).count {
                let section = Section { plane, index };
                let codes = Array2::from_shape_fn(geometry.section_shape(plane), |(trace, sample)| {
                    let [inline, crossline] = section.cell(trace);
                    code(inline, crossline, sample)
                });
                let confidence = Some(codes.mapv(f32::from));
                let uncertainty = vec![
                    (Uncertainty::Entropy, Array2::zeros(codes.dim())),
                    (Uncertainty::Margin, codes.mapv(|code| -f32::from(code))),
                ];
                snapshots.add(&PredictedSection { section, codes, confidence, probability: None, uncertainty });
            }
            let inline = Array2::from_shape_fn((4, 3), |(j, k)| code(1, j, k));
            let crossline = Array2::from_shape_fn((2, 3), |(i, k)| code(i, 2, k));
            let slice = Array2::from_shape_fn((2, 4), |(i, j)| code(i, j, 1));
            for (snapshot, expected) in snapshots
                .sections
                .iter()
                .map(|(_, snapshot)| snapshot)
                .chain(snapshots.time_slices.iter().map(|(_, snapshot)| snapshot))
                .zip([inline, crossline, slice])
            {
                assert_eq!(snapshot.codes, expected);
                assert_eq!(snapshot.confidence, Some(expected.mapv(f32::from)));
                assert_eq!(snapshot.uncertainty, [(Uncertainty::Margin, expected.mapv(|code| -f32::from(code)))]);
            }
        }
    }
}

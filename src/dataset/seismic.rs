//! The labelled sections of a job.

use ndarray::{Array2, Zip};
use rayon::prelude::*;

use super::box_count::BoxCount;
use super::{DatasetError, Split, Subset};
use crate::grid::{ClassTable, Plane, Section, UNLABELLED};
use crate::labels::Labels;
use crate::volume::{ScaledSection, SectionChannels, SectionReader};

/// One labelled section. All arrays are `[trace, sample]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledSection {
    /// Which inline or crossline.
    pub section: Section,
    /// What a network sees, scaled to [-1, 1]: amplitudes first, 0 on dead and missing traces.
    pub channels: SectionChannels,
    /// Class codes; [`UNLABELLED`] where there is none, and on dead and missing traces.
    pub codes: Array2<u8>,
    /// Whether each trace exists and holds more than zeros.
    pub live: Vec<bool>,
    /// What every voxel is used for; [`Subset::Gap`] where unlabelled.
    pub subset: Array2<Subset>,
}

/// Amplitudes, class codes and subsets of all labelled sections of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct SeismicDataset {
    sections: Vec<LabelledSection>,
    is_signal: Vec<bool>,
    class_count: usize,
    labels_on_dead_traces: u64,
}

/// A voxel of one of the sections, by index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voxel {
    pub(super) section: u32,
    pub(super) trace: u32,
    pub(super) sample: u32,
}

impl LabelledSection {
    /// Class codes of the voxels of `subset`, [`UNLABELLED`] elsewhere.
    pub fn codes_in(&self, subset: Subset) -> Array2<u8> {
        let keep = |&code: &u8, &other: &Subset| if other == subset { code } else { UNLABELLED };
        Zip::from(&self.codes).and(&self.subset).map_collect(keep)
    }
}

impl SeismicDataset {
    /// Reads the sections of `planes` that `labels` names, and divides their voxels by `split`.
    ///
    /// Where a labelled inline and a labelled crossline cross and the split puts the same voxel into two subsets, it is
    /// used for neither.
    ///
    /// # Errors
    /// When the labels were made for another grid, no section of `planes` is labelled, a class has no voxel to train
    /// on, a held-out part is empty, or the volume cannot be read.
    pub fn build(
        reader: &SectionReader<'_>,
        labels: &Labels,
        classes: &ClassTable,
        planes: &[Plane],
        split: &Split,
    ) -> Result<Self, DatasetError> {
        let volume = reader.volume();
        let (geometry, labelled) = (volume.geometry(), labels.geometry());
        if (geometry.inline, geometry.crossline, geometry.vertical)
            != (labelled.inline, labelled.crossline, labelled.vertical)
        {
            return Err(DatasetError::Geometry {
                volume: volume.name(),
                shape: geometry.shape(),
                labels: labelled.shape(),
            });
        }
        let mut sections = Vec::new();
        let mut labels_on_dead_traces = 0;
        let mut labelled_voxels = vec![0; classes.len()];
        for plane in [Plane::Inline, Plane::Crossline].into_iter().filter(|plane| planes.contains(plane)) {
            let read: Vec<_> = labels
                .sections(plane)
                .into_par_iter()
                .filter_map(|section| Some(read(reader, section, labels.section(section)?)))
                .collect::<Result<_, _>>()?;
            let codes: Vec<_> = read.iter().map(|(section, _)| (section.section.index, section.codes.view())).collect();
            let subsets = split.assign(plane, &codes)?;
            for ((mut section, on_dead_traces), subset) in read.into_iter().zip(subsets) {
                section.subset = subset;
                labels_on_dead_traces += on_dead_traces;
                count_codes(&section.codes, &mut labelled_voxels);
                sections.push(section);
            }
        }
        if sections.is_empty() {
            let names: Vec<_> = planes.iter().map(|plane| plane.name()).collect();
            return Err(DatasetError::NoSections { planes: names.join(" or ") });
        }
        settle_crossings(&mut sections);

        let is_signal = reader.is_signal();
        let dataset = Self { sections, is_signal, class_count: classes.len(), labels_on_dead_traces };
        dataset.check(classes, &labelled_voxels, split)?;
        Ok(dataset)
    }

    /// The sections, inlines first, each plane in ascending order.
    pub fn sections(&self) -> &[LabelledSection] {
        &self.sections
    }

    #[cfg(test)]
    pub(super) fn section_mut(&mut self, index: usize) -> &mut LabelledSection {
        &mut self.sections[index]
    }

    /// How many channels a network sees.
    pub fn channel_count(&self) -> usize {
        self.is_signal.len()
    }

    /// For every channel, whether it holds amplitudes or an attribute: what changes of amplitude apply to.
    pub(super) fn is_signal(&self) -> &[bool] {
        &self.is_signal
    }

    /// How many classes the job names.
    pub fn class_count(&self) -> usize {
        self.class_count
    }

    /// Labels that were left out because their trace is missing or holds nothing but zeros.
    pub fn labels_on_dead_traces(&self) -> u64 {
        self.labels_on_dead_traces
    }

    /// Labelled voxels of `subset` per class, in code order. A voxel on two sections counts on both.
    pub fn counts(&self, subset: Subset) -> Vec<u64> {
        let mut counts = vec![0; self.class_count];
        for section in &self.sections {
            count_codes(&section.codes_in(subset), &mut counts);
        }
        counts
    }

    /// Labelled voxels of `subset`.
    pub fn total(&self, subset: Subset) -> u64 {
        self.counts(subset).iter().sum()
    }

    /// Test voxels with a training voxel inside the `window` x `window` patch round them, on the same section.
    pub fn leak(&self, window: usize) -> u64 {
        self.leak_into(Subset::Test, window)
    }

    /// Voxels of `subset` with a training voxel inside the `window` x `window` patch round them, on the same section.
    ///
    /// The patch of voxel v reaches from v - window/2 to v - window/2 + window - 1 in both directions.
    pub fn leak_into(&self, subset: Subset, window: usize) -> u64 {
        let window = window.min(u32::MAX as usize) as i64;
        let leaks = |section: &LabelledSection| {
            let training = BoxCount::new(section.subset.view(), |&other| other == Subset::Train);
            let patch = |index: usize| {
                let first = index as i64 - window / 2;
                first..first + window
            };
            let voxels = section.subset.indexed_iter().filter(|&(_, &other)| other == subset);
            voxels.filter(|&((trace, sample), _)| training.within(patch(trace), patch(sample)) > 0).count() as u64
        };
        self.sections.par_iter().map(leaks).sum()
    }

    /// The voxels of `subset`, class by class, in the order of the sections.
    pub(super) fn voxels(&self, subset: Subset) -> Vec<Vec<Voxel>> {
        let mut voxels = vec![Vec::new(); self.class_count];
        for (index, section) in self.sections.iter().enumerate() {
            for ((trace, sample), code) in section.codes_in(subset).indexed_iter() {
                if let Some(of_class) = voxels.get_mut(usize::from(*code)) {
                    of_class.push(Voxel { section: index as u32, trace: trace as u32, sample: sample as u32 });
                }
            }
        }
        voxels
    }

    fn check(&self, classes: &ClassTable, labelled_voxels: &[u64], split: &Split) -> Result<(), DatasetError> {
        for ((class, &labelled), training) in classes.iter().zip(labelled_voxels).zip(self.counts(Subset::Train)) {
            let class = class.name.clone();
            if labelled == 0 {
                return Err(DatasetError::ClassWithoutLabels { class });
            }
            if training == 0 {
                return Err(DatasetError::ClassWithoutTraining { class, labelled });
            }
        }
        for subset in [Subset::Validation, Subset::Test] {
            if split.holds_out(subset) && self.total(subset) == 0 {
                return Err(DatasetError::EmptySubset { subset: subset.name() });
            }
        }
        Ok(())
    }
}

/// One section with its labels, and how many labels its dead traces lost.
fn read(
    reader: &SectionReader<'_>,
    section: Section,
    mut codes: Array2<u8>,
) -> Result<(LabelledSection, u64), DatasetError> {
    let ScaledSection { channels, live } = reader.read(section)?;
    let mut lost = 0;
    for (mut column, &live) in codes.rows_mut().into_iter().zip(&live) {
        if !live {
            lost += column.iter().filter(|&&code| code != UNLABELLED).count() as u64;
            column.fill(UNLABELLED);
        }
    }
    let subset = Array2::from_elem(codes.dim(), Subset::Gap);
    Ok((LabelledSection { section, channels, codes, live, subset }, lost))
}

/// Takes voxels out of use that two crossing sections put into different subsets.
fn settle_crossings(sections: &mut [LabelledSection]) {
    let inlines = sections.partition_point(|section| section.section.plane == Plane::Inline);
    let (inlines, crosslines) = sections.split_at_mut(inlines);
    for inline in inlines {
        for crossline in crosslines.iter_mut() {
            let ours = inline.subset.row_mut(crossline.section.index);
            let theirs = crossline.subset.row_mut(inline.section.index);
            for (one, other) in ours.into_iter().zip(theirs) {
                if one != other {
                    (*one, *other) = (Subset::Gap, Subset::Gap);
                }
            }
        }
    }
}

fn count_codes(codes: &Array2<u8>, counts: &mut [u64]) {
    for &code in codes {
        if let Some(count) = counts.get_mut(usize::from(code)) {
            *count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dataset::test_line::{cube, dataset, scaling, stripes};
    use crate::dataset::{RandomSplit, StripeSplit};
    use crate::labels::Labels;
    use crate::labels::test_survey::f3_labels;
    use crate::volume::{MemoryVolume, Volume};

    fn classes(count: usize) -> ClassTable {
        ClassTable::from_names((0..count).map(|code| format!("class {code}"))).unwrap()
    }

    fn build(
        cube: &MemoryVolume,
        labels: &Labels,
        planes: &[Plane],
        split: &Split,
    ) -> Result<SeismicDataset, DatasetError> {
        SeismicDataset::build(&SectionReader::new(cube, scaling()), labels, &classes(3), planes, split)
    }

    proptest! {
        #[test]
        fn leak_is_what_counting_finds(
            codes in prop::collection::vec(prop::sample::select(vec![0, 1, UNLABELLED, UNLABELLED]), 20 * 14),
            window in 1usize..12,
            offset in 0usize..9,
            random in any::<bool>(),
        ) {
            let mut codes = Array2::from_shape_vec((20, 14), codes).unwrap();
            for trace in 0..20 {
                codes[[trace, 0]] = (trace % 2) as u8;
            }
            let split = if random {
                Split::Random(RandomSplit { test: 0.4, validation: 0.0, seed: offset as u64 })
            } else {
                Split::Stripes(StripeSplit { train: 4, gap: 1, test: 3, offset, validation: 0 })
            };
            let dataset = dataset(&codes, &split);
            let subset = &dataset.sections()[0].subset;
            let covers = |first: usize, second: usize| {
                let start = first as i64 - window as i64 / 2;
                (start..start + window as i64).contains(&(second as i64))
            };
            let leaks = subset.indexed_iter().filter(|&((t, s), &here)| {
                here == Subset::Test && subset.indexed_iter().any(|((trace, sample), &there)| {
                    there == Subset::Train && covers(t, trace) && covers(s, sample)
                })
            });
            prop_assert_eq!(dataset.leak(window), leaks.count() as u64);
        }
    }

    #[test]
    fn a_gap_as_wide_as_half_a_patch_leaks_nothing_and_a_narrower_one_does() {
        let codes = Array2::from_shape_fn((60, 10), |(_, sample)| (sample % 2) as u8);
        let dataset = dataset(&codes, &stripes(14, 4, 8));
        assert_eq!(dataset.leak(9), 0);
        // One trace of ten samples on each side where training follows: three of the four.
        assert_eq!(dataset.leak(11), 3 * 10);
        assert_eq!(dataset.leak(usize::MAX), dataset.total(Subset::Test));
    }

    #[test]
    fn labels_on_dead_and_missing_traces_are_left_out() {
        let whole = cube([3, 6, 4]);
        let mut samples = whole.samples().clone();
        samples.slice_mut(ndarray::s![1, 2, ..]).fill(0.0);
        let mut missing = Array2::from_elem((3, 6), false);
        missing[[1, 4]] = true;
        let cube = MemoryVolume::new(whole.geometry().clone(), samples).unwrap().without_traces(missing).unwrap();
        let mut labels = Labels::new(cube.geometry().clone());
        let codes = Array2::from_shape_fn((6, 4), |(_, sample)| [0, 1, 2, UNLABELLED][sample]);
        labels.add_section(Section::inline(1), codes.view()).unwrap();
        let dataset = build(&cube, &labels, &[Plane::Inline], &Split::None).unwrap();
        assert_eq!(dataset.labels_on_dead_traces(), 6);
        assert_eq!(dataset.counts(Subset::Train), [4, 4, 4]);
        assert_eq!(dataset.total(Subset::Gap), 0);
    }

    #[test]
    fn a_crossing_voxel_never_trains_on_one_section_and_tests_on_the_other() {
        let cube = cube([40, 40, 6]);
        let mut labels = Labels::new(cube.geometry().clone());
        let codes = Array2::from_shape_fn((40, 6), |(_, sample)| (sample / 2) as u8);
        for index in 0..40 {
            labels.add_section(Section::inline(index), codes.view()).unwrap();
        }
        labels.add_section(Section::crossline(12), codes.view()).unwrap();
        let dataset = build(&cube, &labels, &[Plane::Crossline, Plane::Inline], &stripes(9, 1, 5)).unwrap();
        let crossline = &dataset.sections()[40];
        assert_eq!(crossline.section, Section::crossline(12));
        let mut settled = 0;
        for inline in &dataset.sections()[..40] {
            let [ours, theirs] = [inline.subset.row(12), crossline.subset.row(inline.section.index)];
            assert_eq!(ours, theirs);
            settled += usize::from(theirs[0] == Subset::Gap);
        }
        assert!(settled > 5 && settled < 40, "{settled}");
    }

    #[test]
    fn what_cannot_train_is_refused_by_name() {
        let [cube, other] = [[4, 30, 5], [4, 30, 6]].map(cube);
        let with = |codes: Array2<u8>| {
            let mut labels = Labels::new(cube.geometry().clone());
            labels.add_section(Section::inline(2), codes.view()).unwrap();
            labels
        };
        let layers = with(Array2::from_shape_fn((30, 5), |(_, sample)| sample as u8 % 3));
        let refused =
            |labels: &Labels, planes: &[Plane], split: &Split| build(&cube, labels, planes, split).unwrap_err();
        let message = refused(&with(Array2::from_elem((30, 5), 0)), &[Plane::Inline], &Split::None).to_string();
        assert!(message.starts_with("class `class 1` has no label"), "{message}");

        let last_only =
            with(Array2::from_shape_fn((30, 5), |(trace, sample)| if trace >= 25 { 2 } else { sample as u8 % 2 }));
        let message = refused(&last_only, &[Plane::Inline], &stripes(20, 5, 10)).to_string();
        assert!(message.contains("class `class 2` has 25 labelled voxels"), "{message}");

        assert!(matches!(refused(&layers, &[Plane::Crossline], &Split::None), DatasetError::NoSections { .. }));
        let outside = refused(&layers, &[Plane::Inline], &stripes(30, 5, 10));
        assert!(matches!(outside, DatasetError::EmptySubset { subset: "test" }));
        let other = Labels::new(other.geometry().clone());
        assert!(matches!(refused(&other, &[Plane::Inline], &Split::None), DatasetError::Geometry { .. }));
    }

    #[test]
    fn amplitudes_are_scaled_and_laid_out_like_the_section() {
        let cube = cube([5, 7, 4]);
        let mut labels = Labels::new(cube.geometry().clone());
        let codes = Array2::from_shape_fn((5, 4), |(_, sample)| sample as u8 % 3);
        labels.add_section(Section::crossline(3), codes.view()).unwrap();
        let dataset = build(&cube, &labels, &[Plane::Crossline], &Split::None).unwrap();
        for ((trace, sample), &amplitude) in dataset.sections()[0].channels.iter().next().unwrap().indexed_iter() {
            assert_eq!(amplitude, scaling().scaled(cube.samples()[[trace, 3, sample]]));
        }
    }

    #[test]
    fn the_honest_split_of_f3_has_these_counts_and_leaks_nothing() {
        let Some((labels, _)) = f3_labels() else { return };
        let geometry = labels.geometry().clone();
        let volume = MemoryVolume::new(geometry.clone(), ndarray::Array3::ones(geometry.shape())).unwrap();
        let reader = SectionReader::new(&volume, scaling());
        let build = |split| SeismicDataset::build(&reader, &labels, &classes(9), &[Plane::Inline], &split).unwrap();
        let honest = build(stripes(95, 33, 30));
        assert_eq!(honest.leak(65), 0);
        let counts = [Subset::Train, Subset::Test, Subset::Gap].map(|subset| honest.counts(subset));
        // Counted from the point files with numpy: (crossline - 300) % 191 < 95, in [128, 158), elsewhere.
        let expected = [
            [8_840, 9_055, 7_087, 6_614, 9_348, 8_467, 10_542, 4_142, 4_716],
            [3_037, 2_965, 1_935, 2_125, 2_819, 3_737, 2_882, 688, 1_909],
            [8_193, 6_237, 4_344, 4_544, 5_824, 6_806, 8_009, 2_669, 3_577],
        ];
        assert_eq!(counts, expected);

        let random = build(Split::Random(RandomSplit { test: 0.25, validation: 0.0, seed: 1 }));
        assert_eq!(random.leak(65), random.total(Subset::Test));
    }
}

//! How networks that segment go through a section: whole where memory allows, else in parts that see far enough round
//! themselves.
//!
//! Such a network puts zeros round what it is given, and its maps are apart by a multiple of voxels. So that a part gives what
//! the whole section would, its input begins at a multiple, counted from the beginning of the section, and reaches over what
//! is kept by as much as the network sees, or to the edge of the section.

use super::dense::{Place, VOXELS_AT_A_TIME};
use super::engine::SectionView;
use crate::network::{
    Device, Draw, Moments, NetworkError, PlacedSection, Predictor, Probabilities, Segment, Segmentation,
};

/// The division of the window of a section. All inputs and all kept parts have one shape each, whoever computes them. All
/// lengths are `[samples, traces]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    axes: [Axis; 2],
    /// Parts computed at a time.
    pub(super) together: usize,
}

/// The division along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Axis {
    /// The section, filled up to a multiple.
    filled: usize,
    /// First voxel of the window in the section.
    first: usize,
    /// Voxels of the window.
    window: usize,
    /// Voxels that one part keeps.
    kept: usize,
    /// Voxels that one part sees.
    input: usize,
    segmentation: Segmentation,
}

impl Parts {
    /// Of the windows `first..first + length`, `[samples, traces]`, of a section, keeping at most `largest` voxels a side.
    pub(super) fn new(
        segmentation: Segmentation,
        device: Device,
        largest: usize,
        section: [usize; 2],
        [samples, traces]: [(usize, usize); 2],
    ) -> Self {
        let axis = |section: usize, (first, window): (usize, usize)| {
            let Segmentation { multiple, reach } = segmentation;
            let filled = section.max(first + window).next_multiple_of(multiple);
            let kept = window.div_ceil(window.div_ceil(largest.max(1)).max(1));
            // The first voxel seen is rounded down to a multiple.
            let seen = kept.saturating_add(2 * reach + multiple - 1).next_multiple_of(multiple);
            Axis { filled, first, window, kept, input: seen.min(filled), segmentation }
        };
        let axes = [axis(section[0], samples), axis(section[1], traces)];
        let wanted = VOXELS_AT_A_TIME.div_ceil((axes[0].input * axes[1].input).max(1));
        let count = axes[0].count() * axes[1].count();
        let together = if device.is_cuda() { wanted.min(count) } else { 1 };
        Self { axes, together: together.max(1) }
    }

    /// What one part sees.
    pub(super) fn input(&self) -> [usize; 2] {
        self.axes.map(|axis| axis.input)
    }

    /// What one part keeps.
    pub(super) fn kept(&self) -> [usize; 2] {
        self.axes.map(|axis| axis.kept)
    }

    /// The section, filled up to multiples.
    pub(super) fn filled(&self) -> [usize; 2] {
        self.axes.map(|axis| axis.filled)
    }

    /// What each part keeps, and what it sees for that, in groups of those computed together. The last group is filled up with
    /// parts of its own.
    fn groups(&self) -> Vec<Vec<([usize; 2], Segment)>> {
        let [down, across] = &self.axes;
        let part = |number: usize| {
            let (row, column) = (down.part(number % down.count()), across.part(number / down.count()));
            let segment = Segment { input: [row.input, column.input], kept: [row.kept, column.kept] };
            ([row.first, column.first], segment)
        };
        let parts: Vec<_> = (0..down.count() * across.count()).map(part).collect();
        let full = |group: &[_]| group.iter().copied().cycle().take(self.together).collect();
        parts.chunks(self.together).map(full).collect()
    }
}

/// One part along one axis.
struct Part {
    /// First voxel kept, in the window.
    first: usize,
    /// First voxel seen, in the section.
    input: usize,
    /// First voxel kept, in what is seen.
    kept: usize,
}

impl Axis {
    fn count(&self) -> usize {
        self.window.div_ceil(self.kept.max(1))
    }

    fn part(&self, number: usize) -> Part {
        let Segmentation { multiple, reach } = self.segmentation;
        // The last one begins earlier, so that none reaches beyond the window.
        let first = (number * self.kept).min(self.window - self.kept);
        let place = self.first + first;
        let aligned = place.saturating_sub(reach) / multiple * multiple;
        let input = aligned.min(self.filled - self.input);
        Part { first, input, kept: place - input }
    }
}

/// Parts that are computed together.
pub(super) struct Group<'p> {
    /// Where each lies in the window.
    pub(super) places: Vec<Place>,
    placed: &'p PlacedSection<'p>,
    segments: Vec<Segment>,
    parts: Parts,
}

impl Group<'_> {
    /// Their class probabilities.
    pub(super) fn probabilities(&self) -> Result<Probabilities, NetworkError> {
        self.placed.segments(&self.segments, self.parts.input(), self.parts.kept())
    }

    /// What passes with dropout say of them.
    pub(super) fn moments(&self, draw: &Draw) -> Result<Moments, NetworkError> {
        self.placed.sampled_segments(&self.segments, self.parts.input(), self.parts.kept(), draw)
    }
}

/// Hands every group of parts that holds a live trace to `take`.
pub(super) fn each_group(
    predictor: &Predictor,
    segmentation: Segmentation,
    largest: usize,
    view: &SectionView<'_>,
    mut take: impl FnMut(&Group<'_>) -> Result<(), NetworkError>,
) -> Result<(), NetworkError> {
    let window = view.window;
    if window.shape().contains(&0) {
        return Ok(());
    }
    let [traces, samples] = [&window.traces, &window.samples].map(|range| (range.start, range.len()));
    let [section_traces, section_samples] = view.section.shape();
    let section = [section_samples, section_traces];
    let parts = Parts::new(segmentation, predictor.device(), largest, section, [samples, traces]);
    let placed = predictor.place(view.whole(parts.filled()).view())?;
    let [rows, columns] = parts.kept();
    for group in parts.groups() {
        let place = |&([first_sample, first_trace], _): &([usize; 2], Segment)| Place {
            first_sample,
            first_trace,
            rows,
            columns,
        };
        let places: Vec<Place> = group.iter().map(place).collect();
        if places.iter().any(|place| place.is_live(view)) {
            let segments = group.iter().map(|(_, segment)| *segment).collect();
            take(&Group { places, placed: &placed, segments, parts })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array3, Axis as Along, concatenate, s};

    use super::super::test_network::{loud_sampling_predictor, noise, predictor, unet};
    use super::super::{
        Engine, Outputs, PredictError, PredictOptions, SectionWindow, Uncertainty, interpret_section,
        section_probabilities,
    };
    use super::*;
    use crate::dataset::Padding;
    use crate::grid::Section;
    use crate::network::MonteCarlo;

    fn computed(tile: usize, window: &SectionWindow, live: &Array1<bool>) -> Array3<f32> {
        let (section, engine) = (noise(150, 131), Engine::Dense { tile });
        let predictor = predictor(unet());
        section_probabilities(&predictor, engine, Padding::Zero, &section.into(), live.view(), window).unwrap()
    }

    fn largest_difference(a: &Array3<f32>, b: &Array3<f32>) -> f32 {
        assert_eq!(a.dim(), b.dim());
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    /// Sides that are no multiples of 4, the distance of the smallest map's values.
    #[test]
    fn parts_and_windows_are_those_of_the_whole_section() {
        let mut live = Array1::from_elem(150, true);
        let whole = SectionWindow::whole([150, 131]);
        let reference = computed(4096, &whole, &live);
        for tile in [150, 60, 37, 10] {
            let difference = largest_difference(&reference, &computed(tile, &whole, &live));
            assert!(difference < 1e-5, "{tile}: {difference}");
        }
        let window = SectionWindow { traces: 97..150, samples: 6..9 };
        let part = reference.slice(s![.., 97..150, 6..9]).to_owned();
        for tile in [500, 20] {
            assert!(largest_difference(&part, &computed(tile, &window, &live)) < 1e-5);
        }
        live.slice_mut(s![..140]).fill(false);
        let mut expected = reference.clone();
        expected.slice_mut(s![.., ..140, ..]).fill(0.0);
        assert!(largest_difference(&expected, &computed(10, &whole, &live)) < 1e-5);
    }

    /// Parts that begin in other places see other edges of their own, but the same units dropped.
    #[test]
    fn passes_with_dropout_over_parts_and_windows_are_those_of_the_whole_section() {
        let (section, live) = (noise(150, 131).into(), Array1::from_elem(150, true));
        let predictor = loud_sampling_predictor(unet());
        let sampled = |tile, window: SectionWindow| {
            let options = PredictOptions {
                engine: Engine::Dense { tile },
                padding: Padding::Zero,
                sections: Vec::new(),
                window,
                outputs: Outputs { probability: true, ..Outputs::default().with(Uncertainty::Deviation) },
                both_planes: false,
                monte_carlo: Some(MonteCarlo { passes: 3, seed: 2 }),
            };
            let said = interpret_section(&predictor, &options, Section::inline(3), &section, live.view()).unwrap();
            let deviation = said.uncertainty[0].1.clone().insert_axis(Along(0));
            concatenate![Along(0), said.probability.unwrap(), deviation]
        };
        let whole = SectionWindow::whole([150, 131]);
        let reference = sampled(4096, whole.clone());
        let mean = reference.slice(s![-1, .., ..]).mean().unwrap();
        assert!(mean > 1e-3, "{mean}");
        let difference = largest_difference(&reference, &sampled(50, whole));
        assert!(difference < 2e-5, "{difference}");
        let window = SectionWindow { traces: 97..150, samples: 6..39 };
        let part = reference.slice(s![.., 97..150, 6..39]).to_owned();
        let difference = largest_difference(&part, &sampled(20, window));
        assert!(difference < 2e-5, "{difference}");
    }

    #[test]
    fn the_patch_engine_is_refused() {
        let (section, live) = (noise(9, 9), Array1::from_elem(9, true));
        let whole = SectionWindow::whole([9, 9]);
        let predictor = predictor(unet());
        let refused =
            section_probabilities(&predictor, Engine::PATCH, Padding::Zero, &section.into(), live.view(), &whole);
        assert!(matches!(refused, Err(PredictError::Network(NetworkError::NoPatchForm))));
    }

    #[test]
    fn parts_cover_the_window_and_see_far_enough_from_a_multiple_on() {
        for (multiple, reach, section, first, window, largest) in [
            (16, 90, 1501, 0, 1501, 512),
            (16, 90, 1501, 700, 33, 512),
            (16, 90, 1504, 1490, 14, 4),
            (8, 11, 50, 0, 50, 64),
            (8, 11, 50, 3, 47, 1),
            (32, 300, 400, 10, 380, 100),
        ] {
            let segmentation = Segmentation { multiple, reach };
            let (traces, samples) = ((0, 1), (first, window));
            let parts = Parts::new(segmentation, Device::cpu(), largest, [section, 1], [samples, traces]);
            let [input, kept] = [parts.input()[0], parts.kept()[0]];
            assert!(kept <= largest && input % multiple == 0 && input <= section.next_multiple_of(multiple));
            let mut covered = vec![false; window];
            for ([from, _], segment) in parts.groups().concat() {
                covered[from..from + kept].fill(true);
                let place = first + from;
                assert_eq!(segment.input[0] + segment.kept[0], place);
                assert_eq!(segment.input[0] % multiple, 0);
                assert!(segment.input[0] + reach <= place || segment.input[0] == 0);
                let end = segment.input[0] + input;
                assert!(place + kept + reach <= end || end == section.next_multiple_of(multiple), "{segment:?}");
            }
            assert!(covered.iter().all(|&covered| covered));
        }
    }
}

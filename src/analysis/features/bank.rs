//! Families of features, and lists of them.

use ndarray::{Array2, ArrayView2, ArrayView3};

use super::{attributes, color, cooccurrence, edges, gabor, moments, noise, reduced, structure};

/// What is described.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// Red, green and blue in 0..1, `[colour, row, column]`.
    Picture(ArrayView3<'a, f32>),
    /// Amplitudes in -1..1, `[trace, sample]`.
    Patch(ArrayView2<'a, f32>),
}

/// A family of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Mean, deviation and histogram of each colour; pictures only.
    Color,
    /// Histogram of the grey values.
    Grey,
    /// The grey values themselves on a grid of 8 x 8.
    Reduced,
    /// Mean and deviation of the answers to Gabor filters of three wavelengths and four directions.
    Gabor,
    /// Strength and directions of edges (Sobel).
    Edges,
    /// Entropy and the level of noise.
    Noise,
    /// Mean, deviation, skewness and kurtosis.
    Moments,
    /// Contrast, homogeneity, energy, correlation and entropy of co-occurring grey levels (Haralick 1973).
    Cooccurrence,
    /// Dip and coherence from the structure tensor.
    Structure,
    /// Envelope, phase and frequency along the vertical axis (Taner et al. 1979); patches only.
    Attributes,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Color,
        Self::Grey,
        Self::Reduced,
        Self::Gabor,
        Self::Edges,
        Self::Noise,
        Self::Moments,
        Self::Cooccurrence,
        Self::Structure,
        Self::Attributes,
    ];

    /// Whether photographs have it.
    pub fn describes_pictures(self) -> bool {
        self != Self::Attributes
    }

    /// Whether patches of seismic sections have it.
    pub fn describes_patches(self) -> bool {
        self != Self::Color
    }

    /// Its name in tables and jobs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Color => "color",
            Self::Grey => "grey",
            Self::Reduced => "reduced",
            Self::Gabor => "gabor",
            Self::Edges => "edges",
            Self::Noise => "noise",
            Self::Moments => "moments",
            Self::Cooccurrence => "cooccurrence",
            Self::Structure => "structure",
            Self::Attributes => "attributes",
        }
    }
}

/// A list of families, applied to many subjects of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureBank(Vec<Family>);

impl FeatureBank {
    /// Rows and columns that a subject has at least.
    pub const LEAST_SIDE: usize = 8;

    /// These families, each once, in the order in which they are named first.
    pub fn new(families: &[Family]) -> Self {
        let mut once = Vec::new();
        families.iter().for_each(|family| {
            if !once.contains(family) {
                once.push(*family)
            }
        });
        Self(once)
    }

    /// What describes photographs.
    pub fn of_pictures() -> Self {
        use Family::*;
        Self(vec![Color, Grey, Reduced, Gabor, Edges, Noise, Moments, Cooccurrence])
    }

    /// What describes patches of seismic sections.
    pub fn of_patches() -> Self {
        use Family::*;
        Self(vec![Grey, Reduced, Gabor, Edges, Noise, Moments, Cooccurrence, Structure, Attributes])
    }

    /// Its families.
    pub fn families(&self) -> &[Family] {
        &self.0
    }

    /// Names of the values that [`FeatureBank::describe`] gives for such a subject: `gabor_1`, `gabor_2`, ...
    ///
    /// # Panics
    /// As [`FeatureBank::describe`].
    pub fn names(&self, subject: Subject<'_>) -> Vec<String> {
        let plane = grey(subject);
        let of_family = |family: &Family| {
            let count = values_of(*family, subject, plane.view()).len();
            (1..=count).map(move |place| format!("{}_{place}", family.name())).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(of_family).collect()
    }

    /// Values of all families, one after the other; as many for every subject of one kind and size.
    ///
    /// # Panics
    /// When the subject has fewer than 8 x 8 values.
    pub fn describe(&self, subject: Subject<'_>) -> Vec<f32> {
        let plane = grey(subject);
        let mut values: Vec<f32> = self.0.iter().flat_map(|family| values_of(*family, subject, plane.view())).collect();
        values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = 0.0);
        values
    }
}

/// What families see that do not look at colours or amplitudes: grey values in 0..1.
fn grey(subject: Subject<'_>) -> Array2<f32> {
    let plane = match subject {
        Subject::Picture(picture) => color::brightness(picture),
        Subject::Patch(patch) => patch.mapv(|amplitude| (amplitude + 1.0) / 2.0),
    };
    let least = plane.nrows().min(plane.ncols());
    assert!(least >= FeatureBank::LEAST_SIDE, "a subject of at least 8 x 8 values");
    plane
}

fn values_of(family: Family, subject: Subject<'_>, plane: ArrayView2<'_, f32>) -> Vec<f32> {
    let mut values = Vec::new();
    match (family, subject) {
        (Family::Color, Subject::Picture(picture)) => color::describe(picture, &mut values),
        (Family::Attributes, Subject::Patch(patch)) => attributes::describe(patch, &mut values),
        (Family::Color, Subject::Patch(_)) | (Family::Attributes, Subject::Picture(_)) => {}
        (Family::Grey, _) => values.extend(color::histogram::<16>(plane.iter().copied())),
        (Family::Reduced, _) => reduced::describe(plane, &mut values),
        (Family::Gabor, _) => gabor::describe(plane, &mut values),
        (Family::Edges, _) => edges::describe(plane, &mut values),
        (Family::Noise, _) => noise::describe(plane, &mut values),
        (Family::Moments, _) => values.extend(moments::of(plane.iter().copied())),
        (Family::Cooccurrence, _) => cooccurrence::describe(plane, &mut values),
        (Family::Structure, _) => structure::describe(plane, &mut values),
    }
    values
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    fn waves(side: usize, along: f32, across: f32) -> Array2<f32> {
        Array2::from_shape_fn((side, side), |(x, y)| (along * x as f32 + across * y as f32).sin())
    }

    #[test]
    fn every_family_gives_finite_values_and_tells_textures_apart() {
        let (first, second) = (waves(65, 0.2, 0.9), waves(65, 0.9, 0.3) * 0.5);
        for &family in FeatureBank::of_patches().families() {
            let bank = FeatureBank(vec![family]);
            let [a, b] = [&first, &second].map(|plane| bank.describe(Subject::Patch(plane.view())));
            assert_eq!(a.len(), b.len());
            assert_eq!(bank.names(Subject::Patch(first.view())).len(), a.len());
            assert_ne!(a, b, "{family:?}");
            for constant in [-1.0, 0.0, 1.0] {
                let flat = bank.describe(Subject::Patch(Array2::from_elem((65, 65), constant).view()));
                assert_eq!(flat.len(), a.len());
                assert!(flat.iter().all(|value| value.is_finite()));
            }
        }
    }

    #[test]
    fn subjects_have_values_of_their_own_families_alone() {
        let picture = Array3::from_shape_fn((3, 12, 12), |(c, x, y)| ((c + 3 * x + y) % 7) as f32 / 7.0);
        let (picture, patch) = (Subject::Picture(picture.view()), waves(12, 0.4, 0.7));
        for family in Family::ALL {
            let values = |subject| FeatureBank::new(&[family, family]).describe(subject).len();
            assert_eq!(values(picture) > 0, family.describes_pictures(), "{family:?}");
            assert_eq!(values(Subject::Patch(patch.view())) > 0, family.describes_patches(), "{family:?}");
        }
        let once = FeatureBank::new(&[Family::Moments, Family::Grey, Family::Moments]);
        assert_eq!(once.families(), [Family::Moments, Family::Grey]);
    }

    #[test]
    fn pictures_of_two_colours_differ_in_colour_alone() {
        // Equally bright: brightness weighs red with 0.299 and blue with 0.114.
        let picture = |color: [f32; 3]| Array3::from_shape_fn((3, 16, 16), |(c, ..)| color[c]);
        let [red, blue] = [picture([0.114, 0.0, 0.0]), picture([0.0, 0.0, 0.299])];
        let of = |families: Vec<Family>, picture: &Array3<f32>| {
            FeatureBank(families).describe(Subject::Picture(picture.view()))
        };
        assert_ne!(of(vec![Family::Color], &red), of(vec![Family::Color], &blue));
        let rest = || FeatureBank::of_pictures().0.into_iter().filter(|family| *family != Family::Color).collect();
        for (a, b) in of(rest(), &red).into_iter().zip(of(rest(), &blue)) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
}

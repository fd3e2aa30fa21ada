//! Families of features, and lists of them.

use ndarray::{ArrayView2, ArrayView3};

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

    /// These families, without those that `subject` does not have.
    pub fn families(&self) -> &[Family] {
        &self.0
    }

    /// Values of all families, one after the other; as many for every subject of one kind and size.
    ///
    /// # Panics
    /// When the subject has fewer than 8 x 8 values.
    pub fn describe(&self, subject: Subject<'_>) -> Vec<f32> {
        let plane = match subject {
            Subject::Picture(picture) => color::brightness(picture),
            // Grey in 0..1, as pictures have it.
            Subject::Patch(patch) => patch.mapv(|amplitude| (amplitude + 1.0) / 2.0),
        };
        assert!(plane.nrows() >= 8 && plane.ncols() >= 8, "a subject of at least 8 x 8 values");
        let mut values = Vec::new();
        for family in &self.0 {
            match (family, subject) {
                (Family::Color, Subject::Picture(picture)) => color::describe(picture, &mut values),
                (Family::Attributes, Subject::Patch(patch)) => attributes::describe(patch, &mut values),
                (Family::Color, Subject::Patch(_)) | (Family::Attributes, Subject::Picture(_)) => {}
                (Family::Grey, _) => values.extend(color::histogram::<16>(plane.iter().copied())),
                (Family::Reduced, _) => reduced::describe(plane.view(), &mut values),
                (Family::Gabor, _) => gabor::describe(plane.view(), &mut values),
                (Family::Edges, _) => edges::describe(plane.view(), &mut values),
                (Family::Noise, _) => noise::describe(plane.view(), &mut values),
                (Family::Moments, _) => values.extend(moments::of(plane.iter().copied())),
                (Family::Cooccurrence, _) => cooccurrence::describe(plane.view(), &mut values),
                (Family::Structure, _) => structure::describe(plane.view(), &mut values),
            }
        }
        values.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = 0.0);
        values
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};

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
            assert_ne!(a, b, "{family:?}");
            for constant in [-1.0, 0.0, 1.0] {
                let flat = bank.describe(Subject::Patch(Array2::from_elem((65, 65), constant).view()));
                assert_eq!(flat.len(), a.len());
                assert!(flat.iter().all(|value| value.is_finite()));
            }
        }
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

//! Mean and spread of what a network says in several passes with dropout.
//!
//! What comes before the first dropout is computed once, what comes behind it in every pass.

use ndarray::{Array3, Array4};
use tch::{Kind, Tensor};

use super::array::values;
use super::dropout::Lots;
use super::prepared::{Prepared, Step};
use super::sequential::{cut_to, filled_up, joined};
use super::temperature::probabilities;
use super::{Join, NetworkError};

/// What the passes say of tiles or patches; trailing axes are `[column, row]`, traces first as sections are, `[1, 1]` of
/// patches.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Mean probability of every class `[n, K, column, row]`.
    pub mean: Array4<f32>,
    /// Standard deviation of every class's probability over the passes `[n, K, column, row]`, the sum of squares divided by
    /// their number.
    pub deviation: Array4<f32>,
    /// Mean over the passes of the entropy of the probabilities `[n, column, row]`, in nats.
    pub entropy: Array3<f32>,
}

impl Prepared {
    /// Refuses a network whose passes would all be the same.
    pub(super) fn check_dropout(&self) -> Result<(), NetworkError> {
        if self.first_draw.is_some() { Ok(()) } else { Err(NetworkError::NoDropout) }
    }

    /// [`Moments`] of windows `[N, C, H + r - 1, W + r - 1]` by the dense form, `[N, 2 K + 1, H, W]`.
    ///
    /// What comes before the first dropout is computed once. Dropped units are units of the section: the windows of
    /// neighbouring voxels, which share units, share their lots, too. Of each voxel by itself the passes are as many
    /// independent draws as in the patch form.
    pub(super) fn dense_moments(&self, windows: &Tensor, lots: &Lots) -> Result<Tensor, NetworkError> {
        self.check_dropout()?;
        self.dense(windows, Some(lots))
    }

    /// [`Moments`] of patches `[N, C, patch, patch]`, `[N, 2 K + 1]`.
    pub(super) fn patch_moments(&self, patches: &Tensor, lots: &Lots) -> Result<Tensor, NetworkError> {
        let first = self.first_draw.ok_or(NetworkError::NoDropout)?;
        tch::no_grad(|| {
            let values = self.narrowed(patches)?.f_to_kind(self.kind())?;
            let values = self.patch_steps(values, &self.steps[..first], None)?;
            over_passes(lots, |pass| {
                let lots = lots.of_pass(pass);
                let scores = self.patch_steps(values.shallow_clone(), &self.steps[first..], Some(&lots))?;
                Ok(if scores.dim() == 4 { scores.f_flatten(1, -1)? } else { scores })
            })
        })
    }

    /// [`Moments`] of pictures `[N, C, H, W]` by a network that segments, `[N, 2 K + 1, h, w]`, of the part of the scores that
    /// `kept` takes.
    pub(super) fn native_moments(
        &self,
        pictures: &Tensor,
        lots: &Lots,
        kept: impl Fn(&Tensor) -> Result<Tensor, NetworkError>,
    ) -> Result<Tensor, NetworkError> {
        let multiple = self.segmentation.ok_or(NetworkError::NoDenseForm)?.multiple;
        self.check_dropout()?;
        tch::no_grad(|| {
            let filled = filled_up(pictures, multiple)?.f_to_kind(self.kind())?;
            let parting = self.parting(filled)?;
            over_passes(lots, |pass| kept(&cut_to(&self.on_from(&parting, &lots.of_pass(pass))?, pictures)?))
        })
    }

    /// Computes what all passes share: up to the first dropout, in whichever branch it lies, and the branches beside it.
    fn parting(&self, mut values: Tensor) -> Result<Parting<'_>, NetworkError> {
        let (mut steps, mut joints) = (&self.steps[..], Vec::new());
        loop {
            let first = steps.iter().position(Step::draws).unwrap_or(steps.len());
            values = self.branch(&values, &steps[..first], None)?;
            let Some(Step::Branches { branches, join }) = steps.get(first) else {
                return Ok(Parting { values, rest: &steps[first..], joints });
            };
            let draws = |branch: &Vec<Step>| branch.iter().any(Step::draws);
            let place = branches.iter().position(draws).unwrap_or_default();
            if branches.iter().skip(place + 1).any(draws) {
                return Ok(Parting { values, rest: &steps[first..], joints });
            }
            let mut beside = Vec::with_capacity(branches.len());
            for (number, branch) in branches.iter().enumerate() {
                beside.push(if number == place { None } else { Some(self.branch(&values, branch, None)?) });
            }
            joints.push(Joint { beside, join: *join, rest: &steps[first + 1..] });
            steps = &branches[place];
        }
    }

    /// What one pass makes of it.
    fn on_from(&self, parting: &Parting<'_>, lots: &Lots) -> Result<Tensor, NetworkError> {
        let mut values = self.branch(&parting.values, parting.rest, Some(lots))?;
        for Joint { beside, join, rest } in parting.joints.iter().rev() {
            let ends = beside.iter().map(|end| end.as_ref().unwrap_or(&values).shallow_clone());
            values = self.patch_steps(joined(&ends.collect::<Vec<_>>(), *join)?, rest, Some(lots))?;
        }
        Ok(values)
    }
}

/// Where the passes part.
struct Parting<'a> {
    /// What goes into the first step that draws lots.
    values: Tensor,
    /// That step and those behind it in its branch.
    rest: &'a [Step],
    /// Where the branch meets others, the innermost last.
    joints: Vec<Joint<'a>>,
}

/// Where branches meet, one of which draws lots.
struct Joint<'a> {
    /// What the others give; `None` in the place of the one.
    beside: Vec<Option<Tensor>>,
    join: Join,
    /// The steps behind it.
    rest: &'a [Step],
}

/// Mean and deviation of the probabilities and mean of their entropy along axis 1, from the scores of every pass.
///
/// The running form of B. P. Welford ("Note on a method for calculating corrected sums of squares and products", 1962).
pub(super) fn over_passes(
    lots: &Lots,
    mut scores: impl FnMut(usize) -> Result<Tensor, NetworkError>,
) -> Result<Tensor, NetworkError> {
    let mut of_pass = |pass| -> Result<_, NetworkError> {
        let probabilities = probabilities(&scores(pass)?.f_to_kind(Kind::Float)?, lots.temperature)?;
        let entropy = probabilities.f_xlogy(&probabilities)?.f_sum_dim_intlist(1, true, Kind::Float)?;
        Ok((probabilities, entropy))
    };
    let passes = lots.passes;
    let (mut mean, mut entropy) = of_pass(0)?;
    let mut squares = mean.f_zeros_like()?;
    for pass in 1..passes {
        let (probabilities, of_this) = of_pass(pass)?;
        let before = probabilities.f_sub(&mean)?;
        let _ = mean.f_add_(&before.f_div_scalar((pass + 1) as f64)?)?;
        let _ = squares.f_add_(&before.f_mul(&probabilities.f_sub(&mean)?)?)?;
        let _ = entropy.f_add_(&of_this)?;
    }
    let deviation = squares.f_div_scalar(passes as f64)?.f_clamp_min(0.0)?.f_sqrt()?;
    Ok(Tensor::f_cat(&[mean, deviation, entropy.f_div_scalar(-(passes as f64))?], 1)?)
}

impl Moments {
    /// From `[n, 2 K + 1, row, column]` or `[n, 2 K + 1]`.
    pub(super) fn from_tensor(tensor: &Tensor) -> Result<Self, NetworkError> {
        let tensor = match tensor.dim() {
            2 => tensor.f_unsqueeze(-1)?.f_unsqueeze(-1)?,
            _ => tensor.f_transpose(2, 3)?,
        };
        let (n, channels, columns, rows) = tensor.size4()?;
        let classes = (channels - 1) / 2;
        let fits = "as many values as the tensor's shape says";
        let part = |first, count: i64| -> Result<_, NetworkError> {
            let shape = (n as usize, count as usize, columns as usize, rows as usize);
            Ok(Array4::from_shape_vec(shape, values(&tensor.f_narrow(1, first, count)?)?).expect(fits))
        };
        let entropy = part(2 * classes, 1)?.remove_axis(ndarray::Axis(1));
        Ok(Self { mean: part(0, classes)?, deviation: part(classes, classes)?, entropy })
    }
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::super::dropout::{Draw, MonteCarlo};
    use super::super::sequential::Sequential;
    use super::super::{Architecture, Convolution, Encoder, Layer, Layers, Padding, Precision, Unet};
    use super::*;
    use crate::grid::Section;

    fn draw(passes: usize) -> Draw {
        Draw { monte_carlo: MonteCarlo { passes, seed: 4 }, section: Section::inline(3), origin: [10, 20] }
    }

    fn noise(size: [i64; 4]) -> Tensor {
        tch::manual_seed(1);
        Tensor::rand(size, (Kind::Float, Device::Cpu)) * 2 - 1
    }

    /// Between dropout and scores everything is linear here, so the mean over passes tends to what no dropout gives.
    #[test]
    fn the_mean_of_linear_passes_tends_to_the_exact_scores_as_one_over_the_root_of_their_number() {
        let linear = |name: &str, inputs, outputs| Layer::Linear { name: name.into(), inputs, outputs };
        let layers = vec![
            Layer::Convolution(Convolution::square("c", 1, 8, 3)),
            Layer::Relu,
            Layer::Dropout(0.5),
            linear("a", 8, 16),
            Layer::Dropout(0.3),
            linear("b", 16, 3),
        ];
        let network = Sequential::fresh(Layers { layers, padding: Padding::Valid, patch: 5 }, 3).unwrap();
        let exact = Prepared::new(&network, Precision::Float32).unwrap();
        let sampling = Prepared::with_dropout(&network, Precision::Float32).unwrap();
        let windows = noise([2, 1, 12, 12]);
        let expected = exact.dense_scores(&windows).unwrap();
        let lots = Lots::of_tiles(&draw(0), &[[0, 0], [40, 40]]);
        let mut sum = expected.zeros_like();
        let mut errors = Vec::new();
        for pass in 0..1600 {
            sum += sampling.dense(&windows, Some(&lots.of_pass(pass))).unwrap();
            if [99, 1599].contains(&pass) {
                let difference: Tensor = &sum / (pass + 1) as f64 - &expected;
                errors.push(difference.square().mean(Kind::Float).double_value(&[]).sqrt());
            }
        }
        let spread = expected.std(true).double_value(&[]);
        assert!(errors[1] < 0.05 * spread, "{errors:?} of {spread}");
        // Sixteen times the passes, a quarter of the error.
        assert!((2.5..6.5).contains(&(errors[0] / errors[1])), "{errors:?}");
    }

    #[test]
    fn mean_deviation_and_entropy_are_those_of_the_passes() {
        let scores: Vec<Tensor> = (0..7).map(|_| Tensor::randn([2, 3], (Kind::Float, Device::Cpu))).collect();
        let lots = Lots::of_tiles(&draw(7), &[[0, 0]]).calibrated(Some(2.0));
        let moments = over_passes(&lots, |pass| Ok(scores[pass].shallow_clone())).unwrap();
        let all = (Tensor::stack(&scores, 0) / 2.0).softmax(-1, Kind::Float);
        let entropy = -(&all * all.log()).sum_dim_intlist(-1, true, Kind::Float);
        let expected = Tensor::cat(
            &[
                all.mean_dim(0, false, Kind::Float),
                all.std_dim(0, false, false),
                entropy.mean_dim(0, false, Kind::Float),
            ],
            1,
        );
        let difference = (moments - expected).abs().max().double_value(&[]);
        assert!(difference < 1e-6, "{difference}");
    }

    /// What the passes share is computed once, and each is what it would be from the beginning.
    #[test]
    fn passes_of_a_u_net_are_those_of_whole_computations() {
        for (encoder, batch_norm) in [(Encoder::Vgg16, false), (Encoder::Resnet18, true)] {
            let unet = Unet { encoder, decoder: vec![6, 4], dropout: 0.5, batch_norm };
            let layers = Architecture::Unet(unet).layers(65, 3).unwrap();
            let prepared = Prepared::with_dropout(&Sequential::fresh(layers, 3).unwrap(), Precision::Float32).unwrap();
            let pictures = noise([2, 1, 24, 32]);
            let lots = Lots::of_pictures(&draw(3), &[[0, 0], [16, 8]], 24);
            let moments = prepared.native_moments(&pictures, &lots, |scores| Ok(scores.shallow_clone())).unwrap();
            let pass = |pass| prepared.patch_steps(pictures.copy(), &prepared.steps, Some(&lots.of_pass(pass)));
            let expected = tch::no_grad(|| over_passes(&lots, pass)).unwrap();
            assert_eq!(moments.size(), [2, 7, 24, 32]);
            assert!(moments == expected, "{encoder:?}");
            assert!(moments.narrow(1, 3, 3).min().double_value(&[]) > 0.0, "{encoder:?}");
        }
    }

    #[test]
    fn tiles_cut_and_grouped_in_any_way_see_the_same_lots() {
        // Dropout before strides, and behind the last of them.
        let head = super::super::Head { hidden: vec![6], dropout: 0.5, batch_norm: true, batch_norm_scores: true };
        let cut = Some("conv3_1".into());
        for architecture in [
            Architecture::Waldeland { padding: Padding::Valid },
            Architecture::Vgg16 { cut, padding: Padding::Valid, head },
        ] {
            let layers = architecture.layers(65, 3).unwrap();
            let field = layers.receptive_field().unwrap() as i64;
            let network = Sequential::fresh(layers, 7).unwrap();
            let prepared = Prepared::with_dropout(&network, Precision::Float32).unwrap();
            let section = noise([1, 1, 64 + field - 1, 64 + field - 1]);
            let moments = |corner: [i64; 2], shape: [i64; 2]| {
                let window =
                    section.narrow(2, corner[0], shape[0] + field - 1).narrow(3, corner[1], shape[1] + field - 1);
                let corner = corner.map(|place| place as usize);
                prepared.dense_moments(&window, &Lots::of_tiles(&draw(3), &[corner])).unwrap()
            };
            let whole = moments([0, 0], [64, 64]);
            let deviation = whole.narrow(1, 3, 3).mean(Kind::Float).double_value(&[]);
            assert!(deviation > 1e-4, "{deviation}");
            for (corner, shape) in [([0, 0], [32, 32]), ([17, 5], [33, 40]), ([40, 50], [9, 14])] {
                let same = whole.narrow(2, corner[0], shape[0]).narrow(3, corner[1], shape[1]);
                let difference = (moments(corner, shape) - same).abs().max().double_value(&[]);
                assert!(difference < 1e-5, "{}: {difference} at {corner:?}", architecture.title());
            }
        }
    }
}

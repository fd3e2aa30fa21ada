//! What an optimiser does to weights.

use std::collections::BTreeMap;

use tch::Tensor;

use super::super::NetworkError;
use super::super::array::NamedArray;
use super::super::parameters::Parameters;
use super::{GradientClip, MomentumOf, OptimizerOptions, Update};

/// An optimiser and its running state, up to three tensors a weight.
#[derive(Debug)]
pub(in super::super) struct Optimizer {
    options: OptimizerOptions,
    clip: Option<GradientClip>,
    state: BTreeMap<String, Tensor>,
}

impl Optimizer {
    pub(in super::super) fn new(options: OptimizerOptions, clip: Option<GradientClip>) -> Self {
        Self { options, clip, state: BTreeMap::new() }
    }

    /// Updates the trainable parameters along the gradients of `loss`.
    pub(in super::super) fn step(
        &mut self,
        parameters: &mut Parameters,
        loss: &Tensor,
        update: &Update,
    ) -> Result<(), NetworkError> {
        let trainable: Vec<_> = parameters.0.iter_mut().filter(|(_, parameter)| parameter.trainable).collect();
        let weights: Vec<&Tensor> = trainable.iter().map(|(_, parameter)| &parameter.tensor).collect();
        // Gradients of this step alone: nothing is kept to be summed into and zeroed.
        let gradients = Tensor::f_run_backward(&[loss], &weights, false, false)?;
        tch::no_grad(|| {
            // Without a gradient are weights that the loss does not depend on.
            let (mut used, mut contiguous) = (Vec::new(), Vec::new());
            for (entry, gradient) in trainable.into_iter().zip(gradients).filter(|(_, gradient)| gradient.defined()) {
                used.push(entry);
                contiguous.push(gradient.f_contiguous()?);
            }
            if let Some(clip) = self.clip {
                clip.apply(&mut contiguous)?;
            }
            for ((name, parameter), gradient) in used.into_iter().zip(contiguous) {
                self.update(name, &mut parameter.tensor, gradient, update)?;
            }
            Ok(())
        })
    }

    /// Changes `weight`; `gradient` is used up.
    fn update(
        &mut self,
        name: &str,
        weight: &mut Tensor,
        mut gradient: Tensor,
        update: &Update,
    ) -> Result<(), NetworkError> {
        let learning_rate = update.learning_rate;
        match self.options {
            OptimizerOptions::Adam { betas: [beta1, beta2], epsilon, weight_decay, decoupled } => {
                let beta1 = update.momentum.unwrap_or(beta1);
                let t = (update.updates + 1) as f64;
                let (mean_share, square_share) = (1.0 - beta1.powf(t), (1.0 - beta2.powf(t)).sqrt());
                if decoupled {
                    let _ = weight.f_mul_scalar_(1.0 - learning_rate * weight_decay)?;
                } else {
                    decay(&mut gradient, weight, weight_decay)?;
                }
                let mut mean = self.slot(name, "mean", weight)?;
                let mut square = self.slot(name, "square", weight)?;
                let _ = mean.f_lerp_(&gradient, 1.0 - beta1)?;
                let _ = square.f_lerp_(&gradient.f_square_()?, 1.0 - beta2)?;
                // mean / mean_share / (root / square_share + epsilon) with one division, where the gradient was.
                let _ = square.f_sqrt_out(&gradient)?.f_add_scalar_(epsilon * square_share)?;
                let _ = mean.f_div_out(&gradient, &gradient)?;
                let _ = gradient.f_mul_scalar_(learning_rate * square_share / mean_share)?;
                let _ = weight.f_sub_(&gradient)?;
            }
            OptimizerOptions::Sgd { momentum, nesterov, momentum_of, weight_decay } => {
                let momentum = update.momentum.unwrap_or(momentum);
                // Where the learning rate enters: before the momentum, or behind it.
                let (before, behind) = match momentum_of {
                    MomentumOf::Steps => (learning_rate, 1.0),
                    MomentumOf::Gradients => (1.0, learning_rate),
                };
                decay(&mut gradient, weight, weight_decay)?;
                let _ = gradient.f_mul_scalar_(before)?;
                if momentum == 0.0 {
                    let _ = weight.f_sub_(&gradient.f_mul_scalar_(behind)?)?;
                    return Ok(());
                }
                let mut velocity = self.slot(name, "velocity", weight)?;
                let _ = velocity.f_mul_scalar_(momentum)?.f_sub_(&gradient)?;
                if nesterov {
                    let _ = weight.f_sub_(&gradient.f_mul_scalar_(behind)?)?;
                    let _ = weight.f_add_(&velocity.f_mul_scalar_out(&gradient, momentum * behind)?)?;
                } else {
                    let _ = weight.f_add_(&velocity.f_mul_scalar_out(&gradient, behind)?)?;
                }
            }
            OptimizerOptions::RmsProp { smoothing, epsilon, momentum, centered, weight_decay } => {
                let momentum = update.momentum.unwrap_or(momentum);
                decay(&mut gradient, weight, weight_decay)?;
                let mut square = self.slot(name, "square", weight)?;
                let _ = square.f_lerp_(&gradient.f_square()?, 1.0 - smoothing)?;
                let root = if centered {
                    let mut mean = self.slot(name, "mean", weight)?;
                    let _ = mean.f_lerp_(&gradient, 1.0 - smoothing)?;
                    // A rounding must not make a root of less than nothing.
                    square.f_sub(&mean.f_square()?)?.f_clamp_min_(0.0)?.f_sqrt_()?
                } else {
                    square.f_sqrt()?
                };
                let _ = gradient.f_div_(&root.f_add_scalar(epsilon)?)?;
                if momentum > 0.0 {
                    let mut velocity = self.slot(name, "velocity", weight)?;
                    let _ = velocity.f_mul_scalar_(momentum)?.f_add_(&gradient)?;
                    let _ = velocity.f_mul_scalar_out(&gradient, learning_rate)?;
                } else {
                    let _ = gradient.f_mul_scalar_(learning_rate)?;
                }
                let _ = weight.f_sub_(&gradient)?;
            }
        }
        Ok(())
    }

    fn slot(&mut self, name: &str, part: &str, like: &Tensor) -> Result<Tensor, NetworkError> {
        let key = format!("{part}/{name}");
        if let Some(known) = self.state.get(&key) {
            return Ok(known.shallow_clone());
        }
        let zeros = like.f_zeros_like()?.f_detach()?;
        self.state.insert(key, zeros.shallow_clone());
        Ok(zeros)
    }

    /// The running state.
    pub(in super::super) fn arrays(&self) -> Result<Vec<NamedArray>, NetworkError> {
        self.state.iter().map(|(name, tensor)| NamedArray::from_tensor(name, tensor)).collect()
    }

    /// Takes back a state from [`Optimizer::arrays`].
    pub(in super::super) fn restore(&mut self, arrays: &[NamedArray], device: tch::Device) -> Result<(), NetworkError> {
        self.state.clear();
        for array in arrays {
            self.state.insert(array.name.clone(), array.to_tensor()?.f_to_device(device)?);
        }
        Ok(())
    }
}

/// Adds a share of the weight to its gradient.
fn decay(gradient: &mut Tensor, weight: &Tensor, share: f64) -> Result<(), NetworkError> {
    if share != 0.0 {
        let _ = gradient.f_add_(&weight.f_mul_scalar(share)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::Value;

    use super::*;

    fn golden() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/recipes.json");
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    fn numbers<T: serde::de::DeserializeOwned>(value: &Value) -> T {
        serde_json::from_value(value.clone()).unwrap()
    }

    /// Weights after each update, from the start and along the gradients of the golden paths.
    fn path(options: OptimizerOptions, rate: &dyn Fn(u64) -> (f64, Option<f64>)) -> Vec<Vec<f32>> {
        let given = &golden()["optimizers"];
        let mut weight = Tensor::from_slice(&numbers::<Vec<f32>>(&given["start"]));
        let mut optimizer = Optimizer::new(options, None);
        let gradients: Vec<Vec<f32>> = numbers(&given["gradients"]);
        let step = |(updates, gradient): (usize, &Vec<f32>)| {
            let updates = updates as u64;
            let (learning_rate, momentum) = rate(updates);
            let update = Update { step: 100 + updates, updates, learning_rate, momentum };
            optimizer.update("w", &mut weight, Tensor::from_slice(gradient), &update).unwrap();
            Vec::try_from(&weight).unwrap()
        };
        gradients.iter().enumerate().map(step).collect()
    }

    #[test]
    fn every_optimizer_goes_the_way_of_pytorchs_or_keras() {
        let sgd = |momentum, nesterov, momentum_of, weight_decay| OptimizerOptions::Sgd {
            momentum,
            nesterov,
            momentum_of,
            weight_decay,
        };
        let adam = |betas, epsilon, weight_decay, decoupled| OptimizerOptions::Adam {
            betas,
            epsilon,
            weight_decay,
            decoupled,
        };
        let rmsprop = |smoothing, momentum, centered, weight_decay| OptimizerOptions::RmsProp {
            smoothing,
            epsilon: 1e-8,
            momentum,
            centered,
            weight_decay,
        };
        let constant: &dyn Fn(u64) -> (f64, Option<f64>) = &|_| (0.1, None);
        let falling: &dyn Fn(u64) -> (f64, Option<f64>) = &|t| (0.1 / (1.0 + 0.5 * t as f64), None);
        let one = golden()["schedules"]["one_cycle_of_updates"].clone();
        let (rates, momenta): (Vec<f64>, Vec<f64>) = (numbers(&one["rates"]), numbers(&one["momenta"]));
        let cycle: &dyn Fn(u64) -> (f64, Option<f64>) = &|t| (rates[t as usize], Some(momenta[t as usize]));
        let (steps, gradients) = (MomentumOf::Steps, MomentumOf::Gradients);
        let paths = golden()["optimizers"]["paths"].clone();
        let cases = [
            ("sgd", sgd(0.0, false, steps, 0.0), constant),
            ("sgd_momentum_decay", sgd(0.9, false, steps, 0.05), constant),
            ("sgd_momentum_decay", sgd(0.9, false, gradients, 0.05), constant),
            ("sgd_nesterov_falling", sgd(0.9, true, gradients, 0.0), falling),
            ("keras_nesterov_decay", sgd(0.9, true, steps, 0.0), falling),
            ("keras_momentum_decay", sgd(0.9, false, steps, 0.0), falling),
            ("adam", OptimizerOptions::ADAM, constant),
            ("adam_decay", adam([0.8, 0.99], 1e-3, 0.05, false), constant),
            ("adamw", adam([0.9, 0.999], 1e-8, 0.05, true), constant),
            ("adam_one_cycle", OptimizerOptions::ADAM, cycle),
            ("rmsprop", rmsprop(0.99, 0.0, false, 0.05), constant),
            ("rmsprop_momentum", rmsprop(0.9, 0.9, true, 0.0), constant),
        ];
        for (name, options, rate) in cases {
            let expected: Vec<Vec<f32>> = numbers(&paths[name]);
            let actual = path(options, rate);
            for (update, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
                for (a, e) in actual.iter().zip(expected) {
                    assert!(
                        (a - e).abs() <= 2e-6 * e.abs().max(1.0),
                        "{name} {update}: {actual:?} is not {expected:?}"
                    );
                }
            }
        }
        // Where the rate falls, the two kinds of momentum part.
        assert_ne!(paths["sgd_nesterov_falling"], paths["keras_nesterov_decay"]);
    }

    #[test]
    fn gradients_are_clipped_as_pytorch_and_keras_clip_them() {
        let given = golden()["clip"].clone();
        let start: Vec<Vec<f32>> = numbers(&given["gradients"]);
        for (name, clip) in [
            ("norm", GradientClip::Norm(0.5)),
            ("norm_not_reached", GradientClip::Norm(50.0)),
            ("norm_each", GradientClip::NormEach(0.5)),
            ("value", GradientClip::Value(0.1)),
        ] {
            let mut gradients: Vec<Tensor> = start.iter().map(|values| Tensor::from_slice(values)).collect();
            clip.apply(&mut gradients).unwrap();
            let expected: Vec<Vec<f32>> = numbers(&given[name]);
            for (actual, expected) in gradients.iter().zip(&expected) {
                let actual = Vec::<f32>::try_from(actual).unwrap();
                assert!(actual.iter().zip(expected).all(|(a, e)| (a - e).abs() <= 1e-6), "{name}: {actual:?}");
            }
        }
    }

    #[test]
    fn a_step_uses_the_clip_and_leaves_frozen_weights_alone() {
        let after = |clip| {
            let mut parameters = Parameters::default();
            for name in ["frozen.weight", "free.weight"] {
                parameters.insert(name, &[2], vec![1.0, -2.0]).unwrap();
            }
            parameters.0.get_mut("frozen.weight").unwrap().trainable = false;
            parameters.move_to(tch::Device::Cpu).unwrap();
            let sgd = OptimizerOptions::Sgd {
                momentum: 0.0,
                nesterov: false,
                momentum_of: MomentumOf::Steps,
                weight_decay: 0.0,
            };
            let [frozen, free] =
                ["frozen.weight", "free.weight"].map(|name| parameters.tensor(name).unwrap().shallow_clone());
            let loss = (&frozen * &free * 10.0).sum(tch::Kind::Float);
            let update = Update { step: 0, updates: 0, learning_rate: 0.1, momentum: None };
            Optimizer::new(sgd, clip).step(&mut parameters, &loss, &update).unwrap();
            let values = |name| Vec::<f32>::try_from(&parameters.tensor(name).unwrap().detach()).unwrap();
            assert_eq!(values("frozen.weight"), [1.0, -2.0]);
            values("free.weight")
        };
        assert_eq!(after(None), [0.0, 0.0]);
        let clipped = after(Some(GradientClip::Value(5.0)));
        assert!((clipped[0] - 0.5).abs() < 1e-6 && (clipped[1] + 1.5).abs() < 1e-6, "{clipped:?}");
    }
}

//! Optimisers whose whole state can be written down, so that a run can continue exactly.

use std::collections::BTreeMap;

use tch::Tensor;

use super::NetworkError;
use super::array::NamedArray;
use super::parameters::Parameters;

/// Which optimiser, with its constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OptimizerOptions {
    /// Kingma and Ba (2014), with PyTorch's constants 0.9, 0.999 and 1e-8.
    Adam {
        /// Step size.
        learning_rate: f64,
    },
    /// Stochastic gradient descent as Keras defined it.
    Sgd {
        /// Step size of the first update.
        learning_rate: f64,
        /// Share of the last step that is kept.
        momentum: f64,
        /// Whether the gradient is looked ahead along the momentum.
        nesterov: bool,
        /// The rate at update t, from 0, is `learning_rate / (1 + decay * t)`.
        decay: f64,
    },
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl OptimizerOptions {
    /// Learning rate of the update that follows `updates` others.
    pub fn learning_rate(&self, updates: u64) -> f64 {
        match *self {
            Self::Adam { learning_rate } => learning_rate,
            Self::Sgd { learning_rate, decay, .. } => learning_rate / (1.0 + decay * updates as f64),
        }
    }
}

/// An optimiser and its running state, one or two tensors a weight.
#[derive(Debug)]
pub(super) struct Optimizer {
    options: OptimizerOptions,
    state: BTreeMap<String, Tensor>,
}

impl Optimizer {
    pub(super) fn new(options: OptimizerOptions) -> Self {
        Self { options, state: BTreeMap::new() }
    }

    /// Updates the trainable parameters along the gradients of `loss`, after `updates` earlier updates.
    pub(super) fn step(
        &mut self,
        parameters: &mut Parameters,
        loss: &Tensor,
        updates: u64,
    ) -> Result<(), NetworkError> {
        let mut trainable: Vec<_> = parameters.0.iter_mut().filter(|(_, parameter)| parameter.trainable).collect();
        let weights: Vec<&Tensor> = trainable.iter().map(|(_, parameter)| &parameter.tensor).collect();
        // Gradients of this step alone: nothing is kept to be summed into and zeroed.
        let gradients = Tensor::f_run_backward(&[loss], &weights, false, false)?;
        tch::no_grad(|| {
            for ((name, parameter), gradient) in trainable.iter_mut().zip(gradients) {
                if gradient.defined() {
                    self.update(name, &mut parameter.tensor, &gradient, updates)?;
                }
            }
            Ok(())
        })
    }

    /// Changes `weight`; `gradient` is used up.
    fn update(&mut self, name: &str, weight: &mut Tensor, gradient: &Tensor, updates: u64) -> Result<(), NetworkError> {
        let mut gradient = gradient.f_contiguous()?;
        let learning_rate = self.options.learning_rate(updates);
        match self.options {
            OptimizerOptions::Adam { .. } => {
                let t = (updates + 1) as f64;
                let (mean_share, square_share) = (1.0 - BETA1.powf(t), (1.0 - BETA2.powf(t)).sqrt());
                let mut mean = self.slot(name, "mean", weight)?;
                let mut square = self.slot(name, "square", weight)?;
                let _ = mean.f_lerp_(&gradient, 1.0 - BETA1)?;
                let _ = square.f_lerp_(&gradient.f_square_()?, 1.0 - BETA2)?;
                // mean / mean_share / (root / square_share + epsilon) with one division, where the gradient was.
                let _ = square.f_sqrt_out(&gradient)?.f_add_scalar_(EPSILON * square_share)?;
                let _ = mean.f_div_out(&gradient, &gradient)?;
                let _ = gradient.f_mul_scalar_(learning_rate * square_share / mean_share)?;
                let _ = weight.f_sub_(&gradient)?;
            }
            OptimizerOptions::Sgd { momentum, nesterov, .. } => {
                let mut velocity = self.slot(name, "velocity", weight)?;
                let _ = gradient.f_mul_scalar_(learning_rate)?;
                let _ = velocity.f_mul_scalar_(momentum)?.f_sub_(&gradient)?;
                if nesterov {
                    let _ = weight.f_sub_(&gradient)?;
                    let _ = weight.f_add_(&velocity.f_mul_scalar_out(&gradient, momentum)?)?;
                } else {
                    let _ = weight.f_add_(&velocity)?;
                }
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
    pub(super) fn arrays(&self) -> Result<Vec<NamedArray>, NetworkError> {
        self.state.iter().map(|(name, tensor)| NamedArray::from_tensor(name, tensor)).collect()
    }

    /// Takes back a state from [`Optimizer::arrays`].
    pub(super) fn restore(&mut self, arrays: &[NamedArray], device: tch::Device) -> Result<(), NetworkError> {
        self.state.clear();
        for array in arrays {
            self.state.insert(array.name.clone(), array.to_tensor()?.f_to_device(device)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minimises x^2 from x = 1 and returns x after each of three updates.
    fn path(options: OptimizerOptions) -> Vec<f64> {
        let mut parameters = Parameters::default();
        parameters.insert("x", &[1], vec![1.0]).unwrap();
        parameters.move_to(tch::Device::Cpu).unwrap();
        let mut optimizer = Optimizer::new(options);
        let step = |updates: u64| {
            let x = parameters.tensor("x").unwrap();
            let loss = (x * x).sum(tch::Kind::Float);
            optimizer.step(&mut parameters, &loss, updates).unwrap();
            parameters.tensor("x").unwrap().double_value(&[0])
        };
        (0..3).map(step).collect()
    }

    fn assert_close(actual: &[f64], expected: &[f64]) {
        for (a, e) in actual.iter().zip(expected) {
            assert!((a - e).abs() < 1e-6, "{actual:?} against {expected:?}");
        }
    }

    #[test]
    fn adam_follows_its_definition() {
        // Adam's first steps on a smooth function are the learning rate itself.
        let mut expected = Vec::new();
        let (mut x, mut m, mut v) = (1.0f64, 0.0, 0.0);
        for t in 1..=3 {
            let g = 2.0 * x;
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            x -= 0.1 * (m / (1.0 - 0.9f64.powi(t))) / ((v / (1.0 - 0.999f64.powi(t))).sqrt() + 1e-8);
            expected.push(x);
        }
        assert_close(&path(OptimizerOptions::Adam { learning_rate: 0.1 }), &expected);
        assert!((expected[0] - 0.9).abs() < 1e-6);
    }

    #[test]
    fn sgd_decays_and_looks_ahead_as_keras_does() {
        let mut expected = Vec::new();
        let (mut x, mut velocity) = (1.0f64, 0.0);
        for t in 0..3 {
            let rate = 0.1 / (1.0 + 0.5 * f64::from(t));
            let g = 2.0 * x;
            velocity = 0.9 * velocity - rate * g;
            x += 0.9 * velocity - rate * g;
            expected.push(x);
        }
        let options = OptimizerOptions::Sgd { learning_rate: 0.1, momentum: 0.9, nesterov: true, decay: 0.5 };
        assert_close(&path(options), &expected);
    }
}

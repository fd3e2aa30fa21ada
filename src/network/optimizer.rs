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
/// Values updated at a time on the CPU: few enough to stay in its caches through all operations.
const PART: i64 = 1 << 16;

impl OptimizerOptions {
    /// Learning rate of the update that follows `updates` others.
    pub fn learning_rate(&self, updates: u64) -> f64 {
        match *self {
            Self::Adam { learning_rate } => learning_rate,
            Self::Sgd { learning_rate, decay, .. } => learning_rate / (1.0 + decay * updates as f64),
        }
    }
}

impl OptimizerOptions {
    /// One update in place, after `updates` others; `gradient` serves as scratch.
    fn update(
        self,
        weight: &mut Tensor,
        gradient: &mut Tensor,
        mut state: Vec<Tensor>,
        updates: u64,
    ) -> Result<(), NetworkError> {
        let learning_rate = self.learning_rate(updates);
        match (self, &mut state[..]) {
            (Self::Adam { .. }, [mean, square]) => {
                let t = (updates + 1) as f64;
                let (mean_share, square_share) = (1.0 - BETA1.powf(t), (1.0 - BETA2.powf(t)).sqrt());
                let _ = mean.f_lerp_(gradient, 1.0 - BETA1)?;
                let _ = square.f_lerp_(&gradient.f_square_()?, 1.0 - BETA2)?;
                // mean / mean_share / (root / square_share + epsilon), with one division.
                let _ = square.f_sqrt_out(gradient)?.f_add_scalar_(EPSILON * square_share)?;
                let _ = mean.f_div_out(gradient, gradient)?.f_mul_scalar_(learning_rate * square_share / mean_share)?;
                let _ = weight.f_sub_(gradient)?;
            }
            (Self::Sgd { momentum, nesterov, .. }, [velocity]) => {
                let _ = gradient.f_mul_scalar_(learning_rate)?;
                let _ = velocity.f_mul_scalar_(momentum)?.f_sub_(gradient)?;
                if nesterov {
                    let _ = weight.f_sub_(gradient)?;
                    let _ = weight.f_add_(&velocity.f_mul_scalar_out(gradient, momentum)?)?;
                } else {
                    let _ = weight.f_add_(velocity)?;
                }
            }
            _ => {}
        }
        Ok(())
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
    pub(super) fn step(&mut self, parameters: &Parameters, loss: &Tensor, updates: u64) -> Result<(), NetworkError> {
        let trainable = || parameters.0.iter().filter(|(_, parameter)| parameter.trainable);
        let weights: Vec<&Tensor> = trainable().map(|(_, parameter)| &parameter.tensor).collect();
        let gradients = Tensor::f_run_backward(&[loss], &weights, false, false)?;
        tch::no_grad(|| {
            for ((name, parameter), gradient) in trainable().zip(gradients) {
                if gradient.defined() {
                    self.update(name, &parameter.tensor, &gradient, updates)?;
                }
            }
            Ok(())
        })
    }

    /// Changes `weight`; `gradient` is used up.
    fn update(&mut self, name: &str, weight: &Tensor, gradient: &Tensor, updates: u64) -> Result<(), NetworkError> {
        let options = self.options;
        let state = match options {
            OptimizerOptions::Adam { .. } => {
                vec![self.slot(name, "mean", weight)?, self.slot(name, "square", weight)?]
            }
            OptimizerOptions::Sgd { .. } => vec![self.slot(name, "velocity", weight)?],
        };
        let flat = |tensor: &Tensor| tensor.f_contiguous()?.f_view(-1);
        let (weight, gradient) = (weight.f_view(-1)?, flat(gradient)?);
        let state: Vec<Tensor> = state.iter().map(|tensor| tensor.f_view(-1)).collect::<Result<_, _>>()?;
        let count = weight.numel() as i64;
        let part = if weight.device().is_cuda() { count.max(1) } else { PART };
        for start in (0..count).step_by(part as usize) {
            let part = |tensor: &Tensor| tensor.f_narrow(0, start, part.min(count - start));
            let state: Vec<Tensor> = state.iter().map(part).collect::<Result<_, _>>()?;
            options.update(&mut part(&weight)?, &mut part(&gradient)?, state, updates)?;
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
            optimizer.step(&parameters, &loss, updates).unwrap();
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

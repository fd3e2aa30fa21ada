//! The named weights of a network.

use std::collections::BTreeMap;

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};

use super::array::{self, NamedArray};
use super::layer::leaves;
use super::{Convolution, Layer, NetworkError};

/// One tensor of a network.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) tensor: Tensor,
    /// Running statistics are no weights: optimisers leave them alone.
    pub(super) is_statistic: bool,
    pub(super) trainable: bool,
}

/// All tensors of a network by name. Names sort, so every walk over them has one order.
#[derive(Debug, Default)]
pub(super) struct Parameters(pub(super) BTreeMap<String, Parameter>);

impl Parameters {
    /// Fresh weights for `layers`: uniform within one over the root of the fan-in, from a generator of our own, so
    /// that a seed gives the same weights whatever the version of libtorch.
    pub(super) fn fresh(layers: &[Layer], seed: u64) -> Result<Self, NetworkError> {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let mut parameters = Self::default();
        for Needed { name, shape, start } in needed(layers) {
            let count = shape.iter().product();
            let values = match start {
                Start::Constant(value) => vec![value; count],
                Start::Uniform { fan_in } => {
                    let bound = 1.0 / (fan_in as f32).sqrt();
                    (0..count).map(|_| generator.random_range(-bound..bound)).collect()
                }
            };
            parameters.insert(&name, &shape, values)?;
        }
        Ok(parameters)
    }

    /// The weights that `arrays` hold for `layers`. Nothing is made before every tensor is found in its shape, so a
    /// description that asks for more than its file holds costs nothing.
    pub(super) fn from_arrays(layers: &[Layer], arrays: &[NamedArray]) -> Result<Self, NetworkError> {
        let by_name: BTreeMap<&str, &NamedArray> = arrays.iter().map(|array| (array.name.as_str(), array)).collect();
        let mut found = Vec::new();
        for Needed { name, shape, .. } in needed(layers) {
            let actual = by_name.get(name.as_str()).map_or(&[][..], |array| &array.shape);
            if actual != shape {
                return Err(mismatch(&name, actual.to_vec(), &shape));
            }
            found.push(by_name[name.as_str()]);
        }
        // The constant part of a folded first layer, which fresh networks lack.
        found.extend(arrays.iter().filter(|array| array.name.ends_with(".border")));
        let mut parameters = Self::default();
        for array in found {
            parameters.insert(&array.name, &array.shape, array.values.clone())?;
        }
        Ok(parameters)
    }

    /// Adds or replaces one tensor.
    pub(super) fn insert(&mut self, name: &str, shape: &[usize], values: Vec<f32>) -> Result<(), NetworkError> {
        let tensor = Tensor::f_from_slice(&values)?.f_reshape(array::signed(shape))?;
        let is_statistic = name.ends_with(".running_mean") || name.ends_with(".running_var");
        self.0.insert(name.to_owned(), Parameter { tensor, is_statistic, trainable: !is_statistic });
        Ok(())
    }

    /// The tensor called `name`.
    pub(super) fn tensor(&self, name: &str) -> Result<&Tensor, NetworkError> {
        self.find(name).ok_or_else(|| NetworkError::Torch { message: format!("the network has no tensor `{name}`") })
    }

    /// The tensor called `name`, if the network has one.
    pub(super) fn find(&self, name: &str) -> Option<&Tensor> {
        self.0.get(name).map(|parameter| &parameter.tensor)
    }

    pub(super) fn is_trainable(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|parameter| parameter.trainable)
    }

    /// Makes every weight trainable that is frozen.
    pub(super) fn thaw(&mut self) {
        self.0.values_mut().for_each(|parameter| parameter.trainable = !parameter.is_statistic);
    }

    /// Moves every tensor to `device` and marks the trainable ones.
    pub(super) fn move_to(&mut self, device: Device) -> Result<(), NetworkError> {
        for parameter in self.0.values_mut() {
            let moved = parameter.tensor.f_detach()?.f_to_device(device)?;
            parameter.tensor = moved.f_set_requires_grad(parameter.trainable)?;
        }
        Ok(())
    }

    /// Where the tensors are.
    pub(super) fn device(&self) -> Device {
        self.0.values().next().map_or(Device::Cpu, |parameter| parameter.tensor.device())
    }

    /// Copies of all tensors.
    pub(super) fn arrays(&self) -> Result<Vec<NamedArray>, NetworkError> {
        self.0.iter().map(|(name, parameter)| NamedArray::from_tensor(name, &parameter.tensor)).collect()
    }

    /// Overwrites the tensors with `arrays`; every tensor must be there, in its shape.
    pub(super) fn assign(&mut self, arrays: &[NamedArray]) -> Result<(), NetworkError> {
        let by_name: BTreeMap<&str, &NamedArray> = arrays.iter().map(|array| (array.name.as_str(), array)).collect();
        for (name, parameter) in &mut self.0 {
            let expected = array::shape(&parameter.tensor);
            let array = by_name.get(name.as_str()).ok_or_else(|| mismatch(name, Vec::new(), &expected))?;
            if array.shape != expected {
                return Err(mismatch(name, array.shape.clone(), &expected));
            }
            let source = array.to_tensor()?;
            tch::no_grad(|| parameter.tensor.f_copy_(&source))?;
        }
        Ok(())
    }

    /// Tensors that share their values with these, for another thread.
    pub(super) fn shared(&self) -> Self {
        let share = |parameter: &Parameter| Parameter {
            tensor: parameter.tensor.detach(),
            is_statistic: parameter.is_statistic,
            trainable: false,
        };
        Self(self.0.iter().map(|(name, parameter)| (name.clone(), share(parameter))).collect())
    }
}

/// A tensor that layers need, and what it holds before training.
pub(super) struct Needed {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    start: Start,
}

enum Start {
    Uniform { fan_in: usize },
    Constant(f32),
}

/// The tensors of `layers` in order.
pub(super) fn needed(layers: &[Layer]) -> Vec<Needed> {
    let mut needed = Vec::new();
    let mut push = |name: String, shape: Vec<usize>, start: Start| needed.push(Needed { name, shape, start });
    for layer in leaves(layers) {
        match layer {
            Layer::Convolution(convolution) => {
                let Convolution { name, outputs, bias, .. } = convolution;
                let fan_in = convolution.fan_in();
                push(format!("{name}.weight"), convolution.weight_shape().to_vec(), Start::Uniform { fan_in });
                if *bias {
                    push(format!("{name}.bias"), vec![*outputs], Start::Uniform { fan_in });
                }
            }
            Layer::VolumeConvolution(convolution) => {
                let (name, fan_in) = (&convolution.name, convolution.fan_in());
                push(format!("{name}.weight"), convolution.weight_shape().to_vec(), Start::Uniform { fan_in });
                push(format!("{name}.bias"), vec![convolution.outputs], Start::Uniform { fan_in });
            }
            Layer::Linear { name, inputs, outputs } => {
                push(format!("{name}.weight"), vec![*outputs, *inputs], Start::Uniform { fan_in: *inputs });
                push(format!("{name}.bias"), vec![*outputs], Start::Uniform { fan_in: *inputs });
            }
            Layer::BatchNorm { name, features, .. } => {
                for (part, value) in [("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)] {
                    push(format!("{name}.{part}"), vec![*features], Start::Constant(value));
                }
            }
            _ => {}
        }
    }
    needed
}

fn mismatch(name: &str, actual: Vec<usize>, expected: &[usize]) -> NetworkError {
    NetworkError::Shape { what: format!("tensor `{name}`"), actual, expected: format!("{expected:?}") }
}

/// Number of values that `layers` hold, running statistics included.
#[cfg(test)]
pub(super) fn parameter_count(layers: &[Layer]) -> usize {
    let parameters = Parameters::fresh(layers, 0).unwrap();
    parameters.0.values().map(|parameter| parameter.tensor.numel()).sum()
}

//! Small models with random weights for the tests of this room.

use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::grid::{ClassTable, Domain, Plane};
use crate::network::{
    Architecture, Device, Encoder, Head, Layers, Model, ModelDescription, Padding, Precision, Predictor, Unet,
};
use crate::volume::{AmplitudeScaling, Channel};

pub(super) fn waldeland() -> Architecture {
    Architecture::Waldeland { padding: Padding::Valid }
}

pub(super) fn vgg16(cut: &str) -> Architecture {
    let head = Head { hidden: vec![16], dropout: 0.5, batch_norm: true, batch_norm_scores: false };
    Architecture::Vgg16 { cut: Some(cut.to_owned()), padding: Padding::Valid, head }
}

/// Two of VGG16's resolutions less than all, and thin ones back: sees 28 voxels far.
pub(super) fn unet() -> Architecture {
    Architecture::Unet(Unet { encoder: Encoder::Vgg16, decoder: vec![6, 4], dropout: 0.5, batch_norm: true })
}

pub(super) fn predictor(architecture: Architecture) -> Predictor {
    model(architecture).predictor(Device::cpu()).unwrap()
}

/// For passes with dropout.
pub(super) fn sampling_predictor(architecture: Architecture) -> Predictor {
    model(architecture).sampling_predictor_in(Device::cpu(), Precision::Float32).unwrap()
}

/// The same with kernels so large that values grow no smaller from layer to layer, and what is dropped shows in the scores of a
/// deep network.
pub(super) fn loud_sampling_predictor(architecture: Architecture) -> Predictor {
    let model = model(architecture);
    let mut weights = model.weights().unwrap();
    for array in weights.iter_mut().filter(|array| array.shape.len() == 4) {
        array.values.iter_mut().for_each(|weight| *weight *= 6.0f32.sqrt());
    }
    let model = Model::with_weights(model.description, &weights).unwrap();
    model.sampling_predictor_in(Device::cpu(), Precision::Float32).unwrap()
}

pub(super) fn layers(architecture: Architecture) -> Layers {
    architecture.layers(65, 5).unwrap()
}

pub(super) fn model(architecture: Architecture) -> Model {
    model_for(architecture, 65, Vec::new())
}

/// For patches of this side and more channels.
pub(super) fn model_for(architecture: Architecture, patch: usize, further_channels: Vec<Channel>) -> Model {
    let description = ModelDescription {
        version: ModelDescription::VERSION,
        architecture,
        patch,
        planes: vec![Plane::Inline],
        classes: ClassTable::from_names(["a", "b", "c", "d", "e"]).unwrap(),
        amplitude: AmplitudeScaling::new(-1.0, 1.0).unwrap(),
        further_channels,
        domain: Domain::Time,
        sample_step: 4.0,
        pretrained: None,
        seed: 5,
        temperature: None,
    };
    Model::new(description, None).unwrap()
}

pub(super) fn noise(traces: usize, samples: usize) -> Array2<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    Array2::from_shape_fn((traces, samples), |_| random.random_range(-1.0..1.0))
}

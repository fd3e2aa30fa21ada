//! How a network learns.

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Unexpected};
use serde::{Deserialize, Serialize, Serializer};

use super::by_shape::{ByShape, by_shape};
use super::{Augmentation, MemorySize};

/// How a network learns. Its length is given in `steps` or in `epochs`, not both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `form` and `steps` or `epochs`")]
pub struct Training {
    /// What one step looks at: crops of sections, or patches.
    #[garde(dive)]
    pub form: TrainingForm,
    /// Optimiser steps in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1)))]
    pub steps: Option<u64>,
    /// Epochs in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1)))]
    pub epochs: Option<u64>,
    /// Steps of one epoch, after which the network is validated and a row of `history.csv` is written. If left out: as
    /// many as show every training voxel once (patches), or twenty (crops).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1)))]
    pub steps_per_epoch: Option<u64>,
    /// How weights follow gradients.
    #[serde(default)]
    #[garde(dive)]
    pub optimizer: Optimizer,
    /// Weight of each class in the loss: `none`, `inverse`, `inverse_sqrt`, or one number per class.
    #[serde(default)]
    #[garde(skip)]
    pub class_weights: ClassWeights,
    /// Random changes to what is seen.
    #[serde(default)]
    #[garde(dive)]
    pub augmentation: Augmentation,
    /// Memory for the features of frozen layers, which are then computed once for all steps: `auto` (a quarter of what is
    /// free on the device), `off`, or an amount such as `2 GiB`. They are kept where they fit, come again, and no
    /// `augmentation` but mirroring changes them.
    #[serde(default)]
    #[garde(skip)]
    pub feature_cache: FeatureCache,
    /// Ends training when validation gets no better; needs a validation share in `split`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub early_stopping: Option<EarlyStopping>,
}

/// What one optimiser step looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum TrainingForm {
    /// Crops of sections, in which every labelled voxel counts; needs `padding: valid`.
    Dense(#[garde(dive)] DenseForm),
    /// One patch per labelled voxel.
    Patch(#[garde(dive)] PatchForm),
}

/// Training on crops of sections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `crop` and `crops_per_step`")]
pub struct DenseForm {
    /// Side of a crop, in voxels that get a class; the network sees its receptive field more.
    #[garde(range(min = 1, max = 4096))]
    pub crop: usize,
    /// Crops in one step.
    #[garde(range(min = 1, max = 4096))]
    pub crops_per_step: usize,
    /// Least share of a crop's voxels that are labelled.
    #[garde(range(min = 0.0, max = 1.0))]
    pub labelled_at_least: f64,
}

impl Default for DenseForm {
    fn default() -> Self {
        Self { crop: 48, crops_per_step: 6, labelled_at_least: 0.2 }
    }
}

/// Training on patches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `batch`")]
pub struct PatchForm {
    /// Patches in one step.
    #[garde(range(min = 2, max = 65_536))]
    pub batch: usize,
    /// Whether every class is drawn equally often.
    #[garde(skip)]
    pub balanced: bool,
}

impl Default for PatchForm {
    fn default() -> Self {
        Self { batch: 256, balanced: false }
    }
}

/// How weights follow gradients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Kingma and Ba (2014), with the constants 0.9, 0.999 and 1e-8.
    Adam(#[garde(dive)] Adam),
    /// Stochastic gradient descent as Keras has it.
    Sgd(#[garde(dive)] Sgd),
}

impl Default for Optimizer {
    fn default() -> Self {
        Self::Adam(Adam::default())
    }
}

/// Adam's constants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `learning_rate`")]
pub struct Adam {
    /// Step size.
    #[garde(custom(is_rate))]
    pub learning_rate: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { learning_rate: 1e-3 }
    }
}

/// Constants of gradient descent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `learning_rate`")]
pub struct Sgd {
    /// Step size of the first update.
    #[garde(custom(is_rate))]
    pub learning_rate: f64,
    /// Share of the last step that is kept.
    #[serde(default)]
    #[garde(range(min = 0.0, max = 0.999_999))]
    pub momentum: f64,
    /// Whether the gradient is looked ahead along the momentum.
    #[serde(default)]
    #[garde(skip)]
    pub nesterov: bool,
    /// The rate at update t, from 0, is `learning_rate / (1 + decay * t)`.
    #[serde(default)]
    #[garde(range(min = 0.0, max = 1.0))]
    pub decay: f64,
}

/// Weight of each class in the loss.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ClassWeights {
    /// All equal.
    #[default]
    None,
    /// One over the class's share of the training voxels.
    Inverse,
    /// One over the square root of that share.
    InverseSqrt,
    /// One for each class, in code order.
    Given(Vec<f32>),
}

/// Memory for the features of frozen layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeatureCache {
    /// A quarter of what is free.
    #[default]
    Auto,
    /// None.
    Off,
    /// So much.
    Size(MemorySize),
}

/// Ends training when validation gets no better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, default, expecting = "a map with `monitor` and `patience`")]
pub struct EarlyStopping {
    /// What must get better.
    #[garde(skip)]
    pub monitor: Monitor,
    /// Epochs without improvement that are borne.
    #[garde(range(min = 1))]
    pub patience: u64,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self { monitor: Monitor::Loss, patience: 3 }
    }
}

/// What early stopping looks at, on the validation share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// The loss.
    #[default]
    Loss,
    /// The accuracy.
    Accuracy,
    /// Either: training ends when one of the two got no better, as the published recipe has it.
    Both,
}

impl Serialize for ClassWeights {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => serializer.serialize_str("none"),
            Self::Inverse => serializer.serialize_str("inverse"),
            Self::InverseSqrt => serializer.serialize_str("inverse_sqrt"),
            Self::Given(weights) => weights.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ClassWeights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for ClassWeights {
    const EXPECTED: &'static str = "`none`, `inverse`, `inverse_sqrt`, or a list of numbers";

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        match text {
            "none" => Ok(Self::None),
            "inverse" => Ok(Self::Inverse),
            "inverse_sqrt" => Ok(Self::InverseSqrt),
            _ => Err(E::invalid_value(Unexpected::Str(text), &Self::EXPECTED)),
        }
    }

    fn from_list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Self::Given)
    }
}

impl JsonSchema for ClassWeights {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClassWeights".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Weight of each class in the loss.",
            "anyOf": [
                { "enum": ["none", "inverse", "inverse_sqrt"] },
                { "type": "array", "items": { "type": "number", "minimum": 0 } },
            ],
        })
    }
}

impl Serialize for FeatureCache {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Off => serializer.serialize_str("off"),
            Self::Size(size) => size.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for FeatureCache {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for FeatureCache {
    const EXPECTED: &'static str = "`auto`, `off`, or an amount of memory with its unit, such as `2 GiB`";

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            _ => MemorySize::from_text(text)
                .map(Self::Size)
                .map_err(|_: E| E::invalid_value(Unexpected::Str(text), &Self::EXPECTED)),
        }
    }
}

impl JsonSchema for FeatureCache {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FeatureCache".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let size = generator.subschema_for::<MemorySize>();
        json_schema!({
            "description": "Memory for the features of frozen layers.",
            "anyOf": [{ "enum": ["auto", "off"] }, size],
        })
    }
}

fn is_rate(rate: &f64, _context: &()) -> garde::Result {
    if *rate > 0.0 && *rate <= 10.0 { Ok(()) } else { Err(garde::Error::new("lies above 0 and is at most 10")) }
}

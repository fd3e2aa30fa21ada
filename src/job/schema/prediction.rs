//! What a trained network interprets.

use std::path::PathBuf;

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess};
use serde::{Deserialize, Serialize, Serializer};

use super::by_shape::{ByShape, by_shape};
use super::job::is_folder_name;
use super::{Input, MemorySize};
use crate::predict::Uncertainty;

/// Interpretation of one cube.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `engine`")]
pub struct Prediction {
    /// Tells several interpretations of one job apart: `block` writes `facies-block.h5` and so on. The first needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(length(min = 1, max = 100), custom(is_folder_name)))]
    pub name: Option<String>,
    /// Another cube than the one learnt from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub input: Option<Input>,
    /// How voxels are classified.
    #[garde(skip)]
    pub engine: Engine,
    /// In which sections a voxel is seen. If left out: crosslines where `crosslines` are given, else inlines where `inlines`
    /// are, else the plane of `patch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub plane: Option<PredictionPlane>,
    /// Inlines to interpret: `all`, a range, or a list. All, if neither these nor `crosslines` are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub inlines: Option<Lines>,
    /// Crosslines to interpret instead: the section that a voxel is seen in is then a crossline. With `plane: both`, a range
    /// beside the range of `inlines`: both together are the block to interpret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub crosslines: Option<Lines>,
    /// The part of each section to interpret; the rest holds "no class". The whole section if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub window: Option<Window>,
    /// What is written for each voxel.
    #[serde(default = "default_outputs")]
    #[garde(length(min = 1, max = 7))]
    pub outputs: Vec<PredictionOutput>,
    /// Several passes with dropout, of which the mean probabilities count: an average over networks, and a measure of how
    /// far they disagree. What comes before the first dropout is computed once; of a U-Net, its contracting path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub monte_carlo: Option<MonteCarlo>,
    /// In what numbers the network computes. Outputs are float32 whatever is taken.
    #[serde(default)]
    #[garde(skip)]
    pub precision: Precision,
    /// Most memory that the interpretation takes: on a CPU what sections and the network's values need, on a CUDA device the
    /// device's memory. Half of what is free if left out. Tiles and batches shrink to fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub memory: Option<MemorySize>,
    /// A coarse preview (engine `patch`): every how many-th trace and sample is classified; probabilities, not classes, are
    /// interpolated between, and the files say so.
    #[serde(default = "default_stride", skip_serializing_if = "is_one")]
    #[garde(range(min = 1, max = 64))]
    pub stride: usize,
    /// Side of a tile in voxels (engine `dense`); chosen to fit the memory if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 8, max = 8192)))]
    pub tile: Option<usize>,
    /// Patches at a time (engine `patch`); chosen to fit the memory if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(inner(range(min = 1, max = 65_536)))]
    pub batch: Option<usize>,
    /// A volume of the right classes to compare with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub truth: Option<Truth>,
}

/// How voxels are classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Whole tiles at once; needs `padding: valid`, and is a hundred times faster than patches with the same result.
    Dense,
    /// One patch per voxel.
    Patch,
}

/// Numbers that a network computes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32-bit floats throughout.
    #[default]
    F32,
    /// Factors rounded to 11 bits, sums in 32: CUDA devices since Ampere.
    Tf32,
    /// 16-bit floats, sums in 32: CUDA devices since Ampere, and CPUs with AVX512-BF16.
    Bf16,
    /// The fastest that the device has and that changes the class of at most one voxel in 10,000 on a sample of the cube.
    Auto,
}

/// In which sections a voxel is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PredictionPlane {
    /// Its inline.
    Inline,
    /// Its crossline.
    Crossline,
    /// Both: every voxel is interpreted twice, and class and confidence come from the mean of the probabilities. Takes twice
    /// the time, and while it runs disk space for the probabilities (4 bytes a class and voxel).
    Both,
}

/// Passes with dropout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `passes`")]
pub struct MonteCarlo {
    /// How many.
    #[serde(default = "default_passes")]
    #[garde(range(min = 2, max = 1000))]
    pub passes: usize,
    /// Decides which units are dropped; the seed of the job if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub seed: Option<u64>,
}

/// What is written for each voxel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PredictionOutput {
    /// The class; always written.
    Class,
    /// The probability of every class.
    Probability,
    /// The probability of the class that was chosen.
    Confidence,
    /// Entropy of the probabilities over ln K for K classes: 0 where one class is certain, 1 where all are equally probable.
    Entropy,
    /// The largest probability minus the second largest: 1 where one class is certain, 0 between two.
    Margin,
    /// Standard deviation of the chosen class's probability over the passes of `monte_carlo`.
    Deviation,
    /// What the passes of `monte_carlo` disagree about: entropy of the mean minus mean of the entropies, over ln K.
    MutualInformation,
}

impl PredictionOutput {
    /// Its name in jobs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Probability => "probability",
            Self::Confidence => "confidence",
            other => other.uncertainty().map_or("", Uncertainty::name),
        }
    }

    /// The value that tells how unsure a class is, where it is one.
    pub fn uncertainty(self) -> Option<Uncertainty> {
        match self {
            Self::Class | Self::Probability | Self::Confidence => None,
            Self::Entropy => Some(Uncertainty::Entropy),
            Self::Margin => Some(Uncertainty::Margin),
            Self::Deviation => Some(Uncertainty::Deviation),
            Self::MutualInformation => Some(Uncertainty::MutualInformation),
        }
    }
}

/// Line numbers: `all`, `{first: 100, last: 200, step: 2}`, or a list.
#[derive(Clone, Debug, PartialEq, Validate)]
pub enum Lines {
    /// Every line of the survey.
    All,
    /// A range.
    Range(#[garde(dive)] LineRange),
    /// These.
    List(#[garde(length(min = 1))] Vec<i32>),
}

/// Lines from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `first` and `last`")]
#[garde(custom(in_order))]
pub struct LineRange {
    /// Smallest line number.
    #[garde(skip)]
    pub first: i32,
    /// Largest line number.
    #[garde(skip)]
    pub last: i32,
    /// Every how many-th line of the survey.
    #[serde(default = "default_step")]
    #[garde(range(min = 1))]
    pub step: u32,
}

/// A part of each section.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `traces` and `vertical`")]
pub struct Window {
    /// First and last number of the lines across: crosslines of an inline, inlines of a crossline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(custom(pair_in_order))]
    pub traces: Option<[i32; 2]>,
    /// First and last time in ms, or depth in m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(custom(pair_in_order))]
    pub vertical: Option<[f64; 2]>,
}

/// A volume of classes to compare with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `path`")]
pub struct Truth {
    /// A SEG-Y file of classes on the same grid.
    #[garde(skip)]
    pub path: PathBuf,
    /// Value of the first class: 0 or 1. With 1, 0 is "no class".
    #[serde(default = "default_truth_base")]
    #[garde(range(max = 1))]
    pub base: u8,
}

impl Serialize for Lines {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Range(range) => range.serialize(serializer),
            Self::List(numbers) => numbers.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for Lines {
    const EXPECTED: &'static str = "`all`, `{first: ..., last: ...}` or a list of line numbers";

    fn from_text<E: Error>(text: &str) -> Result<Self, E> {
        match text {
            "all" => Ok(Self::All),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &Self::EXPECTED)),
        }
    }

    fn from_list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Self::List)
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        LineRange::deserialize(MapAccessDeserializer::new(map)).map(Self::Range)
    }
}

impl JsonSchema for Lines {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Lines".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Line numbers: `all`, a range, or a list.",
            "anyOf": [
                { "const": "all" },
                generator.subschema_for::<LineRange>(),
                { "type": "array", "items": { "type": "integer" }, "minItems": 1 },
            ],
        })
    }
}

/// One interpretation, or a list of them.
struct OneOrMany(Vec<Prediction>);

impl<'de> ByShape<'de> for OneOrMany {
    const EXPECTED: &'static str = "a map with `engine`, or a list of such maps";

    fn from_list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Self)
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        Prediction::deserialize(MapAccessDeserializer::new(map)).map(|prediction| Self(vec![prediction]))
    }
}

pub(super) fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Prediction>, D::Error> {
    by_shape::<D, OneOrMany>(deserializer).map(|OneOrMany(predictions)| predictions)
}

pub(super) fn one_or_many_schema(generator: &mut SchemaGenerator) -> Schema {
    let one = generator.subschema_for::<Prediction>();
    json_schema!({ "anyOf": [one, { "type": "array", "items": one }], "default": [] })
}

fn default_outputs() -> Vec<PredictionOutput> {
    vec![PredictionOutput::Class, PredictionOutput::Confidence]
}

fn default_passes() -> usize {
    20
}

fn default_step() -> u32 {
    1
}

fn default_stride() -> usize {
    1
}

fn is_one(stride: &usize) -> bool {
    *stride == 1
}

fn default_truth_base() -> u8 {
    1
}

fn in_order(range: &LineRange, _context: &()) -> garde::Result {
    if range.first <= range.last { Ok(()) } else { Err(garde::Error::new("`first` is at most `last`")) }
}

fn pair_in_order<T: PartialOrd>(pair: &Option<[T; 2]>, _context: &()) -> garde::Result {
    match pair {
        Some([first, last]) if first > last => Err(garde::Error::new("the first is at most the second")),
        _ => Ok(()),
    }
}

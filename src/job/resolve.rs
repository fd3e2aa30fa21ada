//! From the words of a job to the options of the rooms.

use std::path::Path;

use super::schema::{
    Access, Amount, ClassEntry, ClassWeights, Clip, Duplicates, Endian, FoldSplit, FoldUnit, Freeze, FrozenStatistics,
    Job, Network, Padding, Patch, PatchPadding, PatchPlane, Pooling, PublishedNetwork, SegyInput, SideLines, Split,
    StripeFolds, Training, Truncated, UnetEncoder, VerticalDomain,
};
use crate::dataset::{self, DatasetError};
use crate::grid::{ClassTable, ClassTableError, Domain, FaciesClass, Geometry, Plane};
use crate::network::{self, Architecture, Backbone, Head, Layers, NetworkError, Top};
use crate::volume::ClipBounds;

impl Job {
    /// The classes, in standard colours where the job names none.
    ///
    /// # Errors
    /// When two have one name; a loaded job has none such.
    pub fn class_table(&self) -> Result<ClassTable, ClassTableError> {
        let classes = self.classes.iter().enumerate().map(|(code, class)| FaciesClass {
            name: class.name.clone(),
            color: class.color.unwrap_or_else(|| ClassTable::standard_color(code)),
        });
        ClassTable::new(classes.collect())
    }

    /// How labelled voxels of a survey are divided, with the job's seed; of folds the one asked for, or else the first.
    ///
    /// # Errors
    /// When folds leave nothing to train on; a loaded job has none such.
    pub fn split_options(&self, geometry: &Geometry) -> Result<dataset::Split, DatasetError> {
        Ok(match self.split.clone() {
            Split::None => dataset::Split::None,
            Split::Stripes(stripes) => dataset::Split::Stripes(dataset::StripeSplit {
                train: stripes.train,
                gap: stripes.gap,
                test: stripes.test,
                offset: stripes.offset,
                validation: stripes.validation,
            }),
            Split::Blocks(blocks) => dataset::Split::Blocks(dataset::BlockSplit {
                traces: blocks.traces,
                samples: blocks.samples,
                gap: blocks.gap,
                test: blocks.test,
                validation: blocks.validation,
                seed: self.seed,
            }),
            Split::Folds(FoldSplit { count, fold, of }) => {
                let fold = fold.unwrap_or(1) - 1;
                match of {
                    FoldUnit::Stripes(stripes) => dataset::Split::Stripes(stripes.options(count).fold(fold)?),
                    FoldUnit::Blocks(blocks) => dataset::Split::BlockFolds(dataset::BlockFolds {
                        count,
                        fold,
                        validates: blocks.validation,
                        traces: blocks.traces,
                        samples: blocks.samples,
                        gap: blocks.gap,
                        // One division for all folds.
                        seed: self.seed,
                    }),
                }
            }
            Split::Sides(sides) => {
                let (across, axis) = match sides.lines {
                    SideLines::Crosslines => (Plane::Crossline, geometry.crossline),
                    SideLines::Inlines => (Plane::Inline, geometry.inline),
                };
                let boundary = |class: &ClassEntry| sides.classes.get(&class.name).copied().unwrap_or(sides.at);
                dataset::Split::Sides(dataset::SideSplit {
                    across,
                    axis,
                    boundaries: self.classes.iter().map(boundary).collect(),
                    gap: sides.gap,
                    validation: sides.validation,
                })
            }
            Split::Random(random) => dataset::Split::Random(dataset::RandomSplit {
                test: random.test,
                validation: random.validation,
                seed: self.seed,
            }),
        })
    }
}

impl Split {
    /// Whether some labelled voxels validate.
    pub fn validates(&self) -> bool {
        match self {
            Self::None => false,
            Self::Stripes(stripes) => stripes.validation > 0,
            Self::Blocks(blocks) => blocks.validation > 0.0,
            Self::Folds(folds) => match &folds.of {
                FoldUnit::Stripes(stripes) => stripes.validation > 0,
                FoldUnit::Blocks(blocks) => blocks.validation,
            },
            Self::Sides(sides) => sides.validation > 0,
            Self::Random(random) => random.validation > 0.0,
        }
    }
}

impl StripeFolds {
    /// `count` folds of these stripes.
    pub fn options(&self, count: usize) -> dataset::StripeFolds {
        let &Self { period, gap, validation } = self;
        dataset::StripeFolds { count, period, gap, validation }
    }
}

impl Job {
    /// The layers of the network, for as many channels as the input has.
    ///
    /// # Errors
    /// When network and patch do not fit together.
    pub fn layers(&self) -> Result<Layers, NetworkError> {
        let input = network::Input::Amplitude(self.input.channels());
        self.network.architecture().layers_for(input, self.patch.size, self.classes.len())
    }
}

impl SegyInput {
    /// How the file is opened.
    pub fn open_options(&self) -> segy_rs::OpenOptions {
        segy_rs::OpenOptions {
            inline_byte: self.inline,
            crossline_byte: self.crossline,
            x_byte: self.x,
            y_byte: self.y,
            access: match self.access {
                Access::Map => segy_rs::Access::Map,
                Access::Read => segy_rs::Access::Read,
            },
            endian: self.endian.map(|endian| match endian {
                Endian::Big => segy_rs::Endian::Big,
                Endian::Little => segy_rs::Endian::Little,
            }),
            format: self.format.and_then(segy_rs::SampleFormat::from_code),
            samples: self.samples,
            interval_us: self.interval.map(|interval| interval * 1000.0),
            start_ms: self.start,
            duplicates: match self.duplicates {
                Duplicates::Error => segy_rs::Duplicates::Error,
                Duplicates::First => segy_rs::Duplicates::First,
                Duplicates::Last => segy_rs::Duplicates::Last,
            },
            truncated: match self.truncated {
                Truncated::Error => segy_rs::Truncated::Error,
                Truncated::KeepWhole => segy_rs::Truncated::KeepWhole,
            },
        }
    }

    /// What the vertical axis measures.
    pub fn domain(&self) -> Domain {
        match self.vertical {
            VerticalDomain::Time => Domain::Time,
            VerticalDomain::Depth => Domain::Depth,
        }
    }
}

impl From<Clip> for ClipBounds {
    fn from(clip: Clip) -> Self {
        match clip {
            Clip::Percentile(percentile) => Self::Percentile(percentile),
            Clip::Absolute(amplitude) => Self::Absolute { low: -amplitude, high: amplitude },
            Clip::Bounds([low, high]) => Self::Absolute { low, high },
        }
    }
}

impl Patch {
    /// The planes whose labelled sections are learnt.
    pub fn planes(&self) -> &'static [Plane] {
        match self.plane {
            PatchPlane::Inline => &[Plane::Inline],
            PatchPlane::Crossline => &[Plane::Crossline],
            PatchPlane::Both => &[Plane::Inline, Plane::Crossline],
        }
    }
}

impl From<PatchPadding> for dataset::Padding {
    fn from(padding: PatchPadding) -> Self {
        match padding {
            PatchPadding::Zero => Self::Zero,
            PatchPadding::Reflect => Self::Reflect,
            PatchPadding::Edge => Self::Edge,
        }
    }
}

impl Network {
    /// The layers, but for patch size and number of classes.
    pub fn architecture(&self) -> Architecture {
        let published = |backbone, network: &PublishedNetwork| {
            let head = Head {
                hidden: network.head.clone(),
                dropout: network.dropout,
                batch_norm: network.batch_norm,
                batch_norm_scores: network.batch_norm_scores,
            };
            let top = Top { pooling: network.pooling.into(), batch_norm_features: network.batch_norm_features, head };
            Architecture::Backbone { backbone, top }
        };
        match self {
            Self::Waldeland(waldeland) => Architecture::Waldeland { padding: waldeland.padding.into() },
            Self::Malenov(_) => Architecture::Malenov,
            Self::Vgg16(vgg16) => Architecture::Vgg16 {
                cut: vgg16.cut.clone(),
                padding: vgg16.padding.into(),
                head: Head {
                    hidden: vgg16.head.clone(),
                    dropout: vgg16.dropout,
                    batch_norm: vgg16.batch_norm,
                    batch_norm_scores: vgg16.batch_norm_scores,
                },
            },
            Self::Vgg19(network) => published(Backbone::Vgg19, network),
            Self::Resnet9(network) => published(Backbone::Resnet9, network),
            Self::Resnet18(network) => published(Backbone::Resnet18, network),
            Self::Resnet34(network) => published(Backbone::Resnet34, network),
            Self::Resnet50(network) => published(Backbone::Resnet50, network),
            Self::Resnet101(network) => published(Backbone::Resnet101, network),
            Self::Resnet152(network) => published(Backbone::Resnet152, network),
            Self::Resnet50Keras(network) => published(Backbone::Resnet50Keras, network),
            Self::MobilenetV2(network) => published(Backbone::MobilenetV2, network),
            Self::InceptionV3(network) => published(Backbone::InceptionV3, network),
            Self::Xception(network) => published(Backbone::Xception, network),
            Self::Densenet121(network) => published(Backbone::Densenet121, network),
            Self::Minerals1(network) => published(Backbone::Minerals1, network),
            Self::Minerals2(network) => published(Backbone::Minerals2, network),
            Self::Unet(unet) => {
                let encoder = unet.encoder.into();
                Architecture::Unet(network::Unet {
                    encoder,
                    decoder: unet.decoder.clone().unwrap_or_else(|| encoder.decoder()),
                    dropout: unet.dropout,
                    batch_norm: unet.batch_norm,
                })
            }
        }
    }

    /// What keeps its weights while the rest learns.
    pub fn freeze(&self) -> Option<network::Freeze> {
        if let Self::Vgg16(vgg16) = self {
            return vgg16.freeze.clone().map(|freeze| match freeze {
                Freeze::Convolutions(count) => network::Freeze::Convolutions(count),
                Freeze::Layers(count) => network::Freeze::Layers(count),
                Freeze::AllButLast(count) => network::Freeze::AllButLast(count),
                Freeze::Through(name) => network::Freeze::Through(name),
            });
        }
        let freeze = match self {
            Self::Unet(unet) => &unet.freeze,
            _ => &self.published()?.freeze,
        };
        freeze.clone().map(network::Freeze::from)
    }

    /// What frozen batch normalisation takes while the rest learns.
    pub fn frozen_statistics(&self) -> network::FrozenStatistics {
        match self.published().map(|network| network.frozen_statistics).unwrap_or_default() {
            FrozenStatistics::Running => network::FrozenStatistics::Running,
            FrozenStatistics::Batch => network::FrozenStatistics::Batch,
        }
    }

    /// The file of pretrained weights.
    pub fn weights(&self) -> Option<&Path> {
        match self {
            Self::Vgg16(vgg16) => vgg16.weights.as_deref(),
            Self::Unet(unet) => unet.weights.as_deref(),
            _ => self.published()?.weights.as_deref(),
        }
    }
}

impl From<UnetEncoder> for network::Encoder {
    fn from(encoder: UnetEncoder) -> Self {
        match encoder {
            UnetEncoder::Vgg16 => Self::Vgg16,
            UnetEncoder::Resnet18 => Self::Resnet18,
            UnetEncoder::Resnet34 => Self::Resnet34,
            UnetEncoder::Resnet50 => Self::Resnet50,
        }
    }
}

impl From<Padding> for network::Padding {
    fn from(padding: Padding) -> Self {
        match padding {
            Padding::Same => Self::Same,
            Padding::Valid => Self::Valid,
        }
    }
}

impl Training {
    /// Random changes to what is seen.
    pub fn augmentation_options(&self) -> dataset::Augmentation {
        let asked = &self.augmentation;
        dataset::Augmentation {
            mirror: asked.mirror,
            stretch: asked.stretch.into(),
            rotation: asked.rotation.into(),
            tilt: asked.tilt.into(),
            amplitude_scale: asked.amplitude_scale,
            polarity: asked.polarity,
            band_limit: dataset::BandLimit {
                low: asked.band_limit.low,
                high: asked.band_limit.high,
                probability: asked.band_limit.probability,
            },
            noise: asked.noise.into(),
        }
    }
}

impl From<Pooling> for network::Pooling {
    fn from(pooling: Pooling) -> Self {
        match pooling {
            Pooling::Average => Self::Average,
            Pooling::Flatten => Self::Flatten,
        }
    }
}

impl From<Amount> for dataset::Amount {
    fn from(Amount { up_to, probability }: Amount) -> Self {
        Self { up_to, probability }
    }
}

impl From<ClassWeights> for dataset::ClassWeights {
    fn from(weights: ClassWeights) -> Self {
        match weights {
            ClassWeights::None => Self::None,
            ClassWeights::Inverse => Self::Inverse,
            ClassWeights::InverseSqrt => Self::InverseSqrt,
            ClassWeights::Given(weights) => Self::Given(weights),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_of_an_augmentation_sets_its_own_option_and_nothing_else() {
        use dataset::{Augmentation, BandLimit};
        let none = Augmentation::default;
        let sometimes = dataset::Amount { up_to: 5.0, probability: 0.5 };
        for (key, expected) in [
            ("{}", none()),
            ("{mirror: 0.5}", Augmentation { mirror: 0.5, ..none() }),
            ("{stretch: 0.2}", Augmentation { stretch: 0.2.into(), ..none() }),
            ("{rotation: {up_to: 5, probability: 0.5}}", Augmentation { rotation: sometimes, ..none() }),
            ("{tilt: 15}", Augmentation { tilt: 15.0.into(), ..none() }),
            ("{amplitude_scale: [0.8, 1.25]}", Augmentation { amplitude_scale: [0.8, 1.25], ..none() }),
            ("{polarity: 0.5}", Augmentation { polarity: 0.5, ..none() }),
            ("{noise: 0.2}", Augmentation { noise: 0.2.into(), ..none() }),
            (
                "{band_limit: {low: [0.1, 0.2], high: [0.3, 0.6], probability: 0.5}}",
                Augmentation {
                    band_limit: BandLimit { low: [0.1, 0.2], high: [0.3, 0.6], probability: 0.5 },
                    ..none()
                },
            ),
        ] {
            let yaml = format!("{{form: {{patch: {{}}}}, steps: 1, augmentation: {key}}}");
            let training: Training = serde_saphyr::from_str(&yaml).unwrap();
            assert_eq!(training.augmentation_options(), expected, "{key}");
        }
    }
}

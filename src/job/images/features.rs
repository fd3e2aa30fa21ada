//! The use case `images features`: what a frozen network makes of pictures.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use ndarray::Array4;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::dataset::pictures::{Fit, PictureFolder};
use crate::job::{JobEvent, Listener, RunError};
use crate::network::{
    Backbone, Device, Dialect, Head, PictureDescription, PictureInput, PictureModel, Pooling, Pretrained, Top,
    set_threads,
};
use crate::predict::pictures::{BottleneckOutcome, Bottlenecks, update_bottlenecks};

/// Which pictures, which network, and where the result goes.
#[derive(Clone, Debug)]
pub struct FeaturesOptions {
    /// Folder with one sub-folder per class.
    pub train: PathBuf,
    /// The same for validation.
    pub validation: Option<PathBuf>,
    /// The network.
    pub backbone: Backbone,
    /// Its pretrained weights; without them they are drawn from the seed.
    pub weights: Option<PathBuf>,
    /// Rows and columns of what it sees.
    pub side: usize,
    /// What becomes of pictures of another proportion.
    pub fit: Fit,
    /// What becomes of the last map.
    pub pooling: Pooling,
    /// Seed of weights that are not pretrained.
    pub seed: u64,
    /// The file.
    pub file: PathBuf,
    /// Whether bottlenecks of another network may be replaced.
    pub overwrite: bool,
    /// Where to compute.
    pub device: Device,
    /// CPU threads.
    pub threads: usize,
}

/// What came of it.
#[derive(Debug)]
pub struct FeaturesOutcome {
    /// The bottlenecks.
    pub bottlenecks: Bottlenecks,
    /// What was computed and what was known.
    pub counts: BottleneckOutcome,
}

/// Pictures of waves and noise that have nothing to do with the user's, so that more of those change no weight.
fn texture(side: usize, seed: u64) -> Array4<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut pictures = Array4::zeros((16, 3, side, side));
    for mut channel in
        pictures.view_mut().into_shape_with_order((48, side, side)).expect("one block of memory").outer_iter_mut()
    {
        let mut waves = [[0.0_f32; 3]; 3];
        waves.iter_mut().flatten().for_each(|number| *number = random.random_range(-1.0..1.0));
        for ((row, column), value) in channel.indexed_iter_mut() {
            let wave = |&[down, right, phase]: &[f32; 3]| {
                (0.6 * (down * row as f32 + right * column as f32) + 3.0 * phase).sin()
            };
            *value = waves.iter().map(wave).sum::<f32>() + random.random_range(-0.5..0.5);
        }
    }
    pictures
}

/// Makes bottlenecks of the pictures in one or two folders, or adds those of new pictures.
///
/// # Errors
/// When folders or weights do not fit, bottlenecks of another network are there, or on interruption, after what was computed has been
/// written.
pub fn make_bottlenecks(
    options: &FeaturesOptions,
    listener: &mut dyn Listener,
    interrupted: &AtomicBool,
) -> Result<FeaturesOutcome, RunError> {
    set_threads(options.threads);
    let train = PictureFolder::scan(&options.train)?;
    train.check_classes()?;
    let validation = options.validation.as_deref().map(PictureFolder::scan).transpose()?;
    let validation = validation.map(|folder| folder.with_classes_of(&train)).transpose()?;
    let pretrained = options.weights.as_deref().map(Pretrained::read).transpose()?;
    // Without weights there is nothing that pictures were normalised for; ImageNet's suits fresh ones as well.
    let normalization = pretrained.as_ref().map(|weights| weights.normalization(options.backbone));
    let description = PictureDescription {
        version: PictureDescription::VERSION,
        backbone: options.backbone,
        top: Top {
            pooling: options.pooling,
            batch_norm_features: false,
            head: Head { hidden: Vec::new(), dropout: 0.0, batch_norm: false, batch_norm_scores: false },
        },
        pictures: PictureInput {
            side: options.side,
            fit: options.fit,
            normalization: normalization.unwrap_or(options.backbone.normalization(Dialect::Torch)),
        },
        classes: train.classes().to_vec(),
        pretrained: None,
        seed: options.seed,
    };
    let mut model = PictureModel::new(description, pretrained.as_ref())?;
    if pretrained.is_none() {
        model = model.with_measured_statistics(texture(options.side, options.seed).view())?;
    }
    if let Some(parent) = options.file.parent() {
        fs::create_dir_all(parent).map_err(RunError::io("make", parent))?;
    }
    if options.overwrite && options.file.exists() {
        fs::remove_file(&options.file).map_err(RunError::io("replace", &options.file))?;
    }
    let folders: Vec<_> = [("train", Some(&train)), ("validation", validation.as_ref())]
        .into_iter()
        .filter_map(|(name, folder)| Some((name, folder?)))
        .collect();
    let pictures: usize = folders.iter().map(|(_, folder)| folder.pictures().len()).sum();
    let title = options.backbone.title();
    listener.notice(&JobEvent::Stage(&format!("features of {pictures} pictures by {title}")));
    let mut tell = |progress| listener.notice(&JobEvent::Pictures(&progress));
    let (bottlenecks, counts) =
        update_bottlenecks(&model, options.device, &folders, &options.file, interrupted, &mut tell)?;
    let warn = |listener: &mut dyn Listener, text: &str| listener.notice(&JobEvent::Warning(text));
    for set in &counts.lost {
        warn(listener, &format!("the {set} pictures that the bottlenecks had are in them no more"));
    }
    let shared = bottlenecks.shared("validation", "train");
    if shared > 0 {
        warn(
            listener,
            &format!("{shared} validation pictures are training pictures as well: their scores mean little"),
        );
    }
    if let Some(folder) = &validation {
        let counts = folder.counts();
        let without = counts.iter().zip(folder.classes()).filter(|(count, _)| **count == 0);
        let without: Vec<_> = without.map(|(_, class)| format!("`{class}`")).collect();
        if !without.is_empty() {
            warn(listener, &format!("no picture validates {}", without.join(", ")));
        }
    }
    Ok(FeaturesOutcome { bottlenecks, counts })
}

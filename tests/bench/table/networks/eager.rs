//! Our side of `tests/peers/networks_speed_torch.py`: PyTorch's eager mode on the same networks.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::path::PathBuf;

use facies::network::Precision;
use facies::predict::SectionWindow;
use ndarray::Array3;
use serde_json::{Value, json};

use super::subject::{Line, Network};
use crate::peer::Peer;
use crate::{Context, Failure};

/// Batches among which PyTorch's best is looked for.
pub(super) const BATCHES: [usize; 5] = [16, 32, 64, 128, 256];

/// The order of values in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Layout {
    /// PyTorch's default, NCHW.
    Contiguous,
    ChannelsLast,
}

impl Layout {
    pub(super) const BOTH: [Self; 2] = [Self::Contiguous, Self::ChannelsLast];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Contiguous => "NCHW",
            Self::ChannelsLast => "channels-last",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Contiguous => "contiguous",
            Self::ChannelsLast => "channels_last",
        }
    }
}

/// PyTorch with our networks and our section.
pub(super) struct Eager {
    peer: RefCell<Peer>,
    name: String,
    /// Where it leaves probabilities.
    answers: PathBuf,
    whole: SectionWindow,
    classes: usize,
}

impl Eager {
    /// `None` where the peers' environment is absent; `notes` says so then.
    pub(super) fn start(
        context: &Context<'_>,
        line: &Line,
        networks: &[&Network],
        notes: &mut Vec<String>,
    ) -> Result<Option<Self>, Failure> {
        let section = context.folder.join("section.f32");
        let bytes: Vec<u8> = line.amplitude.iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(&section, bytes)?;
        let mut models = Vec::new();
        for network in networks {
            models.push(context.folder.join(format!("{}.safetensors", network.title)));
            network.model.save(&models[models.len() - 1])?;
        }
        let whole = line.whole();
        let [traces, samples] = whole.shape();
        let numbers = [context.threads, traces, samples].map(|number| number.to_string());
        let mut arguments: Vec<&OsStr> = numbers.iter().map(OsStr::new).collect();
        arguments.push(section.as_os_str());
        arguments.extend(models.iter().map(|model| model.as_os_str()));
        let Some(peer) = Peer::start("networks_speed_torch.py", &arguments, notes)? else { return Ok(None) };
        let name = peer.name().to_owned();
        let classes = networks.first().map_or(0, |network| network.model.description.classes.len());
        let answers = context.folder.join("answers.f32");
        Ok(Some(Self { peer: RefCell::new(peer), name, answers, whole, classes }))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Voxels/s of the dense form (à trous) on the whole section.
    pub(super) fn dense(&self, model: usize, layout: Layout, precision: Precision) -> Result<f64, Failure> {
        let seconds = self.peer.borrow_mut().seconds(&dense_question(model, layout, precision))?;
        Ok(self.whole.voxels() as f64 / seconds)
    }

    /// Voxels/s of patches that lie ready, `batch` in a call.
    pub(super) fn patches(&self, model: usize, batch: usize, window: &SectionWindow) -> Result<f64, Failure> {
        let seconds = self.peer.borrow_mut().seconds(&patch_question(model, batch, window))?;
        Ok(window.voxels() as f64 / seconds)
    }

    /// The batch of most voxels/s.
    pub(super) fn best_batch(&self, model: usize, window: &SectionWindow) -> Result<usize, Failure> {
        let mut best = (BATCHES[0], 0.0);
        // The first call of all pays for what later ones find ready.
        self.patches(model, BATCHES[0], window)?;
        for batch in BATCHES {
            let rate = self.patches(model, batch, window)?;
            if rate > best.1 {
                best = (batch, rate);
            }
        }
        Ok(best.0)
    }

    /// FLOP/s of one convolution: 256 to 256 channels, 3 x 3, on 128 x 128.
    pub(super) fn peak(&self, layout: Layout, precision: Precision) -> Result<f64, Failure> {
        let question = json!({ "case": "peak", "layout": layout.word(), "precision": precision.to_string() });
        let answer = self.peer.borrow_mut().ask(&question)?;
        match (answer["flop"].as_f64(), answer["seconds"].as_f64()) {
            (Some(flop), Some(seconds)) => Ok(flop / seconds),
            _ => Err(format!("the peer answers {question} with {answer}").into()),
        }
    }

    /// Probabilities `[class, trace, sample]` of the whole section by the dense form.
    pub(super) fn dense_probabilities(&self, model: usize, precision: Precision) -> Result<Array3<f32>, Failure> {
        let values = self.saved(dense_question(model, Layout::Contiguous, precision))?;
        let [traces, samples] = self.whole.shape();
        Ok(Array3::from_shape_vec((self.classes, traces, samples), values)?)
    }

    /// Probabilities `[class, trace, sample]` of a window, patch by patch.
    pub(super) fn patch_probabilities(&self, model: usize, window: &SectionWindow) -> Result<Array3<f32>, Failure> {
        let values = self.saved(patch_question(model, 64, window))?;
        let [traces, samples] = window.shape();
        Ok(Array3::from_shape_vec((traces, samples, self.classes), values)?.permuted_axes([2, 0, 1]))
    }

    fn saved(&self, mut question: Value) -> Result<Vec<f32>, Failure> {
        question["save"] = json!(self.answers);
        self.peer.borrow_mut().ask(&question)?;
        let bytes = std::fs::read(&self.answers)?;
        let (words, _) = bytes.as_chunks::<4>();
        Ok(words.iter().map(|&word| f32::from_le_bytes(word)).collect())
    }
}

fn dense_question(model: usize, layout: Layout, precision: Precision) -> Value {
    json!({ "case": "dense", "model": model, "layout": layout.word(), "precision": precision.to_string() })
}

fn patch_question(model: usize, batch: usize, window: &SectionWindow) -> Value {
    let SectionWindow { traces, samples } = window;
    let window = [[traces.start, traces.end], [samples.start, samples.end]];
    json!({ "case": "patches", "model": model, "batch": batch, "window": window })
}

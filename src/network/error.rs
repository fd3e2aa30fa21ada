//! What can go wrong with a network.

use std::path::PathBuf;

/// Why a network could not be built, loaded, trained or applied.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum NetworkError {
    /// libtorch refused an operation.
    #[error("libtorch: {message}")]
    Torch {
        /// Its first line.
        message: String,
    },
    /// The device has no memory left for the operation.
    #[error("the device ran out of memory")]
    #[diagnostic(help("use a smaller tile, crop or batch (`prediction.tile`, `training.form`)"))]
    OutOfMemory,
    /// A device that this machine or this libtorch lacks.
    #[error("device `{device}` is not available: {reason}")]
    #[diagnostic(help("use `--device cpu`, or see `facies doctor`"))]
    DeviceMissing {
        /// What was asked for.
        device: String,
        /// Why it cannot be had.
        reason: String,
    },
    /// Text that names no device.
    #[error("`{text}` is no device: use auto, cpu, cuda, cuda:N, cuda:all, or several as cuda:0,cuda:2")]
    DeviceName {
        /// What was given.
        text: String,
    },
    /// A number format that the device does not compute in.
    #[error("precision {precision} is not available on `{device}`: {reason}")]
    #[diagnostic(help(
        "use `precision: f32`; a prediction also takes `auto`, the fastest that the device has and the answer allows"
    ))]
    Precision {
        /// What was asked for.
        precision: super::Precision,
        /// Of whom.
        device: String,
        /// What it lacks.
        reason: String,
    },
    /// A convolution that VGG16 does not have.
    #[error("VGG16 has no convolution `{name}` to cut after; it has conv1_1, conv1_2, conv2_1 ... conv5_3")]
    UnknownCut {
        /// What was given.
        name: String,
    },
    /// The window of a valid network is larger than the patch.
    #[error("the network sees {receptive_field} x {receptive_field} samples, the patch has only {patch} x {patch}")]
    #[diagnostic(help("cut the network earlier or set `patch.size` to at least the receptive field"))]
    PatchTooSmall {
        /// Window of the network.
        receptive_field: usize,
        /// Side of the patch.
        patch: usize,
    },
    /// Nothing would be left of a picture on its way through a network.
    #[error("nothing is left of {} x {} samples on their way through {network}, which needs at least {smallest} x {smallest}", size[0], size[1])]
    #[diagnostic(help(
        "set `patch.size` (`--size` for pictures) to at least {smallest}, or use a network with fewer pools"
    ))]
    PictureTooSmall {
        /// Its name.
        network: String,
        /// Rows and columns.
        size: [usize; 2],
        /// The least side that will do.
        smallest: usize,
    },
    /// The dense form of a same-padded network would be another function.
    #[error("a network with same padding has no exact dense form: zeros enter at the edge of every patch")]
    #[diagnostic(help("use `engine: patch` and `form: {{ patch: ... }}`, or a network with `padding: valid`"))]
    NoDenseForm,
    /// A layer that the network does not have.
    #[error("the network has no layer `{name}` whose map could be shown; it has {known}")]
    UnknownLayer {
        /// What was given.
        name: String,
        /// Names of those it has.
        known: String,
    },
    /// Passes with dropout over a network without any.
    #[error("the network has no dropout, so all passes of `monte_carlo` would be the same")]
    #[diagnostic(help("give it a `dropout` above 0 and train again, or leave `prediction.monte_carlo` out"))]
    NoDropout,
    /// A network that segments has no scores of one patch.
    #[error("a U-Net gives every voxel of a section its class; it has no form for single patches")]
    #[diagnostic(help("use `engine: dense` and `form: {{ dense: ... }}`"))]
    NoPatchForm,
    /// A U-Net with more steps up than its encoder has down.
    #[error("a decoder of {wanted} widths does not fit {encoder}, which halves its maps {most} times")]
    #[diagnostic(help("give 1 to {most} widths, the first for the smallest map"))]
    DecoderDepth {
        /// Name of the encoder.
        encoder: String,
        /// Widths given.
        wanted: usize,
        /// Most that fit.
        most: usize,
    },
    /// A freeze request beyond the network.
    #[error("cannot freeze {wanted}: the network has {available}")]
    Freeze {
        /// What was asked for.
        wanted: String,
        /// What there is.
        available: String,
    },
    /// A weights or model file that cannot be read.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A model file or checkpoint that cannot be written.
    #[error("cannot write {path}")]
    #[diagnostic(help("check free space, file-size limits and permissions"))]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A file that is no safetensors file, or a broken one.
    #[error("{path} is no readable safetensors file: {message}")]
    #[diagnostic(help("check that the file arrived whole; `facies weights list` shows the files that networks take"))]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// The parser's words.
        message: String,
    },
    /// A file of weights in a format that is not read, or a broken one.
    #[error("{path} holds no readable weights: {message}")]
    #[diagnostic(help(
        "check that the file arrived whole; PyTorch state dictionaries (.pth), safetensors and Keras' .h5 are read"
    ))]
    UnreadableWeights {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// Pretrained weights that do not belong to the network.
    #[error("{path} does not hold the weights of this network: {reason}")]
    #[diagnostic(help("see `facies weights list` for the files each network takes"))]
    WrongWeights {
        /// The file.
        path: PathBuf,
        /// Missing names, wrong shapes.
        reason: String,
    },
    /// A model of an earlier run that does not fit the network of this one.
    #[error("{path} cannot be started from: {reason}")]
    #[diagnostic(help(
        "give the job the network and the classes of that run; for other classes or another head, \
         `start_from: {{ path: ..., head: fresh }}`"
    ))]
    OtherModel {
        /// The model file.
        path: PathBuf,
        /// What differs.
        reason: String,
    },
    /// A known file of weights with another content.
    #[error("{path} is not the published file: its {kind} is {actual}, not {expected}")]
    #[diagnostic(help("fetch it again; if these are other weights on purpose, give the file another name"))]
    WrongChecksum {
        /// The file.
        path: PathBuf,
        /// Kind of the checksum.
        kind: &'static str,
        /// What its content gives.
        actual: String,
        /// What was published.
        expected: String,
    },
    /// A file that could not be fetched.
    #[error("{address} could not be fetched: {message}")]
    #[diagnostic(help("fetch it where there is a network, and import the file: `facies weights import FILE`"))]
    Download {
        /// Its address.
        address: String,
        /// Why not.
        message: String,
    },
    /// A safetensors file that holds no facies model.
    #[error("{path} is no facies model: {reason}")]
    #[diagnostic(help("a model is the `model.safetensors` of a finished run"))]
    NotAModel {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A safetensors file that holds no bottlenecks.
    #[error("{path} holds no bottlenecks: {reason}")]
    #[diagnostic(help("`facies images features` makes them"))]
    NotBottlenecks {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// An input or state whose shape does not fit.
    #[error("{what} has shape {actual:?}, expected {expected}")]
    Shape {
        /// What was given.
        what: String,
        /// Its shape.
        actual: Vec<usize>,
        /// What fits.
        expected: String,
    },
    /// A loss that is no number.
    #[error("the training loss became {loss} at step {step}")]
    #[diagnostic(help("lower the learning rate, and check amplitude clipping with `facies inspect`"))]
    Diverged {
        /// The loss.
        loss: f64,
        /// Step counted from 1.
        step: u64,
    },
}

impl From<tch::TchError> for NetworkError {
    fn from(error: tch::TchError) -> Self {
        let message = error.to_string();
        if message.contains("out of memory") || message.contains("can't allocate memory") {
            return Self::OutOfMemory;
        }
        // libtorch appends a C++ stack trace to its message.
        Self::Torch { message: message.lines().next().unwrap_or_default().to_owned() }
    }
}

//! The files of weights that facies knows by name.
//!
//! What stands here was published: torchvision 0.26 gives each file's size in mebibytes (`_file_size` of its `WeightsEnum`s, whose
//! values are those of the models' source files) and the first eight digits of its SHA-256 in the file name; Keras 3.15 gives the
//! MD5 (`file_hash` in `keras/src/applications`) and no size. Whole digests and sizes in bytes were counted on the files themselves.

use std::fmt;
use std::path::Path;

use super::super::NetworkError;
use super::super::architecture::Backbone;
use super::checksum::{Checksum, Sums, check};

/// A weights file that facies knows by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownWeights {
    /// Network that takes it.
    pub network: Backbone,
    /// Usual file name.
    pub file: &'static str,
    /// Folder of its public address; `None` where it has none.
    pub folder: Option<&'static str>,
    /// How long it is.
    pub size: Size,
    /// What it is told by.
    pub checksum: Checksum,
    /// What it is.
    pub origin: &'static str,
    /// Under what terms it was published.
    pub licence: &'static str,
}

/// Length of a file, as precisely as is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// Counted.
    Bytes(u64),
    /// Published to three digits, in units of 2^20 bytes.
    Mebibytes(f64),
    /// Not published.
    Unknown,
}

const TORCHVISION: Option<&str> = Some("https://download.pytorch.org/models");
const KERAS: &str = "Keras' ImageNet weights";
const IMAGENET: &str = "torchvision's ImageNet weights";
const BSD: &str = "BSD-3-Clause";
const MIT: &str = "MIT";

const fn torchvision(network: Backbone, file: &'static str, start: &'static str, mebibytes: f64) -> KnownWeights {
    KnownWeights {
        network,
        file,
        folder: TORCHVISION,
        size: Size::Mebibytes(mebibytes),
        checksum: Checksum::Sha256Start(start),
        origin: IMAGENET,
        licence: BSD,
    }
}

const fn keras(network: Backbone, file: &'static str, folder: &'static str, md5: &'static str) -> KnownWeights {
    KnownWeights {
        network,
        file,
        folder: Some(folder),
        size: Size::Unknown,
        checksum: Checksum::Md5(md5),
        origin: KERAS,
        licence: MIT,
    }
}

const KNOWN: [KnownWeights; 22] = [
    // The note in its header names the file that it was made of, so neither its size nor its digest is the same for all.
    KnownWeights {
        network: Backbone::Vgg16,
        file: "vgg16_conv.safetensors",
        folder: None,
        size: Size::Unknown,
        checksum: Checksum::Unknown,
        origin: "the 13 convolutions of torchvision's VGG16, as `facies weights import` makes it of the file below",
        licence: BSD,
    },
    torchvision(Backbone::Vgg16, "vgg16-397923af.pth", "397923af", 527.796),
    torchvision(Backbone::Vgg19, "vgg19-dcbb9e9d.pth", "dcbb9e9d", 548.051),
    torchvision(Backbone::Resnet18, "resnet18-f37072fd.pth", "f37072fd", 44.661),
    // Of early releases of torchvision, which gave no sizes.
    KnownWeights { size: Size::Unknown, ..torchvision(Backbone::Resnet18, "resnet18-5c106cde.pth", "5c106cde", 0.0) },
    torchvision(Backbone::Resnet34, "resnet34-b627a593.pth", "b627a593", 83.275),
    torchvision(Backbone::Resnet50, "resnet50-0676ba61.pth", "0676ba61", 97.781),
    torchvision(Backbone::Resnet50, "resnet50-11ad3fa6.pth", "11ad3fa6", 97.79),
    torchvision(Backbone::Resnet101, "resnet101-63fe2227.pth", "63fe2227", 170.511),
    torchvision(Backbone::Resnet101, "resnet101-cd907fc2.pth", "cd907fc2", 170.53),
    torchvision(Backbone::Resnet152, "resnet152-394f9c45.pth", "394f9c45", 230.434),
    torchvision(Backbone::Resnet152, "resnet152-f82ba261.pth", "f82ba261", 230.474),
    KnownWeights {
        size: Size::Bytes(14_212_972),
        checksum: Checksum::Sha256("b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"),
        ..torchvision(Backbone::MobilenetV2, "mobilenet_v2-b0353104.pth", "b0353104", 13.555)
    },
    torchvision(Backbone::MobilenetV2, "mobilenet_v2-7ebf99e0.pth", "7ebf99e0", 13.598),
    torchvision(Backbone::InceptionV3, "inception_v3_google-0cc3c7bd.pth", "0cc3c7bd", 103.903),
    torchvision(Backbone::Densenet121, "densenet121-a639ec97.pth", "a639ec97", 30.845),
    KnownWeights {
        network: Backbone::Resnet50Keras,
        file: "resnet50_keras_fp16.safetensors",
        folder: None,
        size: Size::Bytes(51_569_000),
        checksum: Checksum::Sha256("cd8131fc165e5e90562a8878de7159438be24c79a5d0d4465b1da4369ffd016b"),
        origin: "the file below with 16-bit kernels",
        licence: MIT,
    },
    // Keras published two ResNet50s under this file name. This is the first (layers `res2a_branch2a`, epsilon 1e-3), whose MD5
    // stands in `resnet50.py` of keras_applications before ResNets were published together.
    keras(
        Backbone::Resnet50Keras,
        "resnet50_weights_tf_dim_ordering_tf_kernels.h5",
        "https://github.com/fchollet/deep-learning-models/releases/download/v0.2",
        "a7b3fe01876f51b976af0dea6bc144eb",
    ),
    keras(
        Backbone::Vgg16,
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/vgg16",
        "6d6bbae143d832006294945121d1f1fc",
    ),
    keras(
        Backbone::Vgg19,
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/vgg19",
        "253f8cb515780f3b799900260a226db6",
    ),
    keras(
        Backbone::Xception,
        "xception_weights_tf_dim_ordering_tf_kernels.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/xception",
        "0a58e3b7378bc2990ea3b43d5981f1f6",
    ),
    keras(
        Backbone::Densenet121,
        "densenet121_weights_tf_dim_ordering_tf_kernels.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/densenet",
        "9d60b8095a5708f2dcce2bca79d332c7",
    ),
];

/// The second ResNet50 of that name (layers `conv2_block1_1_conv`, epsilon 1.001e-5), which Keras fetches today from another folder;
/// whoever has it may import it too.
const LATER_RESNET50: (&str, Checksum) =
    ("resnet50_weights_tf_dim_ordering_tf_kernels.h5", Checksum::Md5("2cb95161c43110f7111970584f804107"));

/// The files that networks of this version take.
pub fn known_weights() -> &'static [KnownWeights] {
    &KNOWN
}

impl KnownWeights {
    /// Public address.
    pub fn address(&self) -> Option<String> {
        self.folder.map(|folder| format!("{folder}/{}", self.file))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{:.3} MiB", *bytes as f64 / f64::from(1 << 20)),
            Self::Mebibytes(mebibytes) => write!(f, "{mebibytes:.3} MiB"),
            Self::Unknown => f.write_str("not published"),
        }
    }
}

/// The SHA-256 of the file at `path`, which consists of `bytes`; refuses a file that bears the name of a known one and is another.
pub(super) fn checked(path: &Path, bytes: &[u8]) -> Result<String, NetworkError> {
    let named = KNOWN.iter().map(|known| (known.file, known.checksum)).chain([LATER_RESNET50]);
    let named = named.filter(|(file, _)| path.file_name().is_some_and(|name| name == *file));
    let checksums: Vec<_> = named.map(|(_, checksum)| checksum).collect();
    let mut sums = Sums::for_checksums(&checksums);
    sums.update(bytes);
    let digits = sums.finish();
    check(path, &checksums, &digits)?;
    Ok(digits.sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_public_file_has_a_checksum_and_its_name_carries_that_of_torchvision() {
        for known in known_weights() {
            let digits = match known.checksum {
                Checksum::Sha256(digits) => (digits, 64),
                Checksum::Sha256Start(digits) => (digits, 8),
                Checksum::Md5(digits) => (digits, 32),
                Checksum::Unknown => ("", 0),
            };
            assert_eq!(digits.0.len(), digits.1, "{}", known.file);
            assert!(digits.0.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f')), "{}", known.file);
            if let Some(address) = known.address() {
                assert!(address.starts_with("https://") && known.checksum != Checksum::Unknown, "{address}");
                assert!(known.folder != TORCHVISION || known.file.contains(&digits.0[..8]), "{address}");
            }
        }
        let counted = known_weights().iter().find(|known| known.file == "mobilenet_v2-b0353104.pth").unwrap();
        // What torchvision publishes of it.
        assert_eq!(counted.size.to_string(), "13.555 MiB");
    }

    #[test]
    fn another_file_of_a_known_name_is_refused() {
        for (name, words) in [
            ("resnet18-f37072fd.pth", "its SHA-256 is ba7816bf"),
            ("mobilenet_v2-b0353104.pth", "not b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"),
            (
                "resnet50_weights_tf_dim_ordering_tf_kernels.h5",
                "its MD5 is 900150983cd24fb0d6963f7d28e17f72, not a7b3fe01876f51b976af0dea6bc144eb or 2cb95161c43110f7111970584f804107",
            ),
        ] {
            let error = checked(&Path::new("folder").join(name), b"abc").unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(checked(Path::new("mine.pth"), b"abc").unwrap().starts_with("ba7816bf"));
    }
}

//! The files of weights that facies knows by name.

use std::path::Path;

use super::super::NetworkError;
use super::super::architecture::Backbone;

/// A weights file that facies knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownWeights {
    /// Network that takes it.
    pub network: Backbone,
    /// Usual file name.
    pub file: &'static str,
    /// Folder of its public address; `None` where it has none.
    pub folder: Option<&'static str>,
    /// Size in bytes, where known.
    pub bytes: Option<u64>,
    /// What its SHA-256 is known to be.
    pub checksum: Checksum,
    /// What it is.
    pub origin: &'static str,
    /// Under what terms it was published.
    pub licence: &'static str,
}

/// How much of a SHA-256 is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// All 64 hexadecimal digits.
    Whole(&'static str),
    /// The first digits, which the publisher put into the file name.
    Start(&'static str),
    /// Nothing.
    Unknown,
}

const TORCHVISION: Option<&str> = Some("https://download.pytorch.org/models");
const KERAS: &str = "Keras' ImageNet weights";
const IMAGENET: &str = "torchvision's ImageNet weights";
const BSD: &str = "BSD-3-Clause";
const MIT: &str = "MIT";

const fn torchvision(network: Backbone, file: &'static str, checksum: Checksum) -> KnownWeights {
    KnownWeights { network, file, folder: TORCHVISION, bytes: None, checksum, origin: IMAGENET, licence: BSD }
}

const fn keras(network: Backbone, file: &'static str, folder: &'static str) -> KnownWeights {
    KnownWeights {
        network,
        file,
        folder: Some(folder),
        bytes: None,
        checksum: Checksum::Unknown,
        origin: KERAS,
        licence: MIT,
    }
}

const KNOWN: [KnownWeights; 22] = [
    KnownWeights {
        network: Backbone::Vgg16,
        file: "vgg16_conv.safetensors",
        folder: None,
        bytes: Some(58_861_136),
        checksum: Checksum::Unknown,
        origin: "the 13 convolutions of torchvision's VGG16, as `facies weights import` makes it of the file below",
        licence: BSD,
    },
    torchvision(Backbone::Vgg16, "vgg16-397923af.pth", Checksum::Start("397923af")),
    torchvision(Backbone::Vgg19, "vgg19-dcbb9e9d.pth", Checksum::Start("dcbb9e9d")),
    torchvision(Backbone::Resnet18, "resnet18-f37072fd.pth", Checksum::Start("f37072fd")),
    torchvision(Backbone::Resnet18, "resnet18-5c106cde.pth", Checksum::Start("5c106cde")),
    torchvision(Backbone::Resnet34, "resnet34-b627a593.pth", Checksum::Start("b627a593")),
    torchvision(Backbone::Resnet50, "resnet50-0676ba61.pth", Checksum::Start("0676ba61")),
    torchvision(Backbone::Resnet50, "resnet50-11ad3fa6.pth", Checksum::Start("11ad3fa6")),
    torchvision(Backbone::Resnet101, "resnet101-63fe2227.pth", Checksum::Start("63fe2227")),
    torchvision(Backbone::Resnet101, "resnet101-cd907fc2.pth", Checksum::Start("cd907fc2")),
    torchvision(Backbone::Resnet152, "resnet152-394f9c45.pth", Checksum::Start("394f9c45")),
    torchvision(Backbone::Resnet152, "resnet152-f82ba261.pth", Checksum::Start("f82ba261")),
    KnownWeights {
        bytes: Some(14_212_972),
        ..torchvision(
            Backbone::MobilenetV2,
            "mobilenet_v2-b0353104.pth",
            Checksum::Whole("b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"),
        )
    },
    torchvision(Backbone::MobilenetV2, "mobilenet_v2-7ebf99e0.pth", Checksum::Start("7ebf99e0")),
    torchvision(Backbone::InceptionV3, "inception_v3_google-0cc3c7bd.pth", Checksum::Start("0cc3c7bd")),
    torchvision(Backbone::Densenet121, "densenet121-a639ec97.pth", Checksum::Start("a639ec97")),
    KnownWeights {
        network: Backbone::Resnet50Keras,
        file: "resnet50_keras_fp16.safetensors",
        folder: None,
        bytes: Some(51_569_000),
        checksum: Checksum::Whole("cd8131fc165e5e90562a8878de7159438be24c79a5d0d4465b1da4369ffd016b"),
        origin: "the file below with 16-bit kernels",
        licence: MIT,
    },
    keras(
        Backbone::Resnet50Keras,
        "resnet50_weights_tf_dim_ordering_tf_kernels.h5",
        "https://github.com/fchollet/deep-learning-models/releases/download/v0.2",
    ),
    keras(
        Backbone::Vgg16,
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://github.com/fchollet/deep-learning-models/releases/download/v0.1",
    ),
    keras(
        Backbone::Vgg19,
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "https://github.com/fchollet/deep-learning-models/releases/download/v0.1",
    ),
    keras(
        Backbone::Xception,
        "xception_weights_tf_dim_ordering_tf_kernels.h5",
        "https://github.com/fchollet/deep-learning-models/releases/download/v0.4",
    ),
    keras(
        Backbone::Densenet121,
        "densenet121_weights_tf_dim_ordering_tf_kernels.h5",
        "https://github.com/keras-team/keras-applications/releases/download/densenet",
    ),
];

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

impl Checksum {
    /// Refuses `file` if its SHA-256 is not the known one.
    pub(super) fn check(self, file: &Path, sha256: &str) -> Result<(), NetworkError> {
        let expected = match self {
            Self::Whole(digits) if sha256 != digits => digits.to_owned(),
            Self::Start(digits) if !sha256.starts_with(digits) => format!("{digits}..."),
            _ => return Ok(()),
        };
        Err(NetworkError::WrongChecksum { path: file.to_owned(), actual: sha256.to_owned(), expected })
    }
}

/// Refuses a file that bears the name of a known one and is another.
pub(super) fn check_known(path: &Path, sha256: &str) -> Result<(), NetworkError> {
    let known = KNOWN.iter().find(|known| path.file_name().is_some_and(|name| name == known.file));
    known.map_or(Ok(()), |known| known.checksum.check(path, sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_that_file_names_carry_are_those_of_the_table() {
        for known in known_weights() {
            match known.checksum {
                Checksum::Whole(digits) => assert_eq!(digits.len(), 64),
                Checksum::Start(digits) => assert!(digits.len() == 8 && known.file.contains(digits)),
                Checksum::Unknown => {}
            }
            assert!(known.address().is_none_or(|address| address.starts_with("https://")));
        }
    }

    #[test]
    fn another_file_of_a_known_name_is_refused() {
        let path = Path::new("folder/resnet18-f37072fd.pth");
        assert!(check_known(path, "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec").is_ok());
        let error = check_known(path, "0123").unwrap_err().to_string();
        assert!(error.contains("f37072fd..."), "{error}");
        assert!(check_known(Path::new("mine.pth"), "0123").is_ok());
    }
}

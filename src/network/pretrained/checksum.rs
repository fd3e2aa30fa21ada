//! What is known of a file's content before it is read.

use std::fmt;
use std::path::Path;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::super::NetworkError;
use crate::grid::hexadecimal;

/// What a published file is told by, in hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// Its SHA-256, all 64 digits.
    Sha256(&'static str),
    /// The first digits of its SHA-256, which the publisher put into the file name.
    Sha256Start(&'static str),
    /// Its MD5, 32 digits, where the publisher gives no other. It tells a file that was damaged or exchanged by mistake, and not one
    /// that was made to have it.
    Md5(&'static str),
    /// Nothing.
    Unknown,
}

/// The sums of a file's content, taken piece by piece.
#[derive(Debug)]
pub(super) struct Sums {
    sha256: Sha256,
    md5: Option<Md5>,
}

/// The digits of [`Sums`].
#[derive(Debug)]
pub(super) struct Digits {
    pub(super) sha256: String,
    md5: Option<String>,
}

impl Sums {
    /// The SHA-256, and the MD5 where one of `checksums` asks for it.
    pub(super) fn for_checksums(checksums: &[Checksum]) -> Self {
        let md5 = checksums.iter().any(|checksum| matches!(checksum, Checksum::Md5(_)));
        Self { sha256: Sha256::new(), md5: md5.then(Md5::new) }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
    }

    pub(super) fn finish(self) -> Digits {
        Digits { sha256: hexadecimal(&self.sha256.finalize()), md5: self.md5.map(|md5| hexadecimal(&md5.finalize())) }
    }
}

/// Refuses `file` if its digits, taken for `checksums`, are those of none of them.
pub(super) fn check(file: &Path, checksums: &[Checksum], digits: &Digits) -> Result<(), NetworkError> {
    let Some(first) = checksums.first() else { return Ok(()) };
    if checksums.iter().any(|checksum| checksum.fits(digits)) {
        return Ok(());
    }
    let (kind, actual) = match first {
        Checksum::Md5(_) => ("MD5", digits.md5.clone().unwrap_or_default()),
        _ => ("SHA-256", digits.sha256.clone()),
    };
    let expected = checksums.iter().map(|checksum| match checksum {
        Checksum::Sha256(digits) | Checksum::Md5(digits) => (*digits).to_owned(),
        Checksum::Sha256Start(digits) => format!("{digits}..."),
        Checksum::Unknown => String::new(),
    });
    let expected = expected.collect::<Vec<_>>().join(" or ");
    Err(NetworkError::WrongChecksum { path: file.to_owned(), kind, actual, expected })
}

impl Checksum {
    fn fits(self, actual: &Digits) -> bool {
        match self {
            Self::Sha256(digits) => actual.sha256 == digits,
            Self::Sha256Start(digits) => actual.sha256.starts_with(digits),
            Self::Md5(digits) => actual.md5.as_deref() == Some(digits),
            Self::Unknown => true,
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(digits) => write!(f, "SHA-256 {digits}"),
            Self::Sha256Start(digits) => write!(f, "SHA-256 begins with {digits}"),
            Self::Md5(digits) => write!(f, "MD5 {digits}"),
            Self::Unknown => f.write_str("no checksum was published"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_takes_the_right_file_alone() {
        // RFC 1321 and FIPS 180-2 give both sums of "abc".
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for (checksum, kind) in [
            (Checksum::Sha256(sha256), "SHA-256"),
            (Checksum::Sha256Start(&sha256[..8]), "SHA-256"),
            (Checksum::Md5("900150983cd24fb0d6963f7d28e17f72"), "MD5"),
        ] {
            let checked = |pieces: [&[u8]; 2]| {
                let mut sums = Sums::for_checksums(&[checksum]);
                pieces.iter().for_each(|piece| sums.update(piece));
                check(Path::new("file"), &[checksum], &sums.finish())
            };
            assert!(checked([b"a", b"bc"]).is_ok(), "{checksum}");
            let error = checked([b"ab", b"d"]).unwrap_err().to_string();
            assert!(error.contains(&format!("its {kind} is")), "{error}");
        }
    }
}

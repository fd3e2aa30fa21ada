//! Samples to and from bytes: one loop per format, plain enough for the compiler to vectorise.

use crate::endian::Endian;
use crate::format::SampleFormat;
use crate::ibm::{f32_to_ibm, ibm_to_f32};

/// Decodes as many samples as both slices hold.
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calls the copy compiled for the vectors that the processor has")
)]
pub(crate) fn decode(format: SampleFormat, endian: Endian, bytes: &[u8], samples: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            // SAFETY: the processor has the extensions, which is all that the function requires.
            return unsafe { decode_avx512(format, endian, bytes, samples) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { decode_avx2(format, endian, bytes, samples) };
        }
    }
    decode_portable(format, endian, bytes, samples);
}

/// Whether the processor has all that `decode_avx512` is compiled for.
#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn decode_avx512(format: SampleFormat, endian: Endian, bytes: &[u8], samples: &mut [f32]) {
    decode_portable(format, endian, bytes, samples);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn decode_avx2(format: SampleFormat, endian: Endian, bytes: &[u8], samples: &mut [f32]) {
    decode_portable(format, endian, bytes, samples);
}

#[inline(always)]
fn decode_portable(format: SampleFormat, endian: Endian, bytes: &[u8], samples: &mut [f32]) {
    match endian {
        Endian::Big => decode_words::<true>(format, bytes, samples),
        Endian::Little => decode_words::<false>(format, bytes, samples),
    }
}

#[inline(always)]
fn decode_words<const BIG: bool>(format: SampleFormat, bytes: &[u8], samples: &mut [f32]) {
    macro_rules! word {
        ($type:ty, $bytes:expr) => {
            if BIG { <$type>::from_be_bytes($bytes) } else { <$type>::from_le_bytes($bytes) }
        };
    }
    match format {
        SampleFormat::IbmFloat32 => each(bytes, samples, |b| ibm_to_f32(word!(u32, b))),
        SampleFormat::Int32 => each(bytes, samples, |b| word!(i32, b) as f32),
        SampleFormat::Int16 => each(bytes, samples, |b| f32::from(word!(i16, b))),
        SampleFormat::Float32 => each(bytes, samples, |b| f32::from_bits(word!(u32, b))),
        SampleFormat::Float64 => each(bytes, samples, |b| word!(f64, b) as f32),
        SampleFormat::Int24 => each(bytes, samples, |b| ((u24::<BIG>(b) << 8) as i32 >> 8) as f32),
        SampleFormat::Int8 => each(bytes, samples, |b: [u8; 1]| f32::from(b[0] as i8)),
        SampleFormat::Int64 => each(bytes, samples, |b| word!(i64, b) as f32),
        SampleFormat::UInt32 => each(bytes, samples, |b| word!(u32, b) as f32),
        SampleFormat::UInt16 => each(bytes, samples, |b| f32::from(word!(u16, b))),
        SampleFormat::UInt64 => each(bytes, samples, |b| word!(u64, b) as f32),
        SampleFormat::UInt24 => each(bytes, samples, |b| u24::<BIG>(b) as f32),
        SampleFormat::UInt8 => each(bytes, samples, |b: [u8; 1]| f32::from(b[0])),
    }
}

#[inline(always)]
fn u24<const BIG: bool>([first, middle, last]: [u8; 3]) -> u32 {
    if BIG { u32::from_be_bytes([0, first, middle, last]) } else { u32::from_le_bytes([first, middle, last, 0]) }
}

#[inline(always)]
fn each<const N: usize>(bytes: &[u8], samples: &mut [f32], value: impl Fn([u8; N]) -> f32) {
    for (sample, word) in samples.iter_mut().zip(bytes.as_chunks::<N>().0) {
        *sample = value(*word);
    }
}

/// Appends big-endian samples; the error is the index of the first one that the format cannot hold.
pub(crate) fn encode(format: SampleFormat, samples: &[f32], bytes: &mut Vec<u8>) -> Result<(), usize> {
    bytes.reserve(samples.len() * format.bytes());
    macro_rules! integers {
        // The bounds are exact in f64, and `low - 0.5 <= value < high + 0.5` would round into the range.
        ($type:ty, $low:expr, $high:expr, $bytes:expr) => {{
            let (low, high): (f64, f64) = ($low, $high);
            put(samples, bytes, |sample| {
                let rounded = f64::from(sample).round_ties_even();
                (low <= rounded && rounded < high).then(|| $bytes(rounded as $type))
            })
        }};
    }
    match format {
        SampleFormat::IbmFloat32 => put(samples, bytes, |sample| f32_to_ibm(sample).map(u32::to_be_bytes)),
        SampleFormat::Float32 => put(samples, bytes, |sample| Some(sample.to_be_bytes())),
        SampleFormat::Float64 => put(samples, bytes, |sample| Some(f64::from(sample).to_be_bytes())),
        SampleFormat::Int8 => integers!(i8, -128.0, 128.0, i8::to_be_bytes),
        SampleFormat::UInt8 => integers!(u8, 0.0, 256.0, u8::to_be_bytes),
        SampleFormat::Int16 => integers!(i16, -32_768.0, 32_768.0, i16::to_be_bytes),
        SampleFormat::UInt16 => integers!(u16, 0.0, 65_536.0, u16::to_be_bytes),
        SampleFormat::Int24 => integers!(i32, -8_388_608.0, 8_388_608.0, |v: i32| last_three(v.to_be_bytes())),
        SampleFormat::UInt24 => integers!(u32, 0.0, 16_777_216.0, |v: u32| last_three(v.to_be_bytes())),
        SampleFormat::Int32 => integers!(i32, -2f64.powi(31), 2f64.powi(31), i32::to_be_bytes),
        SampleFormat::UInt32 => integers!(u32, 0.0, 2f64.powi(32), u32::to_be_bytes),
        SampleFormat::Int64 => integers!(i64, -2f64.powi(63), 2f64.powi(63), i64::to_be_bytes),
        SampleFormat::UInt64 => integers!(u64, 0.0, 2f64.powi(64), u64::to_be_bytes),
    }
}

fn last_three([_, first, middle, last]: [u8; 4]) -> [u8; 3] {
    [first, middle, last]
}

fn put<const N: usize>(
    samples: &[f32],
    bytes: &mut Vec<u8>,
    word: impl Fn(f32) -> Option<[u8; N]>,
) -> Result<(), usize> {
    for (index, &sample) in samples.iter().enumerate() {
        bytes.extend_from_slice(&word(sample).ok_or(index)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values at the ends of each format's range, as exact big-endian words.
    #[test]
    fn words_at_the_ends_of_every_range() {
        use SampleFormat as F;
        let cases: &[(F, &[u8], f32)] = &[
            (F::IbmFloat32, &[0xc2, 0x76, 0xa0, 0x00], -118.625),
            (F::Int32, &[0x80, 0, 0, 0], -2_147_483_648.0),
            (F::Int32, &[0xff, 0xff, 0xff, 0xfe], -2.0),
            (F::Int16, &[0x80, 0x00], -32_768.0),
            (F::Int16, &[0x7f, 0xff], 32_767.0),
            (F::Float32, &[0x3f, 0xc0, 0, 0], 1.5),
            (F::Float64, &[0xbf, 0xf8, 0, 0, 0, 0, 0, 0], -1.5),
            (F::Int24, &[0x80, 0, 0], -8_388_608.0),
            (F::Int24, &[0xff, 0xff, 0xff], -1.0),
            (F::Int24, &[0x7f, 0xff, 0xff], 8_388_607.0),
            (F::Int8, &[0x80], -128.0),
            (F::Int8, &[0x7f], 127.0),
            (F::Int64, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd], -3.0),
            (F::UInt32, &[0xff, 0xff, 0xff, 0x00], 4_294_967_040.0),
            (F::UInt16, &[0xff, 0xff], 65_535.0),
            (F::UInt64, &[0x80, 0, 0, 0, 0, 0, 0, 0], 9_223_372_036_854_775_808.0),
            (F::UInt24, &[0xff, 0xff, 0xff], 16_777_215.0),
            (F::UInt8, &[0xff], 255.0),
        ];
        for &(format, word, value) in cases {
            let mut read = [f32::NAN];
            format.decode(Endian::Big, word, &mut read);
            assert_eq!(read[0], value, "{format} big endian");
            let reversed: Vec<u8> = word.iter().rev().copied().collect();
            format.decode(Endian::Little, &reversed, &mut read);
            assert_eq!(read[0], value, "{format} little endian");
            let mut written = Vec::new();
            format.encode(&[value], &mut written).unwrap();
            assert_eq!(written, word, "{format}");
        }
        assert!(SampleFormat::ALL.iter().all(|format| cases.iter().any(|case| case.0 == *format)));
    }

    #[test]
    fn what_a_format_cannot_hold_is_refused_at_its_index() {
        use SampleFormat as F;
        for (format, bad) in [
            (F::Int8, 127.6),
            (F::Int8, f32::NAN),
            (F::UInt8, -1.0),
            (F::UInt8, 256.0),
            (F::Int16, 32_768.0),
            (F::UInt16, -0.6),
            (F::Int24, 8_388_608.0),
            (F::UInt24, 16_777_216.0),
            (F::Int32, 2_147_483_648.0),
            (F::UInt32, 4_294_967_296.0),
            (F::Int64, f32::INFINITY),
            (F::UInt64, -1.0),
            (F::IbmFloat32, f32::NAN),
        ] {
            assert_eq!(format.encode(&[0.0, 1.0, bad], &mut Vec::new()), Err(2), "{format} {bad}");
        }
        let mut bytes = Vec::new();
        SampleFormat::Int8.encode(&[2.5, 3.5, -0.4, 127.4], &mut bytes).unwrap();
        assert_eq!(bytes, [2, 4, 0, 127]);
    }

    /// Long enough for full vectors and a remainder; single words in plain code are the reference.
    #[test]
    #[cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "calls what the processor was asked about first"))]
    fn vectors_and_single_words_agree() {
        let bytes: Vec<u8> = (0..8 * 1003u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for format in SampleFormat::ALL {
            for endian in [Endian::Big, Endian::Little] {
                let count = bytes.len() / format.bytes();
                let mut ways = vec![("chosen", vec![0.0; count])];
                decode(format, endian, &bytes, &mut ways[0].1);
                #[cfg(target_arch = "x86_64")]
                if is_x86_feature_detected!("avx2") {
                    ways.push(("avx2", vec![0.0; count]));
                    // SAFETY: the processor has AVX2.
                    unsafe { decode_avx2(format, endian, &bytes, &mut ways[1].1) };
                }
                for (way, together) in ways {
                    for (index, &value) in together.iter().enumerate() {
                        let mut alone = [0.0];
                        let word = &bytes[index * format.bytes()..(index + 1) * format.bytes()];
                        decode_portable(format, endian, word, &mut alone);
                        assert_eq!(alone[0].to_bits(), value.to_bits(), "{format} {endian:?} {way} {index}");
                    }
                }
            }
        }
    }
}

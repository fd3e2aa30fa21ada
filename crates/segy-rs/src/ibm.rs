//! IBM System/360 single-precision floating point, sample format 1.
//!
//! A word is a sign bit, a base-16 exponent of 7 bits with bias 64, and a fraction of 24 bits.

/// The value of an IBM word, rounded once to the nearest `f32`; what exceeds the range of `f32` becomes infinite.
///
/// Free of branches, so that loops over it are vectorised.
#[inline(always)]
pub fn ibm_to_f32(word: u32) -> f32 {
    let exponent = (word >> 24) & 0x7f;
    let fraction = f64::from((word & 0x00ff_ffff) as i32);
    // 16^(exponent - 64) / 2^24 = 2^(4 exponent - 280), written as the bits of an f64 (bias 1023).
    let scale = f64::from_bits(u64::from(4 * exponent + 743) << 52);
    f32::from_bits((((fraction * scale) as f32).to_bits()) | (word & 0x8000_0000))
}

/// The IBM word nearest to `value` (ties to even), or `None` where it is infinite or not a number, which IBM words cannot express.
pub fn f32_to_ibm(value: f32) -> Option<u32> {
    if !value.is_finite() {
        return None;
    }
    let sign = value.to_bits() & 0x8000_0000;
    if value == 0.0 {
        return Some(sign);
    }
    let magnitude = f64::from(value.abs());
    // Every finite f32 is a normal f64, so its exponent field is exact.
    let binary_exponent = ((magnitude.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    let mut exponent = binary_exponent.div_euclid(4) + 1;
    let mut fraction = (magnitude * 2f64.powi(24 - 4 * exponent)).round_ties_even() as u32;
    if fraction == 1 << 24 {
        fraction = 1 << 20;
        exponent += 1;
    }
    Some(sign | (((exponent + 64) as u32) << 24) | fraction)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Straight from the definition, in steps that are each exact but the last.
    fn reference(word: u32) -> f32 {
        let fraction = f64::from(word & 0x00ff_ffff) / f64::from(1 << 24);
        let value = fraction * 16f64.powi(((word >> 24) & 0x7f) as i32 - 64);
        if word >> 31 == 1 { -value as f32 } else { value as f32 }
    }

    #[test]
    fn words_with_known_values() {
        for (word, value) in [
            (0x0000_0000, 0.0),
            (0x8000_0000, -0.0),
            (0x4110_0000, 1.0),
            (0xc110_0000, -1.0),
            (0xc276_a000, -118.625),
            (0x4264_0000, 100.0),
            (0x4000_0001, f32::EPSILON / 2.0), // not normalised
            (0x7fff_ffff, f32::INFINITY),
            (0xffff_ffff, f32::NEG_INFINITY),
            (0x0010_0000, 0.0),               // 5e-79
            (0x1c10_0000, f32::from_bits(2)), // subnormal
            (0x60ff_ffff, f32::MAX),
            (0x6110_0000, f32::INFINITY), // 2^128
        ] {
            assert_eq!(ibm_to_f32(word).to_bits(), f32::to_bits(value), "{word:08x}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn every_word_equals_the_definition(word: u32) {
            prop_assert_eq!(ibm_to_f32(word).to_bits(), reference(word).to_bits());
        }

        #[test]
        fn normalised_words_survive_the_round_trip(sign in 0u32..2, exponent in 35u32..96, fraction in 0x10_0000u32..0x100_0000) {
            let word = sign << 31 | exponent << 24 | fraction;
            prop_assert_eq!(f32_to_ibm(ibm_to_f32(word)), Some(word));
        }

        #[test]
        fn a_written_value_differs_by_less_than_the_last_digit(value in proptest::num::f32::NORMAL | proptest::num::f32::SUBNORMAL) {
            let read = ibm_to_f32(f32_to_ibm(value).unwrap());
            prop_assert!((f64::from(read) - f64::from(value)).abs() <= f64::from(value).abs() * 2f64.powi(-21));
        }
    }

    #[test]
    fn what_ibm_cannot_express_is_refused() {
        assert_eq!(f32_to_ibm(f32::NAN), None);
        assert_eq!(f32_to_ibm(f32::INFINITY), None);
        assert_eq!(f32_to_ibm(-0.0), Some(0x8000_0000));
    }
}

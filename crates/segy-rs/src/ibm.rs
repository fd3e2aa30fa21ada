//! IBM System/360 single-precision floating point, sample format 1.
//!
//! A word is a sign bit, a base-16 exponent of 7 bits with bias 64, and a fraction of 24 bits.

/// The value of an IBM word, rounded once to the nearest `f32`; what exceeds the range of `f32` becomes infinite.
///
/// Free of branches and of anything wider than 32 bits, so that loops over it are vectorised.
#[inline(always)]
pub fn ibm_to_f32(word: u32) -> f32 {
    // 24 bits are exact in an f32.
    let fraction = ((word & 0x00ff_ffff) as i32) as f32;
    // The value is fraction * 2^(4 exponent - 280). Half of that power always fits an f32 (bias 127), once those below
    // 2^-252 are raised to it: the product is 0 all the same. Multiplied first, it is exact or rightly infinite; the
    // second product alone rounds.
    let twice_exponent = (word >> 23) & 0xfe;
    let half_power = f32::from_bits((twice_exponent.max(14) - 13) << 23);
    f32::from_bits((fraction * half_power * half_power).to_bits() | (word & 0x8000_0000))
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

    /// Every exponent with fractions at the ends, of one bit, and round where a subnormal is rounded.
    #[test]
    fn every_exponent_equals_the_definition() {
        let single_bits = (0..24).map(|bit| 1 << bit);
        let neighbours = single_bits.flat_map(|bit: u32| [bit - 1, bit, bit + 1, bit | bit >> 1, 0x00ff_ffff ^ bit]);
        for fraction in neighbours.map(|fraction| fraction & 0x00ff_ffff) {
            for high in 0..=0xff {
                let word = high << 24 | fraction;
                assert_eq!(ibm_to_f32(word).to_bits(), reference(word).to_bits(), "{word:08x}");
            }
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

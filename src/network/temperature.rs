//! Probabilities from class scores, calibrated by a temperature or as they are.

use tch::{Kind, Tensor};

use super::NetworkError;

/// Softmax over axis 1 in single precision, of the scores divided by the temperature where there is one.
///
/// The most probable class, and which classes share that place, is that of the plain softmax: a temperature must change no
/// class, not even by a rounding.
pub(super) fn probabilities(scores: &Tensor, temperature: Option<f64>) -> Result<Tensor, NetworkError> {
    let plain = scores.f_softmax(1, Kind::Float)?;
    let Some(temperature) = temperature else { return Ok(plain) };
    tch::no_grad(|| {
        let calibrated = scores.f_to_kind(Kind::Float)?.f_div_scalar(temperature)?.f_softmax(1, Kind::Float)?;
        let largest = calibrated.f_amax([1], true)?;
        let is_largest = plain.f_eq_tensor(&plain.f_amax([1], true)?)?;
        // What the division rounded up to the largest comes below it again, what it rounded off comes back.
        let lower = largest.f_mul_scalar(1.0 - f64::from(f32::EPSILON))?;
        let others = calibrated.f_minimum(&lower)?;
        Ok(largest.f_where_self(&is_largest, &others)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temperature_flattens_or_sharpens_and_changes_no_class() {
        tch::manual_seed(3);
        let scores = Tensor::randn([500, 4], (Kind::Float, tch::Device::Cpu)) * 4.0;
        let plain = probabilities(&scores, None).unwrap();
        let entropy = |p: &Tensor| (-(p * (p + 1e-12).log())).sum(Kind::Float).double_value(&[]);
        for (temperature, flatter) in [(0.4, false), (3.0, true)] {
            let calibrated = probabilities(&scores, Some(temperature)).unwrap();
            assert_eq!(entropy(&calibrated) > entropy(&plain), flatter);
            assert!(calibrated.argmax(1, false).equal(&plain.argmax(1, false)));
            let expected = (&scores / temperature).softmax(1, Kind::Float);
            assert!((calibrated - expected).abs().max().double_value(&[]) < 1e-6);
        }
    }

    #[test]
    fn scores_that_differ_by_the_last_bit_keep_their_order() {
        let close = f32::from_bits(10.0f32.to_bits() + 1);
        let scores = Tensor::from_slice(&[10.0, close, -3.0, close, close, 10.0, 7.0, 7.0, 7.0]).reshape([3, 3]);
        for temperature in [0.05, 3.0, 20.0] {
            let plain = probabilities(&scores, None).unwrap();
            let calibrated = probabilities(&scores, Some(temperature)).unwrap();
            let largest = |p: &Tensor| p.eq_tensor(&p.amax([1], true));
            assert!(largest(&calibrated).equal(&largest(&plain)), "{temperature}");
        }
    }
}

//! A first layer for amplitudes out of one for colours.

use super::super::parameters::Parameters;
use super::super::{Convolution, NamedArray, NetworkError, Normalization, Padding};

/// Makes the first convolution take amplitudes x in [-1, 1] in place of a normalised colour picture.
///
/// The picture is grey = (x + 1) / 2 on three channels, minus mean, over deviation: linear in x, so the kernels can be
/// summed over the channels; where there are several amplitudes, grey is their mean. What does not depend on x is a constant
/// inside the picture and goes into the bias where no zeros are put round it. Where they are, they surround the *normalised*
/// picture, so the constant part differs near the edge and is kept as a kernel of its own, `.border`, applied to a picture of
/// ones.
///
/// Amplitudes as they were recorded take the place of the normalised picture itself: there is no normalisation then.
pub(super) fn fold_first(
    convolution: &Convolution,
    colour: &NamedArray,
    normalization: Option<Normalization>,
    padding: Padding,
    parameters: &mut Parameters,
) -> Result<(), NetworkError> {
    let Convolution { name, inputs, bias, .. } = convolution;
    let [outputs, _, height, width] = colour.shape[..] else { return Ok(()) };
    let area = height * width;
    let mut slope = vec![0.0; outputs * area];
    let mut constant = vec![0.0; outputs * area];
    for (place, &weight) in colour.values.iter().enumerate() {
        let (output, channel, tap) = (place / (3 * area), place / area % 3, place % area);
        let [of_amplitude, of_picture] = normalization.map_or([1.0, 0.0], |normalization| {
            let (mean, deviation) = (normalization.mean()[channel], normalization.deviation()[channel]);
            [1.0 / (2.0 * deviation), (0.5 - mean) / deviation]
        });
        slope[output * area + tap] += weight * of_amplitude;
        constant[output * area + tap] += weight * of_picture;
    }
    let share = 1.0 / *inputs as f32;
    let slopes =
        slope.chunks(area).flat_map(|taps| taps.iter().map(|tap| tap * share).collect::<Vec<_>>().repeat(*inputs));
    parameters.insert(&format!("{name}.weight"), &[outputs, *inputs, height, width], slopes.collect())?;
    let is_unpadded = convolution.padding == Some([0, 0]) || convolution.padding.is_none() && padding == Padding::Valid;
    if *bias && is_unpadded {
        let name = format!("{name}.bias");
        let mut bias = super::super::array::values(parameters.tensor(&name)?)?;
        for (bias, taps) in bias.iter_mut().zip(constant.chunks(area)) {
            *bias += taps.iter().sum::<f32>();
        }
        return parameters.insert(&name, &[outputs], bias);
    }
    if constant.iter().all(|&tap| tap == 0.0) {
        return Ok(());
    }
    parameters.insert(&format!("{name}.border"), &[outputs, 1, height, width], constant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amplitudes_as_recorded_take_the_place_of_the_normalised_picture() {
        let convolution = Convolution::square("c", 1, 2, 3);
        let values: Vec<f32> = (0..54).map(|k| (k * 7 % 11) as f32 - 4.0).collect();
        let sums: Vec<f32> =
            (0..18).map(|place| (0..3).map(|channel| values[place / 9 * 27 + channel * 9 + place % 9]).sum()).collect();
        let colour = NamedArray { name: "c.weight".into(), shape: vec![2, 3, 3, 3], values };
        let folded = |normalization| {
            let mut parameters = Parameters::default();
            fold_first(&convolution, &colour, normalization, Padding::Same, &mut parameters).unwrap();
            let weight = super::super::super::array::values(parameters.tensor("c.weight").unwrap()).unwrap();
            (weight, parameters.find("c.border").is_some())
        };
        assert_eq!(folded(None), (sums.clone(), false));
        let (weight, has_border) = folded(Some(Normalization::ImageNet));
        assert!(has_border && weight != sums);
        // Grey in 0..1 is half of an amplitude in -1..1.
        assert_eq!(folded(Some(Normalization::Unit)).0, sums.iter().map(|sum| sum / 2.0).collect::<Vec<_>>());
    }
}

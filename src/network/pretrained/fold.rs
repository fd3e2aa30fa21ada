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
pub(super) fn fold_first(
    convolution: &Convolution,
    colour: &NamedArray,
    normalization: Normalization,
    padding: Padding,
    parameters: &mut Parameters,
) -> Result<(), NetworkError> {
    let Convolution { name, inputs, bias, .. } = convolution;
    let [outputs, _, height, width] = colour.shape[..] else { return Ok(()) };
    let (mean, deviation) = (normalization.mean(), normalization.deviation());
    let area = height * width;
    let mut slope = vec![0.0; outputs * area];
    let mut constant = vec![0.0; outputs * area];
    for (place, &weight) in colour.values.iter().enumerate() {
        let (output, channel, tap) = (place / (3 * area), place / area % 3, place % area);
        slope[output * area + tap] += weight / (2.0 * deviation[channel]);
        constant[output * area + tap] += weight * (0.5 - mean[channel]) / deviation[channel];
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

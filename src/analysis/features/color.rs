//! Colours and their histograms.

use ndarray::{Array2, ArrayView3, Axis, Zip};

use super::moments;

/// Brightness of a picture, `[row, column]`, as BT.601 weighs the colours.
pub(super) fn brightness(picture: ArrayView3<'_, f32>) -> Array2<f32> {
    let plane = |color| picture.index_axis(Axis(0), color);
    Zip::from(plane(0)).and(plane(1)).and(plane(2)).map_collect(|r, g, b| 0.299 * r + 0.587 * g + 0.114 * b)
}

/// Mean, deviation and eight steps of each of red, green, blue, hue, saturation and value.
pub(super) fn describe(picture: ArrayView3<'_, f32>, values: &mut Vec<f32>) {
    let mut planes: Vec<Vec<f32>> = picture.outer_iter().map(|plane| plane.iter().copied().collect()).collect();
    let mut hsv = vec![Vec::new(); 3];
    for ((&red, &green), &blue) in planes[0].iter().zip(&planes[1]).zip(&planes[2]) {
        let color = hue_saturation_value([red, green, blue]);
        hsv.iter_mut().zip(color).for_each(|(plane, value)| plane.push(value));
    }
    planes.append(&mut hsv);
    for plane in planes {
        let [mean, deviation, ..] = moments::of(plane.iter().copied());
        values.extend([mean, deviation]);
        values.extend(histogram::<8>(plane.into_iter()));
    }
}

/// Shares of values in `STEPS` equal steps of 0..1.
pub(super) fn histogram<const STEPS: usize>(values: impl Iterator<Item = f32>) -> [f32; STEPS] {
    let mut counts = [0_u32; STEPS];
    // A float that is out of range, or no number, is cut off by the conversion.
    values.for_each(|value| counts[((value * STEPS as f32) as usize).min(STEPS - 1)] += 1);
    let all = counts.iter().sum::<u32>().max(1) as f32;
    counts.map(|count| count as f32 / all)
}

/// Hue, saturation and value, each in 0..1.
fn hue_saturation_value([r, g, b]: [f32; 3]) -> [f32; 3] {
    let (largest, least) = (r.max(g).max(b), r.min(g).min(b));
    let spread = largest - least;
    if spread <= 0.0 {
        return [0.0, 0.0, largest];
    }
    let sixths = if largest == r {
        ((g - b) / spread).rem_euclid(6.0)
    } else if largest == g {
        (b - r) / spread + 2.0
    } else {
        (r - g) / spread + 4.0
    };
    [sixths / 6.0, spread / largest, largest]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_go_round_the_circle() {
        let hue = |color| (hue_saturation_value(color)[0] * 360.0).round();
        for (color, degrees) in [([1.0, 0.0, 0.0], 0.0), ([1.0, 1.0, 0.0], 60.0), ([0.0, 1.0, 0.0], 120.0)] {
            assert_eq!(hue(color), degrees);
        }
        assert_eq!((hue([0.0, 0.0, 1.0]), hue([1.0, 0.0, 0.5])), (240.0, 330.0));
        assert_eq!(hue_saturation_value([0.5, 0.5, 0.5]), [0.0, 0.0, 0.5]);
    }

    #[test]
    fn histograms_hold_every_value() {
        assert_eq!(histogram::<4>([0.0, 0.3, 1.0, 7.0, -2.0].into_iter()), [0.4, 0.2, 0.0, 0.4]);
    }
}

//! Brightness, contrast, saturation and hue, as torchvision's `adjust_*` compute them.

use ndarray::{ArrayViewMut3, Axis};

/// Factors of one picture. The identity is 1, 1, 1 and 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ColorJitter {
    pub(super) brightness: f32,
    pub(super) contrast: f32,
    pub(super) saturation: f32,
    /// Share of the circle, -0.5 to 0.5.
    pub(super) hue: f32,
}

impl ColorJitter {
    /// Changes `image`, `[color, row, column]` of 0 to 1, in this order: brightness, contrast, saturation, hue.
    pub(super) fn apply(self, mut image: ArrayViewMut3<'_, f32>) {
        if self.brightness != 1.0 {
            image.mapv_inplace(|value| (value * self.brightness).clamp(0.0, 1.0));
        }
        if self.contrast != 1.0 {
            let sum: f64 =
                image.lanes(Axis(0)).into_iter().map(|color| f64::from(grey(color[0], color[1], color[2]))).sum();
            let (_, rows, columns) = image.dim();
            let mean = (sum / (rows * columns).max(1) as f64) as f32;
            image.mapv_inplace(|value| blend(value, mean, self.contrast));
        }
        if self.saturation == 1.0 && self.hue == 0.0 {
            return;
        }
        for mut color in image.lanes_mut(Axis(0)) {
            let mut rgb = [color[0], color[1], color[2]];
            if self.saturation != 1.0 {
                let own = grey(rgb[0], rgb[1], rgb[2]);
                rgb = rgb.map(|value| blend(value, own, self.saturation));
            }
            if self.hue != 0.0 {
                rgb = turned(rgb, self.hue);
            }
            (color[0], color[1], color[2]) = (rgb[0], rgb[1], rgb[2]);
        }
    }
}

fn blend(value: f32, other: f32, factor: f32) -> f32 {
    (other + factor * (value - other)).clamp(0.0, 1.0)
}

/// Luma with torchvision's weights (ITU-R BT.601, four digits).
fn grey(red: f32, green: f32, blue: f32) -> f32 {
    0.2989 * red + 0.587 * green + 0.114 * blue
}

/// The colour with its hue turned, by way of hue, saturation and value (Smith 1978).
fn turned([red, green, blue]: [f32; 3], turn: f32) -> [f32; 3] {
    let value = red.max(green).max(blue);
    let range = value - red.min(green).min(blue);
    if range == 0.0 {
        return [red, green, blue];
    }
    let sixth = if value == red {
        (green - blue) / range
    } else if value == green {
        2.0 + (blue - red) / range
    } else {
        4.0 + (red - green) / range
    };
    let sixth = (sixth + 6.0 * turn).rem_euclid(6.0);
    // Each colour is a trapezoid over the circle.
    let at = |offset: f32| {
        let place = (sixth + offset).rem_euclid(6.0);
        value - range * place.min(4.0 - place).clamp(0.0, 1.0)
    };
    [at(5.0), at(3.0), at(1.0)]
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    const NONE: ColorJitter = ColorJitter { brightness: 1.0, contrast: 1.0, saturation: 1.0, hue: 0.0 };

    /// Two pixels.
    fn changed(jitter: ColorJitter) -> Vec<f32> {
        let values = vec![0.8, 0.1, 0.4, 0.5, 0.2, 0.9];
        let mut image = Array3::from_shape_vec((3, 1, 2), values).unwrap();
        jitter.apply(image.view_mut());
        image.into_iter().collect()
    }

    #[test]
    fn colors_change_as_in_torchvision() {
        // torchvision 0.26: transforms.functional.adjust_brightness, _contrast, _saturation and _hue of the same pixels.
        for (jitter, expected) in [
            (NONE, [0.8, 0.1, 0.4, 0.5, 0.2, 0.9]),
            (ColorJitter { brightness: 1.2, ..NONE }, [0.96, 0.12, 0.48, 0.6, 0.24, 1.0]),
            (ColorJitter { contrast: 0.5, ..NONE }, [0.6306775, 0.2806775, 0.4306775, 0.4806775, 0.3306775, 0.6806775]),
            (ColorJitter { saturation: 1.7, ..NONE }, [1.0, 0.0, 0.332296, 0.551807, 0.0, 1.0]),
            (ColorJitter { hue: 0.2, ..NONE }, [0.48, 0.66, 0.8, 0.1, 0.2, 0.9]),
            (ColorJitter { hue: -0.4, ..NONE }, [0.2, 0.82, 0.24, 0.9, 0.8, 0.1]),
        ] {
            let found = changed(jitter);
            let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 2e-6, "{jitter:?}: {found:?}, not {expected:?}");
        }
    }
}

//! The source signal, and its echo from a column of rock.

use libm::exp;

/// Ricker wavelet of unit peak, sampled evenly and cut where it has faded away (Ricker, 1953).
pub(super) struct Ricker {
    /// An odd number of values; the peak stands in the middle.
    values: Vec<f64>,
}

impl Ricker {
    pub(super) fn new(peak_hz: f64, interval_ms: f64) -> Self {
        let half = (1600.0 / peak_hz / interval_ms).ceil() as i32;
        let value = |n: i32| {
            let phase = std::f64::consts::PI * peak_hz * f64::from(n) * interval_ms / 1000.0;
            (1.0 - 2.0 * phase * phase) * exp(-phase * phase)
        };
        Self { values: (-half..=half).map(value).collect() }
    }

    /// How far the wavelet reaches to either side of its peak, in samples.
    pub(super) fn reach(&self) -> usize {
        self.values.len() / 2
    }

    /// The echo at sample `center` of the reflectivity, which must reach as far to both sides as the wavelet does.
    pub(super) fn echo(&self, reflectivity: &[f64], center: usize) -> f64 {
        let window = &reflectivity[center - self.reach()..=center + self.reach()];
        window.iter().zip(&self.values).map(|(reflection, value)| reflection * value).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wavelet_has_its_peak_in_the_middle_and_no_mean() {
        let wavelet = Ricker::new(30.0, 1.0);
        assert_eq!(wavelet.values[wavelet.reach()], 1.0);
        assert!(wavelet.values.iter().sum::<f64>().abs() < 1e-4);
        let mut reflectivity = vec![0.0; 3 * wavelet.values.len()];
        reflectivity[wavelet.values.len() + 3] = 0.5;
        assert_eq!(wavelet.echo(&reflectivity, wavelet.values.len() + 3), 0.5);
    }
}

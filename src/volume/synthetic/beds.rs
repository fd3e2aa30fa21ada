//! Sequences of thin beds.

use super::random::Draws;

/// Beds of even impedance, one above the other.
pub(super) struct Beds {
    start: f64,
    step: f64,
    /// Impedance at `start + n * step`; never empty.
    values: Vec<f64>,
}

impl Beds {
    /// Soft and hard beds in turn, from coordinate `start` to `end`. Each is as thick as `thickness` (least and most)
    /// allows; impedances differ from the mean by at most `contrast`.
    pub(super) fn draw(draws: &mut Draws, [start, end]: [f64; 2], thickness: [f64; 2], contrast: f64) -> Self {
        let step = thickness[0] / 16.0;
        let count = ((end - start) / step) as usize + 1;
        let mut values = Vec::with_capacity(count);
        let (mut base, mut side, mut value) = (start, draws.sign(), 0.0);
        for n in 0..count {
            if start + n as f64 * step >= base {
                base += draws.uniform(thickness[0], thickness[1]);
                value = side * contrast * draws.uniform(0.35, 1.0);
                side = -side;
            }
            values.push(value);
        }
        Self { start, step, values }
    }

    /// Impedance at a coordinate; past the ends that of the first and the last bed.
    pub(super) fn at(&self, coordinate: f64) -> f64 {
        let n = ((coordinate - self.start) / self.step).max(0.0) as usize;
        self.values[n.min(self.values.len() - 1)]
    }
}

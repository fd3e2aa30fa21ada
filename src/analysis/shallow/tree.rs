//! Decision trees.

use ndarray::ArrayView1;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::binned::{Binned, STEPS};

/// A tree whose leaves hold values (shares of classes, or one score).
pub(super) struct Tree {
    nodes: Vec<Node>,
    values: Vec<f32>,
    width: usize,
}

enum Node {
    Split { feature: u32, cut: f32, below: u32, above: u32 },
    Leaf { value: u32 },
}

/// How a classification tree looks for splits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Splits {
    /// The best cut of each feature tried.
    Best,
    /// One cut drawn at random for each feature tried.
    Random,
}

impl Tree {
    /// A tree without nodes whose leaves hold `width` values each.
    pub(super) fn new(width: usize) -> Self {
        Self { nodes: Vec::new(), values: Vec::new(), width }
    }

    /// Adds a leaf and gives its number.
    pub(super) fn add_leaf(&mut self, values: &[f32]) -> usize {
        let value = (self.values.len() / self.width) as u32;
        self.values.extend_from_slice(values);
        self.nodes.push(Node::Leaf { value });
        self.nodes.len() - 1
    }

    /// Makes a split of a leaf.
    pub(super) fn split(&mut self, leaf: usize, feature: usize, cut: f32, [below, above]: [usize; 2]) {
        self.nodes[leaf] = Node::Split { feature: feature as u32, cut, below: below as u32, above: above as u32 };
    }

    /// Values of the leaf where `features` end.
    pub(super) fn value(&self, features: ArrayView1<'_, f32>) -> &[f32] {
        let mut node = 0;
        loop {
            match self.nodes[node] {
                Node::Split { feature, cut, below, above } => {
                    node = if features[feature as usize] <= cut { below } else { above } as usize;
                }
                Node::Leaf { value } => {
                    let start = value as usize * self.width;
                    return &self.values[start..start + self.width];
                }
            }
        }
    }
}

/// Grows classification trees on the same rows.
pub(super) struct Grower<'a> {
    pub(super) binned: &'a Binned,
    pub(super) classes: &'a [u8],
    pub(super) class_count: usize,
    /// Features tried at a node.
    pub(super) tried: usize,
    pub(super) splits: Splits,
}

/// A cut of a node: where, and the sum over both sides of squared class counts over their number, which is to be large.
struct Cut {
    feature: usize,
    /// Rows with this step or less go below.
    step: usize,
    purity: f64,
}

impl Grower<'_> {
    /// Grows a tree on `rows` (some may occur repeatedly) until leaves are pure.
    pub(super) fn grow(&self, rows: &mut [u32], random: &mut ChaCha8Rng) -> Tree {
        let mut tree = Tree::new(self.class_count);
        let mut features: Vec<usize> = (0..self.binned.features.len()).collect();
        let mut scratch = vec![0_u32; STEPS * self.class_count];
        let root = tree.add_leaf(&self.shares(rows));
        let mut open = vec![(root, 0, rows.len())];
        while let Some((leaf, first, last)) = open.pop() {
            let rows = &mut rows[first..last];
            let Some(cut) = self.cut(rows, &mut features, random, &mut scratch) else { continue };
            let column = &self.binned.features[cut.feature];
            let middle = partition(rows, |row| usize::from(column.steps[row as usize]) <= cut.step);
            let children = [&rows[..middle], &rows[middle..]].map(|side| tree.add_leaf(&self.shares(side)));
            tree.split(leaf, cut.feature, column.cuts[cut.step], children);
            open.push((children[1], first + middle, last));
            open.push((children[0], first, first + middle));
        }
        tree
    }

    fn shares(&self, rows: &[u32]) -> Vec<f32> {
        self.counts(rows).iter().map(|&count| count as f32 / rows.len() as f32).collect()
    }

    fn counts(&self, rows: &[u32]) -> Vec<u32> {
        let mut counts = vec![0; self.class_count];
        rows.iter().for_each(|&row| counts[usize::from(self.classes[row as usize])] += 1);
        counts
    }

    /// The best cut found; none where the rows are of one class or alike in all features.
    fn cut(&self, rows: &[u32], features: &mut [usize], random: &mut ChaCha8Rng, scratch: &mut [u32]) -> Option<Cut> {
        let counts = self.counts(rows);
        if counts.iter().filter(|&&count| count > 0).count() < 2 {
            return None;
        }
        let mut best: Option<Cut> = None;
        // Features are drawn without putting back; constant ones do not count as tried.
        let mut tried = 0;
        for drawn in 0..features.len() {
            if tried == self.tried {
                break;
            }
            let other = random.random_range(drawn..features.len());
            features.swap(drawn, other);
            let feature = features[drawn];
            let steps = &self.binned.features[feature].steps;
            let (least, largest) = range(steps, rows);
            if least == largest {
                continue;
            }
            tried += 1;
            let among = match self.splits {
                Splits::Best => least..largest,
                Splits::Random => {
                    let step = self.drawn(feature, least, largest, random);
                    step..step + 1
                }
            };
            let candidate = self.best_of(rows, feature, least, among, &counts, scratch);
            if best.as_ref().is_none_or(|best| candidate.purity > best.purity) {
                best = Some(candidate);
            }
        }
        best
    }

    /// A step from `least` to one before `largest`, drawn evenly over the values between.
    fn drawn(&self, feature: usize, least: usize, largest: usize, random: &mut impl Rng) -> usize {
        let cuts = &self.binned.features[feature].cuts[least..largest];
        let (low, high) = (f64::from(cuts[0]), f64::from(cuts[cuts.len() - 1]));
        let value = low + (high - low) * random.random::<f64>();
        let place = cuts.partition_point(|&cut| f64::from(cut) < value);
        least + place.min(cuts.len() - 1)
    }

    /// The purest of the cuts `among`.
    fn best_of(
        &self,
        rows: &[u32],
        feature: usize,
        least: usize,
        among: std::ops::Range<usize>,
        counts: &[u32],
        scratch: &mut [u32],
    ) -> Cut {
        let steps = &self.binned.features[feature].steps;
        let classes = self.class_count;
        let histogram = &mut scratch[least * classes..among.end * classes];
        histogram.fill(0);
        for &row in rows {
            let step = usize::from(steps[row as usize]);
            if step < among.end {
                histogram[(step - least) * classes + usize::from(self.classes[row as usize])] += 1;
            }
        }
        let mut below = vec![0_u32; classes];
        let mut best = Cut { feature, step: among.start, purity: f64::NEG_INFINITY };
        for (step, counted) in (least..).zip(histogram.chunks_exact(classes)) {
            let mut seen = false;
            for (below, &count) in below.iter_mut().zip(counted) {
                *below += count;
                seen |= count > 0;
            }
            // A step without rows cuts as the one before.
            if step < among.start || !seen && step > among.start {
                continue;
            }
            let purity = purity(&below, counts);
            if purity > best.purity {
                best = Cut { feature, step, purity };
            }
        }
        best
    }
}

fn purity(below: &[u32], all: &[u32]) -> f64 {
    let (mut sums, mut squares) = ([0.0_f64; 2], [0.0_f64; 2]);
    for (&below, &all) in below.iter().zip(all) {
        for (side, count) in [f64::from(below), f64::from(all - below)].into_iter().enumerate() {
            sums[side] += count;
            squares[side] += count * count;
        }
    }
    squares[0] / sums[0] + squares[1] / sums[1]
}

fn range(steps: &[u8], rows: &[u32]) -> (usize, usize) {
    let fold = |(least, largest): (u8, u8), &row: &u32| {
        let step = steps[row as usize];
        (least.min(step), largest.max(step))
    };
    let (least, largest) = rows.iter().fold((u8::MAX, 0), fold);
    (least.into(), largest.into())
}

/// Brings the rows that are `below` to the front, in their order, and gives their number.
pub(super) fn partition(rows: &mut [u32], below: impl Fn(u32) -> bool) -> usize {
    let (front, back): (Vec<u32>, Vec<u32>) = rows.iter().partition(|&&row| below(row));
    rows[..front.len()].copy_from_slice(&front);
    rows[front.len()..].copy_from_slice(&back);
    front.len()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::super::stream::stream;
    use super::*;

    fn grow(features: &Array2<f32>, classes: &[u8], splits: Splits) -> Tree {
        let binned = Binned::of(features.view());
        let grower = Grower { binned: &binned, classes, class_count: 2, tried: features.ncols(), splits };
        let mut rows: Vec<u32> = (0..classes.len() as u32).collect();
        grower.grow(&mut rows, &mut stream(1, 0))
    }

    #[test]
    fn the_first_cut_is_the_purest() {
        let features = array![[9.0, 1.0], [1.0, 2.0], [8.0, 3.0], [2.0, 10.0], [7.0, 11.0], [3.0, 12.0]];
        let tree = grow(&features, &[0, 0, 0, 1, 1, 1], Splits::Best);
        assert!(matches!(tree.nodes[0], Node::Split { feature: 1, cut, .. } if cut == 6.5));
        assert_eq!(tree.nodes.len(), 3);
        assert_eq!(tree.value(array![0.0, 6.5].view()), [1.0, 0.0]);
        assert_eq!(tree.value(array![0.0, 6.6].view()), [0.0, 1.0]);
    }

    #[test]
    fn rows_that_are_alike_share_a_leaf() {
        for splits in [Splits::Best, Splits::Random] {
            let tree = grow(&array![[1.0], [1.0], [1.0], [2.0]], &[0, 1, 1, 0], splits);
            assert_eq!(tree.nodes.len(), 3);
            let shares = tree.value(array![1.0].view());
            assert!((shares[0] - 1.0 / 3.0).abs() < 1e-6);
        }
    }
}

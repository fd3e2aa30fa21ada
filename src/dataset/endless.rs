//! Batches out of an endless stream of examples.

use std::ops::Range;

use super::permutation::Permutation;

/// Examples in random order, each once before any comes again. Batches cut the stream without regard to its epochs: all are
/// full and no example is left out. In a balanced stream the classes take turns, each going round its own examples.
#[derive(Debug)]
pub(super) struct Endless {
    /// One stream of examples, or one per class.
    streams: Vec<Range<usize>>,
    batch: usize,
    seed: u64,
}

impl Endless {
    /// The stream of examples that lie class by class, so many of each.
    pub(super) fn new(counts: impl IntoIterator<Item = usize>, balanced: bool, batch: usize, seed: u64) -> Self {
        let of_class = |end: &mut usize, count: usize| {
            let start = std::mem::replace(end, *end + count);
            Some(start..*end)
        };
        let mut streams: Vec<_> = counts.into_iter().scan(0, of_class).collect();
        if !balanced {
            let whole = 0..streams.last().map_or(0, |last| last.end);
            streams = vec![whole];
        }
        streams.retain(|stream| !stream.is_empty());
        Self { streams, batch, seed }
    }

    /// The examples of the batch of `step`, counted from 0.
    pub(super) fn positions(&self, step: u64) -> Vec<usize> {
        let batch = self.batch as u64;
        let count = self.streams.len() as u64;
        let mut order: Vec<Option<(u64, Permutation)>> = self.streams.iter().map(|_| None).collect();
        // Wide enough for every step and batch that memory allows.
        let first = u128::from(step) * u128::from(batch);
        (first..first + u128::from(batch))
            .map(|position| {
                let turn = (position % u128::from(count)) as usize;
                let stream = &self.streams[turn];
                let round = position / u128::from(count);
                let epoch = (round / stream.len() as u128) as u64;
                let index = (round % stream.len() as u128) as u64;
                if order[turn].as_ref().is_none_or(|(of_epoch, _)| *of_epoch != epoch) {
                    let fresh = Permutation::new(stream.len() as u64, self.seed, turn as u64, epoch);
                    order[turn] = Some((epoch, fresh));
                }
                let index = order[turn].as_ref().map_or(index, |(_, permutation)| permutation.at(index));
                stream.start + index as usize
            })
            .collect()
    }
}

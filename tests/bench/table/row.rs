//! One line of the table.

/// What a section found out.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// What a reader must know to judge the rows: sizes, versions, what was left out and why.
    pub(crate) notes: Vec<String>,
    /// The lines of the table.
    pub(crate) rows: Vec<Row>,
}

/// A figure of ours beside one of a peer.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What was done, and with how many threads.
    pub(crate) subject: String,
    /// Our figure.
    pub(crate) ours: Figure,
    /// Who or what ours is compared with, threads included: a program, a memory copy, a limit.
    pub(crate) peer: String,
    /// The peer's figure; `None` where the peer is absent.
    pub(crate) theirs: Option<Figure>,
    /// Unit of both figures.
    pub(crate) unit: &'static str,
    /// Whether small figures are good (seconds, bytes) or large ones (voxels/s).
    pub(crate) better: Better,
    /// The least [`Row::ratio`] that was promised, if one was.
    pub(crate) at_least: Option<f64>,
}

impl Row {
    /// How many times better ours is, from the best figures: 2 is twice as fast, or half the memory.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let (ours, theirs) = (self.ours.best, self.theirs?.best);
        Some(match self.better {
            Better::Less => theirs / ours,
            Better::More => ours / theirs,
        })
    }

    /// Whether the promise is kept; `None` where there is none or no peer.
    pub(crate) fn passed(&self) -> Option<bool> {
        Some(self.ratio()? >= self.at_least?)
    }
}

/// Which figures are the good ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Better {
    Less,
    More,
}

/// The best and the median of several measurements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) best: f64,
    pub(crate) median: f64,
    pub(crate) runs: usize,
}

impl Figure {
    /// Sums up measurements, of which there is at least one.
    pub(crate) fn of(mut values: Vec<f64>, better: Better) -> Self {
        values.sort_by(f64::total_cmp);
        if better == Better::More {
            values.reverse();
        }
        Self { best: values[0], median: values[values.len() / 2], runs: values.len() }
    }

    /// The same figure in another unit.
    pub(crate) fn map(self, unit: impl Fn(f64) -> f64) -> Self {
        Self { best: unit(self.best), median: unit(self.median), runs: self.runs }
    }
}

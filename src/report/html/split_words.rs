//! What a split says about its test scores, in plain words.

use crate::metrics::Metrics;
use crate::report::Judged;
use crate::report::counts::grouped;

/// What a split says about the test scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitStatement {
    /// Whether the scores must not be shown without this statement.
    pub alarms: bool,
    /// In a few words.
    pub title: &'static str,
    /// In a few sentences.
    pub text: String,
}

/// Says how far the test scores of `metrics` can be trusted.
pub fn split_statement(metrics: &Metrics) -> SplitStatement {
    let split = &metrics.split;
    if split.kind == Judged::Pictures.words() {
        return of_pictures(metrics);
    }
    if metrics.test.is_none() {
        let text = match metrics.validation {
            None => {
                "Every labelled voxel was trained on. The scores show how well the network repeats its labels, not how \
                     well it interprets another line."
            }
            Some(_) => {
                "No labelled voxel was kept for a test. The validation voxels chose the epoch, so their scores \
                        flatter the model."
            }
        };
        return SplitStatement { alarms: true, title: "Nothing was held out for a test", text: text.to_owned() };
    }
    let share = 100.0 * split.leak as f64 / split.test_voxels.max(1) as f64;
    let test_voxels = grouped(split.test_voxels);
    let overlap = format!("{} of {test_voxels} test voxels ({share:.1} %)", grouped(split.leak));
    let inside = |whose: &str, whom: &str| match split.context {
        None => format!("inside {whose} patch"),
        Some(side) => format!("among the {side} x {side} voxels that the network sees round {whom}"),
    };
    let inside_theirs = inside("their", "them");
    if split.kind == "random" {
        let seen = if split.leak > 0 { ", so the network has practically seen them" } else { "" };
        let text = format!(
            "Labelled voxels were divided at random, one by one. {overlap} have a training voxel {inside_theirs}{seen}. These test scores say nothing about another line: on such a split a \
             network that learnt the pixels by heart scores near 100 %. Use stripes or blocks with a gap for numbers that \
             can be shown."
        );
        return SplitStatement { alarms: true, title: "The test scores of this run are not a test", text };
    }
    let kept_apart = match split.gap {
        Some(gap) if split.kind == "sides" => format!(
            "Training and test voxels lie each on their own side of the boundary of their class, with {gap} unused lines \
             behind it."
        ),
        Some(gap) => {
            let unit = if split.kind == "blocks" { "traces and samples" } else { "traces" };
            format!("Training and test voxels lie in separate {} with a gap of {gap} {unit} between them.", split.kind)
        }
        None => format!("Training and test voxels were divided by {}.", split.kind),
    };
    if let (Some(side), true) = (split.context, split.leak > 0) {
        let text = format!(
            "{kept_apart} Their labels were hidden from training. But the network sees a wide context, as crops did while it \
             learnt: {overlap} have a training voxel {inside_theirs}, so their scores flatter the model, if less than on a random \
             split. A test that does not: a gap of {} or more, or another line.",
            side / 2 + 1
        );
        return SplitStatement { alarms: true, title: "The test voxels see training voxels", text };
    }
    if split.leak > 0 {
        let text = format!(
            "{kept_apart} Still, {overlap} have a training voxel inside their patch: their scores flatter the model. Make the \
             gap wider than half a patch."
        );
        return SplitStatement { alarms: true, title: "The test set leaks", text };
    }
    let inside = inside("its", "it");
    let text = format!("{kept_apart} None of the {test_voxels} test voxels has a training voxel {inside}.");
    SplitStatement { alarms: false, title: "The test voxels were kept apart", text }
}

/// Says how far the scores of pictures can be trusted.
fn of_pictures(metrics: &Metrics) -> SplitStatement {
    let (leak, count) = (metrics.split.leak, grouped(metrics.split.test_voxels));
    let (alarms, title, text) = match (&metrics.test, &metrics.validation) {
        (Some(_), _) if leak > 0 => (
            true,
            "The test set leaks",
            format!("{} of {count} test pictures are training pictures as well: their scores flatter the model.", grouped(leak)),
        ),
        (Some(_), _) => (
            false,
            "The test pictures were kept apart",
            format!("None of the {count} test pictures is a training picture. Whether they show other rocks than those is not known here."),
        ),
        (None, Some(_)) => (
            true,
            "Nothing was held out for a test",
            "The validation pictures chose the epoch, so their scores flatter the model.".to_owned(),
        ),
        (None, None) => (
            true,
            "Nothing was held out for a test",
            "Every picture was trained on. The scores show how well the network repeats their classes, not how well it tells new \
             pictures."
                .to_owned(),
        ),
    };
    SplitStatement { alarms, title, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::ClassTable;
    use crate::metrics::{ConfusionMatrix, SplitSummary};

    fn metrics(kind: &str, leak: u64, gap: Option<u64>, tested: bool) -> Metrics {
        seeing(None, kind, leak, gap, tested)
    }

    fn seeing(context: Option<u64>, kind: &str, leak: u64, gap: Option<u64>, tested: bool) -> Metrics {
        let mut confusion = ConfusionMatrix::new(1);
        (0..200).for_each(|_| confusion.add(0, 0));
        let scores = confusion.scores(&ClassTable::from_names(["a"]).unwrap());
        let split = SplitSummary { kind: kind.into(), leak, context, test_voxels: 200, gap };
        Metrics { train: scores.clone(), validation: None, test: scores.filter(|_| tested), split }
    }

    #[test]
    fn only_a_spatial_split_without_overlap_does_not_alarm() {
        for (metrics, alarms, words) in [
            (metrics("random", 199, None, true), true, "199 of 200 test voxels (99.5 %)"),
            (metrics("random", 0, None, true), true, "say nothing about another line"),
            (metrics("stripes", 0, Some(33), true), false, "a gap of 33 traces"),
            (metrics("blocks", 0, Some(40), true), false, "a gap of 40 traces and samples"),
            (metrics("blocks", 0, None, true), false, "None of the 200 test voxels"),
            (metrics("stripes", 50, Some(8), true), true, "50 of 200 test voxels (25.0 %)"),
            (
                seeing(Some(273), "random", 200, None, true),
                true,
                "among the 273 x 273 voxels that the network sees round",
            ),
            (seeing(Some(273), "blocks", 150, Some(32), true), true, "a gap of 137 or more, or another line"),
            (
                seeing(Some(273), "stripes", 0, Some(150), true),
                false,
                "among the 273 x 273 voxels that the network sees",
            ),
            (metrics("sides", 50, Some(32), true), true, "with 32 unused lines behind it. Still, 50 of 200"),
            (metrics("none", 0, None, false), true, "Every labelled voxel was trained on"),
            (metrics("pictures", 0, None, true), false, "None of the 200 test pictures"),
            (metrics("pictures", 7, None, true), true, "7 of 200 test pictures are training pictures"),
            (metrics("pictures", 0, None, false), true, "Every picture was trained on"),
        ] {
            let statement = split_statement(&metrics);
            assert_eq!(statement.alarms, alarms, "{statement:?}");
            assert!(statement.text.contains(words), "{statement:?}");
        }
    }
}

//! Phases, schedules that look back, and what else a recipe asks of a run.

use super::test_run::{
    Scripted, dense, frozen, learner, learner_in, options, patch, phase, run, vgg16, waldeland, watched_run,
};
use super::{
    EarlyStopping, FeatureCache, Form, Keep, KeptFeatures, Monitor, OneCycle, Phase, Plateau, Schedule, TrainError,
    TrainedWeights, TrainingOptions,
};
use crate::dataset::{Augmentation, CropOptions};
use crate::network::{Freeze, NamedArray, Precision};

#[test]
fn phases_unfreeze_with_a_fresh_optimizer_and_continue_exactly_wherever_they_were_cut_off() {
    let head = phase(6, Some(Freeze::AllButLast(0)));
    let one_cycle = Schedule::OneCycle(OneCycle::default());
    let more = Phase { schedule: one_cycle, learning_rate: 1e-3, ..phase(7, Some(Freeze::Convolutions(1))) };
    let mirrored = Augmentation { mirror: 0.5, ..Augmentation::default() };
    let form = match dense() {
        Form::Dense(crops) => Form::Dense(CropOptions {
            crop: 16,
            receptive_field: 10,
            crops_per_step: 8,
            augmentation: mirrored,
            ..crops
        }),
        patches => patches,
    };
    let both = |feature_cache| TrainingOptions {
        phases: vec![head.clone(), more.clone()],
        feature_cache,
        ..options(form.clone(), 0)
    };
    let plenty = FeatureCache::Bytes(8 << 30);
    let train = |options: &TrainingOptions| {
        run(&tempfile::tempdir().unwrap(), &mut learner(vgg16()), options, None, u64::MAX).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let (whole, kept) = watched_run(&folder, &mut learner(vgg16()), &both(plenty), None, u64::MAX).unwrap();
    assert!(matches!(kept, KeptFeatures::Yes { .. }), "{kept:?}");
    let phases: Vec<_> = whole.history.iter().map(|record| (record.step, record.phase)).collect();
    assert_eq!(phases, [(4, 1), (6, 1), (10, 2), (13, 2)]);
    assert!(whole.history[3].learning_rate < 1e-6, "{:?}", whole.history);

    // What learns in which phase.
    let changed = |before: &[NamedArray], after: &[NamedArray], layer: &str| {
        let of_layer = |(before, after): &(&NamedArray, &NamedArray)| {
            before.name.starts_with(&format!("{layer}.")) && before.values != after.values
        };
        before.iter().zip(after).any(|pair| of_layer(&pair))
    };
    let start = learner(vgg16()).weights().unwrap();
    let first = train(&TrainingOptions { phases: vec![head.clone()], ..both(plenty) }).last;
    for (layer, in_first, in_second) in
        [("features.0", false, false), ("features.2", false, true), ("features.5", false, true), ("head", true, true)]
    {
        assert_eq!(changed(&start, &first, layer), in_first, "{layer}");
        assert_eq!(changed(&first, &whole.last, layer), in_second, "{layer}");
    }
    // Features kept of one depth are of no use at another.
    let anew = train(&both(FeatureCache::Off));
    let values =
        |weights: &[NamedArray]| -> Vec<f32> { weights.iter().flat_map(|array| array.values.clone()).collect() };
    let pairs = values(&anew.last).into_iter().zip(values(&whole.last));
    let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst <= 1e-5, "weights differ by {worst}");
    // The optimiser's memory does not outlive its phase.
    let halves = TrainingOptions { phases: vec![phase(4, None), phase(4, None)], ..options(patch(), 0) };
    assert_ne!(train(&halves).last, train(&options(patch(), 8)).last);

    let folder = tempfile::tempdir().unwrap();
    for interrupt_after in [0, 3, 6, 8, 12] {
        let result = run(&folder, &mut learner(vgg16()), &both(plenty), None, interrupt_after);
        assert!(matches!(result, Err(TrainError::Interrupted { step, .. }) if step == interrupt_after));
    }
    let continued = run(&folder, &mut learner(vgg16()), &both(plenty), None, u64::MAX).unwrap();
    assert_eq!((continued.last, continued.history), (whole.last, whole.history));
}

#[test]
fn a_stalled_phase_gives_way_to_the_next_which_counts_anew() {
    let stopping = EarlyStopping { monitor: Monitor::Loss, patience: 2, min_delta: 0.0 };
    let phases = vec![phase(400, None), phase(8, None)];
    let stalling = TrainingOptions { phases, early_stopping: vec![stopping], ..options(patch(), 0) };
    let script = Scripted(vec![0.9, 0.5, 0.6, 0.7, 0.8, 0.9].into());
    let trained =
        run(&tempfile::tempdir().unwrap(), &mut learner(waldeland()), &stalling, Some(&script), u64::MAX).unwrap();
    let phases: Vec<_> = trained.history.iter().map(|record| (record.step, record.phase)).collect();
    assert_eq!(phases, [(4, 1), (8, 1), (12, 1), (16, 1), (20, 2), (24, 2)]);
    assert_eq!((trained.best_epoch, trained.stopped), (2, None));
}

#[test]
fn a_plateau_slows_the_next_epoch_also_after_an_interruption() {
    let plateau = Plateau { factor: 0.5, patience: 0, ..Plateau::default() };
    let slowing = Phase { schedule: Schedule::Plateau(plateau), ..phase(16, None) };
    let options = TrainingOptions { phases: vec![slowing], ..options(patch(), 0) };
    let losses = [0.9, 0.95, 0.5, 0.6];
    let whole = {
        let script = Scripted(losses.to_vec().into());
        run(&tempfile::tempdir().unwrap(), &mut learner(waldeland()), &options, Some(&script), u64::MAX).unwrap()
    };
    let rates: Vec<_> = whole.history.iter().map(|record| record.learning_rate).collect();
    assert_eq!(rates, [2e-3, 2e-3, 1e-3, 1e-3]);
    let folder = tempfile::tempdir().unwrap();
    let cut = Scripted(losses[..2].to_vec().into());
    assert!(run(&folder, &mut learner(waldeland()), &options, Some(&cut), 9).is_err());
    let rest = Scripted(losses[2..].to_vec().into());
    let continued = run(&folder, &mut learner(waldeland()), &options, Some(&rest), u64::MAX).unwrap();
    assert_eq!((continued.last, continued.history), (whole.last, whole.history));
}

#[test]
fn best_and_last_weights_are_both_there() {
    let trained = |keep, best_by| {
        let script = Scripted(vec![0.9, 0.5, 0.6].into());
        let options = TrainingOptions { keep, best_by, ..options(patch(), 12) };
        run(&tempfile::tempdir().unwrap(), &mut learner(waldeland()), &options, Some(&script), u64::MAX).unwrap()
    };
    let [best, last, by_accuracy] =
        [(Keep::Best, Monitor::Loss), (Keep::Last, Monitor::Loss), (Keep::Best, Monitor::Accuracy)]
            .map(|(keep, best_by)| trained(keep, best_by));
    assert_eq!([best.best_epoch, last.best_epoch, by_accuracy.best_epoch], [2, 3, 1]);
    assert_eq!(best.last, last.last);
    assert_eq!(last.weights, last.last);
    assert!(best.weights != best.last && by_accuracy.weights != best.weights);
}

#[test]
fn lower_precision_learns_nearly_the_same_and_continues_exactly() {
    for (architecture, form) in [(waldeland(), dense()), (vgg16(), patch())] {
        let options =
            |cache| TrainingOptions { feature_cache: cache, ..frozen(form.clone(), 10, Freeze::Convolutions(1)) };
        let fresh = |precision| learner_in(architecture.clone(), precision);
        let whole = |precision, cache| {
            let folder = tempfile::tempdir().unwrap();
            run(&folder, &mut fresh(precision), &options(cache), None, u64::MAX).unwrap()
        };
        let low = whole(Precision::Bfloat16, FeatureCache::Off);
        let full = whole(Precision::Float32, FeatureCache::Off);
        let losses = |trained: &TrainedWeights| trained.history.iter().map(|r| r.train_loss).collect::<Vec<_>>();
        let (low_losses, full_losses) = (losses(&low), losses(&full));
        let pairs = low_losses.iter().zip(&full_losses);
        assert!(pairs.clone().all(|(a, b)| a != b && (a - b).abs() < 0.05), "{low_losses:?} {full_losses:?}");
        // Weights stay in full precision: some have more digits than the lower one.
        let is_low = |value: &f32| value.to_bits() & 0xFFFF == 0;
        assert!(!low.last.iter().flat_map(|array| &array.values).all(is_low));

        let folder = tempfile::tempdir().unwrap();
        let low_run = |until| run(&folder, &mut fresh(Precision::Bfloat16), &options(FeatureCache::Off), None, until);
        assert!(low_run(3).is_err());
        assert_eq!(low_run(u64::MAX).unwrap().last, low.last);
    }
}

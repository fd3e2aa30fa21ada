//! Training recipes: every key changes what is learnt, a warm start begins where an earlier run ended, and a training killed in any
//! phase ends with the weights of one that was left alone.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use facies::report::read_events;

use crate::workshop::{Done, Workshop, assert_same_files};

const EVENTS: &str = "tensorboard/events.out.tfevents.facies";

fn train(workshop: &Workshop, output: &str, changes: &[&str]) -> Done {
    let set: Vec<&str> = changes.iter().flat_map(|change| ["--set", change]).collect();
    workshop.facies(&[&["train", "job.yaml", "--output", output], &set[..]].concat())
}

fn model(workshop: &Workshop, output: &str) -> Vec<u8> {
    workshop.read(&format!("{output}/small/model.safetensors"))
}

/// Column of `history.csv`, as far as it is filled.
fn column(workshop: &Workshop, output: &str, name: &str) -> Vec<f64> {
    let text = String::from_utf8(workshop.read(&format!("{output}/small/history.csv"))).unwrap();
    let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let place = rows.next().unwrap().iter().position(|column| *column == name).unwrap();
    rows.filter_map(|row| row[place].parse().ok()).collect()
}

#[test]
fn every_key_of_a_recipe_changes_what_is_learnt() {
    let workshop = Workshop::new();
    let sgd = "training.optimizer={sgd: {learning_rate: 0.01, momentum: 0.9";
    let recipes = [
        vec![],
        vec!["training.optimizer={adam: {learning_rate: 5.0e-3, betas: [0.8, 0.99]}}"],
        vec!["training.optimizer={adam: {learning_rate: 5.0e-3, epsilon: 1.0e-3}}"],
        vec!["training.optimizer={adam: {learning_rate: 5.0e-3, decay: 0.1}}"],
        vec!["training.optimizer={adam: {learning_rate: 5.0e-3, weight_decay: 0.01}}"],
        vec!["training.optimizer={adamw: {learning_rate: 5.0e-3}}"],
        vec!["training.optimizer={rmsprop: {learning_rate: 5.0e-3}}"],
        vec!["training.optimizer={rmsprop: {learning_rate: 5.0e-3, smoothing: 0.9}}"],
        vec!["training.optimizer={rmsprop: {learning_rate: 5.0e-3, momentum: 0.5}}"],
        vec!["training.optimizer={rmsprop: {learning_rate: 5.0e-3, centered: true}}"],
        vec!["training.optimizer={sgd: {learning_rate: 0.01}}"],
        vec![sgd, "}}"],
        vec![sgd, ", nesterov: true}}"],
        vec![sgd, ", decay: 0.1}}"],
        vec![sgd, ", decay: 0.1, momentum_of: gradients}}"],
        vec![sgd, ", weight_decay: 0.1}}"],
        vec!["training.schedule={step: {factor: 0.1, every: {epochs: 2}}}"],
        vec!["training.schedule={step: {factor: 0.1, every: {steps: 3}}}"],
        vec!["training.schedule={exponential: {factor: 0.1, every: {epochs: 2}}}"],
        vec!["training.schedule={inverse_time: {decay: 1, every: {steps: 5}}}"],
        vec!["training.schedule={one_cycle: {}}"],
        vec!["training.schedule={one_cycle: {cycle_momentum: false}}"],
        vec!["training.schedule={one_cycle: {anneal: linear, rise: 0.5}}"],
        vec!["training.schedule={plateau: {factor: 0.1, patience: 0, threshold: 1}}"],
        vec!["training.gradient_clip={norm: 0.1}"],
        vec!["training.gradient_clip={norm_each: 0.1}"],
        vec!["training.gradient_clip={value: 0.001}"],
        vec!["training.loss={cross_entropy: {label_smoothing: 0.1}}"],
        vec!["training.loss={focal: {}}"],
        vec!["training.loss={dice: {}}"],
        vec!["training.loss={cross_entropy_dice: {}}"],
        vec!["training.loss={cross_entropy_dice: {dice_weight: 0.1}}"],
        vec!["training.class_weights=inverse"],
    ];
    let mut learnt: BTreeMap<Vec<u8>, String> = BTreeMap::new();
    for (number, recipe) in recipes.iter().enumerate() {
        let (output, change) = (format!("recipe-{number}"), recipe.concat());
        let changes: Vec<&str> =
            [change.as_str(), "training.keep=last"].into_iter().filter(|c| !c.is_empty()).collect();
        train(&workshop, &output, &changes).expect(0, &[]);
        let twin = learnt.insert(model(&workshop, &output), change.clone());
        assert_eq!(twin, None, "{change} changed nothing");
    }
}

#[test]
fn a_training_killed_or_interrupted_in_either_phase_leaves_the_same_weights_and_records() {
    let workshop = Workshop::new();
    let phases = "training.phases=[{epochs: 6, freeze: {convolutions: 4}, schedule: {one_cycle: {}}}, \
                  {epochs: 8, optimizer: {sgd: {learning_rate: 0.01, momentum: 0.9}}, \
                   schedule: {plateau: {factor: 0.5, patience: 0, threshold: 0.5}}}]";
    let job = String::from_utf8(workshop.read("job.yaml")).unwrap().replace("  steps: 16\n", "");
    workshop.write("job.yaml", job.replace("output:\n", "output:\n  tensorboard: { every: 3 }\n"));
    let changes = [phases, "training.keep=both", "training.best_by=mean_iou"];
    train(&workshop, "alone", &changes).expect(0, &["phase 1 of 2", "phase 2 of 2"]);
    let rates = column(&workshop, "alone", "learning_rate");
    assert!(rates.len() == 14 && rates[5] < 1e-6 && rates[13] < 0.01, "{rates:?}");

    let arguments: Vec<&str> = changes.iter().flat_map(|change| ["--set", change]).collect();
    let mut stopped = 0;
    for (epochs, signal) in [(1, "KILL"), (3, "INT"), (5, "KILL"), (6, "KILL"), (8, "INT"), (10, "KILL"), (12, "KILL")]
    {
        let mut command = workshop.command(&[&["train", "job.yaml", "--output", "runs"], &arguments[..]].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let history = workshop.path("runs/small/.partial/training/history.csv");
        let rows = || fs::read_to_string(&history).map_or(0, |text| text.lines().count().saturating_sub(1));
        while rows() < epochs && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(1));
        }
        sleep(Duration::from_millis(3 * epochs as u64));
        if child.try_wait().unwrap().is_none() {
            // The process is not yet waited for, so its number is still its own.
            Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
            stopped += usize::from(child.wait().unwrap().code() != Some(0));
        }
    }
    assert!(stopped >= 5, "stopped only {stopped} times");
    train(&workshop, "runs", &changes).expect(0, &[]);
    let [mut alone, mut continued] = ["alone/small", "runs/small"].map(|run| workshop.run_bytes(run));
    // Events hold times.
    assert!(alone.remove(EVENTS).is_some() && continued.remove(EVENTS).is_some());
    assert!(alone.contains_key("model-last.safetensors"));
    assert_same_files(&continued, &alone);
    let [alone, continued] = ["alone", "runs"].map(|output| {
        let events = read_events(&workshop.path(&format!("{output}/small/{EVENTS}"))).unwrap();
        events.into_iter().map(|event| (event.step, event.scalars)).collect::<Vec<_>>()
    });
    assert_eq!(continued, alone);
    assert!(alone.iter().any(|(_, scalars)| scalars.iter().any(|(name, _)| name == "mean_iou/validation")));
}

#[test]
fn a_watch_that_sees_no_improvement_ends_training() {
    let workshop = Workshop::new();
    let watch = "training.early_stopping=[{monitor: loss, patience: 90}, {monitor: kappa, patience: 2, min_delta: 5}]";
    let done = train(&workshop, "stopped", &["training.steps=400", watch]);
    done.expect(0, &["stopped early: validation kappa has not improved for 2 epochs"]);
    assert_eq!(column(&workshop, "stopped", "epoch"), [1.0, 2.0, 3.0]);
    for score in ["accuracy", "balanced_accuracy", "macro_f1", "mean_iou", "kappa", "fwiu", "roc_auc", "mae"] {
        let values = column(&workshop, "stopped", &format!("validation_{score}"));
        assert!(values.len() == 3 && values[0] != values[2], "{score}: {values:?}");
    }
}

#[test]
fn a_warm_start_begins_where_the_earlier_run_ended() {
    let workshop = Workshop::new();
    train(&workshop, "first", &["training.steps=40"]).expect(0, &[]);
    let losses = column(&workshop, "first", "train_loss");
    // A rate at which nothing is learnt: the weights are those of the first run.
    let still = "training.optimizer={sgd: {learning_rate: 1.0e-12}}";
    for start in ["first/small", "first/small/model.safetensors"] {
        let output = format!("second-{}", start.len());
        train(&workshop, &output, &[&format!("training.start_from={start}"), still]).expect(0, &[]);
        let begun = column(&workshop, &output, "train_loss")[0];
        assert!(begun < 0.9 * losses[0], "{begun} is not better than {losses:?}");
    }
    let fresh = "training.start_from={path: first/small, head: fresh}";
    train(&workshop, "fresh", &[fresh, still]).expect(0, &[]);
    assert!(model(&workshop, "fresh") != model(&workshop, "second-11"));

    let renamed = "classes=[low_amplitude, high_amplitude, clinoforms, chaotic, channel, gas]";
    train(&workshop, "other", &[renamed, "training.start_from=first/small"])
        .expect_refusal(3, &["its classes are", "salt", "gas", "head: fresh"]);
    train(
        &workshop,
        "other",
        &[
            "network={waldeland: {padding: same}}",
            "training.form={patch: {}}",
            "prediction=[]",
            "training.start_from=first/small",
        ],
    )
    .expect_refusal(3, &["has valid padding, that of the job same"]);
    for (start, words) in [("nowhere", "there is no file"), ("first", "holds no model.safetensors")] {
        train(&workshop, "other", &[&format!("training.start_from={start}")]).expect_refusal(2, &[words]);
    }
    workshop.write("broken.safetensors", "no model");
    train(&workshop, "other", &["training.start_from=broken.safetensors"]).expect_refusal(3, &["broken.safetensors"]);
}

#[test]
fn what_does_not_go_together_is_refused_by_name() {
    let workshop = Workshop::new();
    let no_validation = "split={random: {test: 0.2}}";
    for (changes, words) in [
        (&["training.phases=[{epochs: 2}]"][..], "the `phases` say already how long"),
        (&["training.phases=[{epochs: 2, steps: 3}]"], "training.phases[0].epochs"),
        (&["training.schedule={plateau: {}}", no_validation], "a plateau needs voxels to validate on"),
        (&["training.best_by=kappa", no_validation], "a best epoch needs voxels to validate on"),
        (&["training.early_stopping={}", no_validation], "early stopping needs voxels to validate on"),
        (&["training.optimizer={sgd: {learning_rate: 0.1, nesterov: true}}"], "no momentum to look ahead along"),
        (
            &["training.optimizer={sgd: {learning_rate: 0.1, decay: 0.1}}", "training.schedule={one_cycle: {}}"],
            "`decay` and `schedule` would both change",
        ),
        (&["training.gradient_clip={norm: 0}"], "lies above 0"),
        (&["training.loss={focal: {gamma: -1}}"], "0 is the least"),
        (&["training.precision=f16"], "unknown form `f16`"),
    ] {
        train(&workshop, "refused", changes).expect_refusal(2, &[words]);
    }
    train(&workshop, "refused", &["training.precision=tf32"])
        .expect_refusal(4, &["precision tf32 is not available on `cpu`"]);
    assert!(!workshop.path("refused").exists());
}

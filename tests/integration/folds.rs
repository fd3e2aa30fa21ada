//! Folds and sides: what is tested, and what is said of it.

use std::fs;

use serde_json::Value;

use crate::workshop::{Workshop, assert_same_files};

/// Every fourth trace of sixteen is tested in a fold of its own.
const FOLDS: &str = "split={folds: {count: 4, of: {stripes: {period: 16, gap: 1}}}}";

fn json(workshop: &Workshop, name: &str) -> Value {
    serde_json::from_slice(&workshop.read(name)).unwrap()
}

fn folds<'a>(work: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[work, "job.yaml", "--set", FOLDS, "--set", "training.steps=4"], more].concat()
}

#[test]
fn folds_test_every_voxel_once_and_tell_mean_and_spread() {
    let workshop = Workshop::new();
    let done = workshop.facies(&folds("run", &[]));
    done.expect(0, &["fold 4 of 4", "folds are scored only", "test accuracy: ", " over 4 folds ("]);
    let of_fold: Vec<Value> =
        (1..=4).map(|fold| json(&workshop, &format!("runs/small/fold-{fold}/metrics.json"))).collect();
    let support = |metrics: &Value| metrics["test"]["support"].as_u64().unwrap();
    assert_eq!(of_fold.iter().map(support).sum::<u64>(), 4096);
    assert!(of_fold.iter().all(|metrics| metrics["split"]["kind"] == "stripes" && metrics["split"]["gap"] == 1));
    assert!(!workshop.path("runs/small/fold-1/facies.h5").exists());

    let accuracy: Vec<f64> = of_fold.iter().map(|metrics| metrics["test"]["accuracy"].as_f64().unwrap()).collect();
    let mean = accuracy.iter().sum::<f64>() / 4.0;
    let deviation = (accuracy.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
    assert!(deviation > 0.0, "folds that are all alike prove little: {accuracy:?}");
    let summary = json(&workshop, "runs/small/folds.json");
    let scores = summary["scores"].as_array().unwrap();
    let found = scores.iter().find(|score| score["subset"] == "test" && score["score"] == "accuracy").unwrap();
    assert!((found["spread"]["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert!((found["spread"]["deviation"].as_f64().unwrap() - deviation).abs() < 1e-12);
    let table = fs::read_to_string(workshop.path("runs/small/folds.csv")).unwrap();
    assert!(table.starts_with("subset,class,score,mean,deviation,least,most,fold-1,fold-2,fold-3,fold-4\n"), "{table}");
    let page = fs::read_to_string(workshop.path("runs/small/folds.md")).unwrap();
    assert!(page.contains(&format!("| test | accuracy | {mean:.3} ± {deviation:.3} |")), "{page}");

    // One fold is lost, so only that one is made again.
    let before = workshop.bytes("runs/small/fold-3");
    fs::remove_dir_all(workshop.path("runs/small/fold-2")).unwrap();
    let again = workshop.facies(&folds("run", &[]));
    assert_eq!(again.log.matches("\ntraining ").count(), 1, "{}", again.log);
    assert_eq!(fs::read_to_string(workshop.path("runs/small/folds.csv")).unwrap(), table);
    assert_same_files(&workshop.bytes("runs/small/fold-3"), &before);

    // One fold finds its run where the help says.
    let one = ["--set", "split.folds.fold=2"];
    let advice = "--output runs/small --set name=fold-1";
    workshop.facies(&folds("train", &one)).expect_refusal(2, &["holds the folds of a job", advice]);
    let there = [&one[..], &["--output", "runs/small", "--set", "name=fold-2"]].concat();
    workshop.facies(&folds("train", &there)).expect(0, &["everything asked for is done already"]);

    // A fold is a job of its own.
    workshop.facies(&["run", "runs/small/fold-2/job.yaml", "--output", "alone"]).expect(0, &["test: accuracy"]);
    assert_eq!(workshop.read("alone/fold-2/metrics.json"), workshop.read("runs/small/fold-2/metrics.json"));
}

#[test]
fn folds_that_cannot_be_are_refused_before_work() {
    let workshop = Workshop::new();
    let with = |of: &str| format!("split={{folds: {of}}}");
    for (work, split, words) in [
        ("predict", FOLDS.to_owned(), &["split.folds", "they interpret nothing", "split.folds.fold=1"][..]),
        ("run", with("{count: 4, fold: 5, of: {stripes: {period: 16, gap: 1}}}"), &["there is no fold 5 of 4"]),
        (
            "run",
            with("{count: 4, of: {stripes: {period: 16, gap: 6}}}"),
            &["leaves nothing to train on", "period longer"],
        ),
        ("run", with("{count: 2, of: {blocks: {traces: 8, samples: 8, gap: 1, validation: true}}}"), &["three folds"]),
    ] {
        workshop.facies(&[work, "job.yaml", "--set", &split]).expect_refusal(2, words);
    }
    assert!(!workshop.path("runs").exists());
    // A run without folds is not mixed with folds.
    workshop.facies(&["train", "job.yaml"]).expect(0, &[]);
    workshop.facies(&folds("run", &[])).expect_refusal(2, &["holds a run without folds"]);
}

#[test]
fn folds_of_a_batch_are_runs_whose_mean_stands_in_its_table() {
    let workshop = Workshop::new();
    workshop.write(
        "batch.yaml",
        "version: 1\nname: folded\njob: job.yaml\nset: {prediction: [], training.steps: 2}\n\
         matrix:\n  split: {blocks: {folds: {count: 3, of: {blocks: {traces: 8, samples: 8, gap: 1}}}}}\n  seed: [1, 2]\n",
    );
    workshop.facies(&["batch", "batch.yaml"]).expect(0, &["blocks-seed-1-fold-1", "blocks-seed-2-fold-3"]);
    let table = fs::read_to_string(workshop.path("runs/folded/summary.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 6, "{table}");
    let page = fs::read_to_string(workshop.path("runs/folded/summary.md")).unwrap();
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| blocks |")).collect();
    assert_eq!(rows.len(), 1, "{page}");
    assert!(rows[0].contains("| 6 |") && rows[0].contains(" ± "), "{page}");
}

#[test]
fn each_side_has_the_classes_that_its_boundaries_give_it() {
    let workshop = Workshop::new();
    // All crosslines train, but for one class.
    let split = "split={sides: {at: 363, gap: 1, classes: {low_amplitude: 310}}}";
    let done =
        workshop.facies(&["run", "job.yaml", "--set", split, "--set", "training.steps=2", "--set", "prediction=[]"]);
    done.expect(0, &[" test voxels (100.0 %) have a training voxel", "own side of the boundary of their class"]);
    let test = &json(&workshop, "runs/small/metrics.json")["test"];
    let support = |class: &str| test["classes"][class]["support"].as_u64().unwrap();
    assert!(support("low_amplitude") > 100);
    assert_eq!(support("low_amplitude"), test["support"].as_u64().unwrap());

    let split = "split={sides: {at: 332, gap: 1, classes: {slat: 310}}}";
    workshop
        .facies(&["run", "job.yaml", "--set", split])
        .expect_refusal(2, &["split.sides.classes.slat", "none of the classes"]);
}

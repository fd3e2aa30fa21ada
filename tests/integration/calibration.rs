//! Probabilities that mean what they say: a temperature fitted on voxels that were not learnt.

use std::path::Path;

use ndarray::{Array3, Array4};
use serde_json::Value;

use crate::workshop::Workshop;

const TEMPERATURE: &str = "training.calibration=temperature";

fn dataset<T: hdf5::H5Type, D: ndarray::Dimension>(file: &Path, name: &str) -> ndarray::Array<T, D> {
    hdf5::File::open(file).unwrap().dataset(name).unwrap().read().unwrap()
}

#[test]
fn a_temperature_changes_probabilities_and_their_error_but_no_class() {
    let workshop = Workshop::new();
    // Long enough that the network becomes surer of its training voxels than of others.
    let long = ["--set", "training.steps=120", "--set", "split={stripes: {train: 18, gap: 3, test: 6, validation: 4}}"];
    let run = |name: &str, more: &[&str]| {
        let name = format!("name={name}");
        let arguments = [&["run", "job.yaml", "--set", &name], &long[..], more].concat();
        workshop.facies(&arguments)
    };
    run("plain", &[]).expect(0, &["accuracy"]);
    let done = run("calibrated", &["--set", TEMPERATURE]);
    done.expect(0, &["temperature fitted to the validation voxels: ", "before the temperature"]);

    let file = |run: &str| workshop.path(&format!("runs/{run}/facies.h5"));
    let classes = |run: &str| -> Array3<u8> { dataset(&file(run), "facies") };
    assert_eq!(classes("calibrated"), classes("plain"));
    let probabilities = |run: &str| -> Array4<f32> { dataset(&file(run), "probability") };
    let (plain, calibrated) = (probabilities("plain"), probabilities("calibrated"));
    let difference = plain.iter().zip(&calibrated).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(difference > 0.02, "{difference}");

    let metrics =
        |run: &str| -> Value { serde_json::from_slice(&workshop.read(&format!("runs/{run}/metrics.json"))).unwrap() };
    let (plain, calibrated) = (metrics("plain"), metrics("calibrated"));
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    for subset in ["train", "validation", "test"] {
        let (plain, calibrated) = (&plain[subset], &calibrated[subset]);
        for same in ["accuracy", "kappa", "mean_iou"] {
            assert_eq!(plain[same], calibrated[same], "{subset} {same}");
        }
        for changed in ["loss", "brier", "calibration_error"] {
            let [before, again, now] = [&plain[changed], &calibrated["uncalibrated"][changed], &calibrated[changed]];
            assert!((number(before) - number(again)).abs() < 1e-4, "{subset} {changed}: {before} {again}");
            assert!((number(now) - number(before)).abs() > 1e-4, "{subset} {changed}: {before} {now}");
        }
    }
    // On the voxels that it was fitted to, nothing has a smaller cross entropy.
    assert!(number(&calibrated["validation"]["loss"]) < number(&plain["validation"]["loss"]));
}

#[test]
fn a_temperature_without_validation_voxels_is_refused() {
    let workshop = Workshop::new();
    for (split, words) in [
        ("split={stripes: {train: 18, gap: 3, test: 6}}", "give the split a `validation` share"),
        ("split=none", "choose a split with a validation share"),
    ] {
        let done = workshop.facies(&["run", "job.yaml", "--set", TEMPERATURE, "--set", split]);
        done.expect_refusal(2, &["training.calibration", "a temperature needs voxels to validate on", words]);
    }
    assert!(!workshop.path("runs").exists());
}

#[test]
fn what_is_scored_can_change_without_training_again() {
    let workshop = Workshop::new();
    workshop.facies(&["run", "job.yaml"]).expect(0, &["train: accuracy"]);
    let share = "evaluation.training_share=false";
    let again = workshop.facies(&["run", "job.yaml", "--set", share]);
    again.expect(0, &["test: accuracy"]);
    assert!(!again.answer.contains("train: accuracy") && !again.log.contains("\ntraining "), "{again:?}");
    let metrics: Value = serde_json::from_slice(&workshop.read("runs/small/metrics.json")).unwrap();
    assert!(metrics["train"].is_null() && metrics["test"].is_object());
    assert!(!String::from_utf8(workshop.read("runs/small/scores.csv")).unwrap().contains("\ntrain,"));
}

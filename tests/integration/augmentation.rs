//! Random changes of training examples, from the job to the run.

use std::collections::BTreeMap;

use crate::workshop::Workshop;

#[test]
fn each_change_alone_makes_another_training() {
    let workshop = Workshop::new();
    let mut histories: BTreeMap<Vec<u8>, &str> = BTreeMap::new();
    for (place, change) in [
        "{}",
        "{mirror: 0.5}",
        "{stretch: 0.2}",
        "{rotation: 10}",
        "{tilt: 15}",
        "{amplitude_scale: [0.8, 1.25]}",
        "{polarity: 0.5}",
        "{noise: 0.2}",
        "{band_limit: {low: [0, 0.1], high: [0.3, 0.6]}}",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("name=change-{place}");
        let augmentation = format!("training.augmentation={change}");
        let steps = ["training.steps=4", "training.steps_per_epoch=2"];
        let set = [&name, &augmentation, steps[0], steps[1]].map(|change| ["--set", change]).concat();
        workshop.facies(&[&["train", "job.yaml"][..], &set].concat()).expect(0, &[]);
        let history = workshop.read(&format!("runs/change-{place}/history.csv"));
        assert_eq!(histories.insert(history, change), None, "{change} changed nothing");
    }
}

#[test]
fn every_change_is_set_in_the_job_and_shown_in_the_run() {
    let workshop = Workshop::new();
    let augmentation = "training.augmentation={mirror: 0.5, stretch: 0.2, rotation: 5, tilt: {up_to: 15, probability: 0.5}, \
                        amplitude_scale: [0.8, 1.25], polarity: 0.1, noise: 0.1, \
                        band_limit: {low: [0, 0.1], high: [0.4, 0.9], probability: 0.5}}";
    let train = |name: &str, change: &[&str]| {
        let name = format!("name={name}");
        workshop.facies(&[&["train", "job.yaml", "--set", &name][..], change].concat()).expect(0, &[]);
    };
    train("plain", &[]);
    train("changed", &["--set", augmentation]);
    let has_picture = |run: &str| workshop.path(&format!("runs/{run}/figures/augmentation.png")).exists();
    assert!(has_picture("changed") && !has_picture("plain"));
    let history = |run: &str| workshop.read(&format!("runs/{run}/history.csv"));
    assert_ne!(history("plain"), history("changed"));
    for (change, words) in [
        ("training.augmentation.tilt=70", "goes from 0 to 60"),
        ("training.augmentation.noise={up_to: 0.1, probability: 2}", "`probability` from 0 to 1"),
        ("training.augmentation.band_limit={low: [0, 1]}", "above the range of `low`"),
        ("training.augmentation.strech=0.1", "did you mean `stretch`?"),
    ] {
        workshop.facies(&["train", "job.yaml", "--set", change]).expect(2, &[words]);
    }
}

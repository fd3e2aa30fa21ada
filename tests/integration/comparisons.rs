//! Settings that stand for what earlier code did, to be compared with: that they reach the network, and nothing else does.

use std::fs;

use crate::workshop::Workshop;

/// ResNet9 on patches, its first two convolutions frozen.
const NETWORK: [&str; 8] = [
    "--set",
    "network={resnet9: {freeze: {convolutions: 2}}}",
    "--set",
    "training={form: {patch: {batch: 8}}, steps: 2, optimizer: {adam: {learning_rate: 1.0e-3}}}",
    "--set",
    "patch.size=33",
    "--set",
    "prediction=[]",
];

/// Loss of the first steps.
fn loss(workshop: &Workshop, name: &str, more: &[&str]) -> f64 {
    let name_argument = format!("name={name}");
    let arguments = [&["train", "job.yaml", "--set", &name_argument], &NETWORK[..], more].concat();
    workshop.facies(&arguments).expect(0, &[]);
    let history = fs::read_to_string(workshop.path(&format!("runs/{name}/history.csv"))).unwrap();
    let column = history.lines().next().unwrap().split(',').position(|title| title == "train_loss").unwrap();
    history.lines().nth(1).unwrap().split(',').nth(column).unwrap().parse().unwrap()
}

#[test]
fn recorded_amplitudes_and_statistics_of_batches_change_what_a_network_learns_from() {
    let workshop = Workshop::new();
    let usual = loss(&workshop, "usual", &[]);
    let named = loss(&workshop, "named", &["--set", "network.resnet9.frozen_statistics=running"]);
    assert_eq!(usual, named, "what is the default changes nothing when it is written out");
    for (name, setting) in
        [("batch", "network.resnet9.frozen_statistics=batch"), ("recorded", "amplitude.as_recorded=true")]
    {
        let other = loss(&workshop, name, &["--set", setting]);
        assert!((other - usual).abs() > 1e-3, "{name}: {other}, usually {usual}");
    }
    // Amplitudes as recorded are part of the model.
    let model = workshop.read("runs/recorded/model.safetensors");
    let says = |words: &[u8]| model.windows(words.len()).any(|part| part == words);
    assert!(says(br#"\"as_recorded\":true"#));
}

//! An interrupted run continues with the same command and ends with the same bytes.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::workshop::Workshop;

/// A run that takes long enough to be hit, in training and in prediction.
const LONG: [&str; 6] = [
    "run",
    "job.yaml",
    "--set",
    "training.steps=40",
    "--set",
    "prediction={engine: patch, batch: 32, window: {traces: [300, 330]}, outputs: [class, probability, confidence]}",
];

/// Starts the program and waits until `trace` is there.
fn start_until(workshop: &Workshop, trace: impl Fn() -> bool) -> Child {
    let mut command = workshop.command(&LONG);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while !trace() {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before it could be hit");
        assert!(start.elapsed() < Duration::from_secs(300), "nothing happens");
        sleep(Duration::from_millis(2));
    }
    child
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn checkpoint(workshop: &Workshop) -> PathBuf {
    workshop.path("runs/small/.partial/training/checkpoint.safetensors")
}

fn has_finished_section(workshop: &Workshop) -> bool {
    let names = workshop.files("runs/small/.partial/prediction");
    names.iter().any(|name| name.ends_with(".section"))
}

#[test]
fn killed_and_interrupted_runs_end_with_the_bytes_of_an_undisturbed_one() {
    let undisturbed = Workshop::new();
    undisturbed.facies(&LONG).expect(0, &["report.html"]);
    let expected = undisturbed.run_bytes("runs/small");

    let workshop = Workshop::new();
    // Killed without warning in training.
    let mut child = start_until(&workshop, || checkpoint(&workshop).exists());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!workshop.path("runs/small/model.safetensors").exists());
    // Asked to stop in training.
    let before = std::fs::metadata(checkpoint(&workshop)).unwrap().modified().unwrap();
    let continued = || std::fs::metadata(checkpoint(&workshop)).is_ok_and(|file| file.modified().unwrap() > before);
    let mut child = start_until(&workshop, continued);
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // Killed without warning in prediction.
    let mut child = start_until(&workshop, || has_finished_section(&workshop));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!workshop.path("runs/small/facies.sgy").exists());
    // Undisturbed to its end.
    workshop.facies(&LONG).expect(0, &["sections are there from an interrupted run", "report.html"]);
    let actual = workshop.run_bytes("runs/small");
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&actual), names(&expected));
    for ((name, actual), (_, expected)) in actual.iter().zip(&expected) {
        // The two runs lie in different folders, and both files name their inputs by full path.
        if name != "job.yaml" && name != "report.html" {
            assert!(actual == expected, "{name} differs");
        }
    }
}

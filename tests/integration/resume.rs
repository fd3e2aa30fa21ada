//! A run that was cut off anywhere, by whatever, is finished by the same command with the bytes of one that was not.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::workshop::{Done, Files, Workshop, assert_same_files};

/// Long enough that the program can be caught in its middle.
const RUN: [&str; 4] = ["run", "job.yaml", "--set", "training.steps=40"];

/// Runs the program and sends it `signal` as soon as `sign` is in the folder of the run under `output`; gives back how
/// it ended, or nothing if it was finished before.
fn cut_off(workshop: &Workshop, output: &str, signal: &str, sign: &str) -> Option<Done> {
    let mut command = workshop.command(&[&RUN[..], &["--output", output]].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let sign = workshop.path(output).join("small").join(sign);
    while !sign.exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    send(&child, signal);
    let outcome = Done::from(child.wait_with_output().unwrap());
    (outcome.code != Some(0)).then_some(outcome)
}

fn send(child: &Child, signal: &str) {
    // The process is not yet waited for, so its number is still its own.
    assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
}

/// What the program leaves where nothing disturbs it.
fn undisturbed(workshop: &Workshop) -> Files {
    workshop.facies(&[&RUN[..], &["--output", "undisturbed"]].concat()).expect(0, &[]);
    let results = workshop.run_bytes("undisturbed/small");
    for file in ["model.safetensors", "history.csv", "metrics.json", "confusion.csv", "facies.h5", "facies.sgy"] {
        assert!(results.contains_key(file), "{file}");
    }
    results
}

#[test]
fn a_run_killed_in_every_part_ends_with_the_same_bytes() {
    let workshop = Workshop::new();
    let expected = undisturbed(&workshop);
    let mut killed = Vec::new();
    for sign in [
        ".partial/training/checkpoint.safetensors",
        "model.safetensors",
        "metrics.json",
        ".partial/prediction/0/sections/inline-000002.section",
        ".partial/prediction/0/sections/inline-000007.section",
        "facies.h5",
        "figures/inline-104.png",
    ] {
        if let Some(outcome) = cut_off(&workshop, "runs", "KILL", sign) {
            assert_eq!((outcome.code, outcome.answer.as_str()), (None, ""), "{sign}: {outcome:?}");
            killed.push(sign);
        }
    }
    assert!(killed.len() >= 4, "killed only at {killed:?}");
    // What a process killed while it wrote them would have left; other files are not touched.
    for name in [".metrics.json.4711.tmp", ".model.safetensors.x7Yz01", "figures/.inline-104.png.4711.tmp"] {
        workshop.write(&format!("runs/small/{name}"), "half");
    }
    workshop.write("runs/small/.notes", "somebody's");
    workshop.facies(&RUN).expect(0, &[]);
    assert_eq!(workshop.read("runs/small/.notes"), b"somebody's");
    fs::remove_file(workshop.path("runs/small/.notes")).unwrap();
    assert_same_files(&workshop.run_bytes("runs/small"), &expected);
}

#[test]
fn an_interrupted_run_says_so_and_continues() {
    let workshop = Workshop::new();
    let expected = undisturbed(&workshop);
    for (signal, sign, words) in [
        ("INT", ".partial/training/checkpoint.safetensors", "of 40 steps"),
        ("TERM", ".partial/prediction/0/sections/inline-000000.section", "of 8 sections"),
    ] {
        let outcome = cut_off(&workshop, "runs", signal, sign).expect("the run is long enough to be interrupted");
        outcome.expect_refusal(130, &["interrupted after", words, "the same command continues"]);
        let record: serde_json::Value = serde_json::from_slice(&workshop.read("runs/small/run.json")).unwrap();
        assert_eq!((&record["status"], &record["error"]), (&"interrupted".into(), &serde_json::Value::Null));
        assert!(!workshop.path("runs/small/facies.h5").exists() && !workshop.path("runs/small/facies.sgy").exists());
    }
    workshop.facies(&RUN).expect(0, &["sections are there from an interrupted run", "report.html"]);
    assert_same_files(&workshop.run_bytes("runs/small"), &expected);
}

#[test]
fn an_unfinished_training_is_not_continued_differently() {
    let workshop = Workshop::new();
    let checkpoint = ".partial/training/checkpoint.safetensors";
    cut_off(&workshop, "runs", "KILL", checkpoint).expect("the run is long enough to be killed");
    let left = workshop.bytes("runs/small");
    for (change, parts) in [
        (["--set", "seed=4"], "(it began on cpu with 1): seed: 3 -> 4"),
        (["--threads", "2"], "(it began on cpu with 1)"),
    ] {
        let outcome = workshop.facies(&[&RUN[..], &change].concat());
        outcome.expect_refusal(2, &[parts, "`--device cpu --threads 1`", "--overwrite"]);
        assert_same_files(&workshop.bytes("runs/small"), &left);
    }
    workshop.facies(&["train", "job.yaml", "--set", "seed=4", "--overwrite"]).expect(0, &[]);
    assert!(!workshop.path("runs/small/.partial").exists());
}

#[test]
fn two_processes_do_not_work_in_one_folder() {
    let workshop = Workshop::new();
    let mut first = workshop.command(&["train", "job.yaml", "--set", "training.steps=100000"]);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !workshop.path("runs/small/.partial/training/checkpoint.safetensors").exists() {
        assert!(first.try_wait().unwrap().is_none(), "the first process ended early");
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = workshop.facies(&["train", "job.yaml", "--set", "training.steps=100000"]);
    second.expect_refusal(1, &["another process works in", "runs/small", "--output"]);
    send(&first, "KILL");
    first.wait().unwrap();
}

#[test]
fn the_number_of_workers_changes_no_byte_of_a_prediction() {
    let workshop = Workshop::new();
    for (threads, output) in [("1", "one"), ("2", "two")] {
        let train = ["train", "job.yaml", "--output", output];
        workshop.facies(&train).expect(0, &[]);
        workshop.facies(&["predict", "job.yaml", "--output", output, "--threads", threads]).expect(0, &[]);
    }
    assert_same_files(&workshop.run_bytes("two/small"), &workshop.run_bytes("one/small"));
}

//! A run that was cut off anywhere, by whatever, is finished by the same command with the bytes of one that was not.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::program::{Outcome, Workplace, assert_same_files};

/// Long enough that the program can be caught in its middle.
const RUN: [&str; 4] = ["run", "job.yaml", "--set", "training.steps=40"];

/// Runs the program and sends it `signal` as soon as `sign` is in the folder of the run under `output`; gives back how
/// it ended, or nothing if it was finished before.
fn cut_off(workplace: &Workplace, output: &str, signal: Signal, sign: &str) -> Option<Outcome> {
    let mut command = workplace.command(&[&RUN[..], &["--output", output]].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let sign = workplace.path(output).join("tiny").join(sign);
    while !sign.exists() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    send(&child, signal);
    let outcome = Outcome::of(child.wait_with_output().unwrap());
    (outcome.code != Some(0)).then_some(outcome)
}

fn send(child: &Child, signal: Signal) {
    // The process is not yet waited for, so its number is still its own.
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// What the program leaves where nothing disturbs it.
fn undisturbed(workplace: &Workplace) -> BTreeMap<String, Vec<u8>> {
    workplace.done(&[&RUN[..], &["--output", "undisturbed"]].concat());
    let results = workplace.results("undisturbed/tiny");
    for file in ["model.safetensors", "history.csv", "metrics.json", "confusion.csv", "facies.h5", "facies.sgy"] {
        assert!(results.contains_key(file), "{file}");
    }
    results
}

#[test]
fn a_run_killed_in_every_part_ends_with_the_same_bytes() {
    let workplace = Workplace::new();
    let expected = undisturbed(&workplace);
    let mut killed = Vec::new();
    for sign in [
        ".partial/training/checkpoint.safetensors",
        "model.safetensors",
        "metrics.json",
        ".partial/prediction/0/sections/inline-000002.section",
        ".partial/prediction/0/sections/inline-000009.section",
        "facies.h5",
        "figures/inline-105.png",
    ] {
        if let Some(outcome) = cut_off(&workplace, "runs", Signal::SIGKILL, sign) {
            assert_eq!((outcome.code, outcome.stdout.as_str()), (None, ""), "{sign}: {outcome:?}");
            killed.push(sign);
        }
    }
    assert!(killed.len() >= 4, "killed only at {killed:?}");
    // What a process killed while it wrote them would have left; other files are not touched.
    for name in [".metrics.json.4711.tmp", ".model.safetensors.x7Yz01", "figures/.inline-105.png.4711.tmp"] {
        workplace.write(&format!("runs/tiny/{name}"), "half");
    }
    workplace.write("runs/tiny/.notes", "somebody's");
    workplace.done(&RUN);
    assert_eq!(workplace.read("runs/tiny/.notes"), b"somebody's");
    fs::remove_file(workplace.path("runs/tiny/.notes")).unwrap();
    assert_same_files(&workplace.results("runs/tiny"), &expected);
}

#[test]
fn an_interrupted_run_says_so_and_continues() {
    let workplace = Workplace::new();
    let expected = undisturbed(&workplace);
    for (signal, sign, words) in [
        (Signal::SIGINT, ".partial/training/checkpoint.safetensors", "of 40 steps"),
        (Signal::SIGTERM, ".partial/prediction/0/sections/inline-000000.section", "of 10 sections"),
    ] {
        let outcome = cut_off(&workplace, "runs", signal, sign).expect("the run is long enough to be interrupted");
        outcome.must_refuse(sign, 130, &["interrupted after", words, "the same command continues"]);
        let record: serde_json::Value = serde_json::from_slice(&workplace.read("runs/tiny/run.json")).unwrap();
        assert_eq!((&record["status"], &record["error"]), (&"interrupted".into(), &serde_json::Value::Null));
        assert!(!workplace.path("runs/tiny/facies.h5").exists() && !workplace.path("runs/tiny/facies.sgy").exists());
    }
    workplace.done(&RUN);
    assert_same_files(&workplace.results("runs/tiny"), &expected);
}

#[test]
fn an_unfinished_training_is_not_continued_differently() {
    let workplace = Workplace::new();
    let checkpoint = ".partial/training/checkpoint.safetensors";
    cut_off(&workplace, "runs", Signal::SIGKILL, checkpoint).expect("the run is long enough to be killed");
    let left = workplace.files("runs/tiny");
    for (change, parts) in
        [(["--set", "seed=4"], "other settings or data"), (["--threads", "2"], "(it began on cpu with 1)")]
    {
        let outcome = workplace.facies(&[&RUN[..], &change].concat());
        outcome.must_refuse(change[1], 2, &[parts, "`--device cpu --threads 1`", "--overwrite"]);
        assert_same_files(&workplace.files("runs/tiny"), &left);
    }
    workplace.done(&["train", "job.yaml", "--set", "seed=4", "--overwrite"]);
    assert!(!workplace.path("runs/tiny/.partial").exists());
}

#[test]
fn two_processes_do_not_work_in_one_folder() {
    let workplace = Workplace::new();
    let mut first = workplace.command(&["train", "job.yaml", "--set", "training.steps=100000"]);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !workplace.path("runs/tiny/.partial/training/checkpoint.safetensors").exists() {
        assert!(first.try_wait().unwrap().is_none(), "the first process ended early");
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = workplace.facies(&["train", "job.yaml", "--set", "training.steps=100000"]);
    second.must_refuse("second process", 1, &["another process works in", "runs/tiny", "--output"]);
    send(&first, Signal::SIGKILL);
    first.wait().unwrap();
}

#[test]
fn the_number_of_workers_changes_no_byte_of_a_prediction() {
    let workplace = Workplace::new();
    for (threads, output) in [("1", "one"), ("2", "two")] {
        let train = ["train", "job.yaml", "--output", output];
        workplace.done(&train);
        workplace.done(&["predict", "job.yaml", "--output", output, "--threads", threads]);
    }
    assert_same_files(&workplace.results("two/tiny"), &workplace.results("one/tiny"));
}

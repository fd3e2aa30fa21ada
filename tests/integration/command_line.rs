//! The command line as its users and their scripts see it.

use std::fs;

use crate::workshop::{Done, Workshop};

/// Every subcommand, with those below it.
const SUBCOMMANDS: [&[&str]; 23] = [
    &["run"],
    &["train"],
    &["evaluate"],
    &["predict"],
    &["batch"],
    &["baseline"],
    &["explain"],
    &["inspect"],
    &["labels"],
    &["synth"],
    &["images"],
    &["images", "split"],
    &["images", "features"],
    &["images", "train"],
    &["images", "classify"],
    &["images", "explain"],
    &["images", "synth"],
    &["weights"],
    &["weights", "list"],
    &["weights", "import"],
    &["schema"],
    &["doctor"],
    &["completions"],
];

#[test]
fn every_help_shows_an_example() {
    let workshop = Workshop::new();
    workshop.facies(&["--help"]).expect(0, &["Example", "Exit codes: 0 done, 1 failed, 2 wrong usage or job"]);
    for subcommand in SUBCOMMANDS {
        let example = format!("facies {}", subcommand.join(" "));
        workshop.facies(&[subcommand, &["--help"]].concat()).expect(0, &["Example", &example, "--threads"]);
    }
    let top = workshop.facies(&["--help"]).answer;
    let listed = top.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names: Vec<_> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    let known: Vec<_> = SUBCOMMANDS.iter().filter(|path| path.len() == 1).map(|path| path[0]).collect();
    assert_eq!(names, known);
}

#[test]
fn wrong_words_on_the_command_line_end_with_2() {
    let workshop = Workshop::new();
    for (arguments, words) in [
        (&["inspct", "cube.sgy"][..], "inspect"),
        (&["inspect"], "<VOLUME>"),
        (&["inspect", "cube.sgy", "--inline", "999"], "999 is not in 1..=237"),
        (&["run", "job.yaml", "--device", "gpu"], "`gpu` is no device"),
        (&["run", "job.yaml", "--set", "training.steps"], "`=` is missing"),
        (&["run", "job.yaml", "--set", "training.step=3"], "did you mean `steps`?"),
        (&["synth", "new.sgy", "--inlines", "2"], "2 inlines were asked for"),
        (&["synth", "cube.sgy"], "is there already"),
    ] {
        workshop.facies(arguments).expect(2, &[words]);
    }
    assert!(!workshop.path("runs").exists());
}

#[test]
fn inspect_answers_people_and_programs() {
    let workshop = Workshop::new();
    let people = workshop.facies(&["inspect", "cube.sgy"]);
    people.expect(0, &["inlines     8, 100 to 107 step 1 (byte 189)", "512 live"]);
    assert_eq!(people.log, "");
    let json: serde_json::Value =
        serde_json::from_str(&workshop.facies(&["inspect", "cube.sgy", "--json"]).answer).unwrap();
    assert_eq!(
        (&json["inline"]["count"], &json["samples"], &json["interval_us"]),
        (&8.into(), &64.into(), &4000.0.into())
    );
    let forced = workshop.facies(&["inspect", "cube.sgy", "--inline", "9", "--crossline", "21", "--no-map", "--depth"]);
    forced.expect(0, &["(byte 9)", "(byte 21)", "depth 0 to 252 m"]);
}

#[test]
fn synth_gives_the_same_bytes_whatever_the_threads() {
    let workshop = Workshop::new();
    let size = ["--inlines", "8", "--crosslines", "64", "--samples", "64"];
    for (name, threads) in [("a.sgy", "1"), ("b.sgy", "2")] {
        workshop
            .facies(&[&["synth", name, "--overwrite", "--threads", threads][..], &size].concat())
            .expect(0, &[name]);
    }
    let bytes = |name: &str| fs::read(workshop.path(name)).unwrap();
    assert!(bytes("a.sgy") == bytes("b.sgy") && bytes("a.sgy") == bytes("cube.sgy"));
    assert!(bytes("a_truth.sgy") == bytes("cube_truth.sgy"));
}

#[test]
fn schema_completions_weights_and_doctor_answer() {
    let workshop = Workshop::new();
    let schema =
        |arguments: &[&str]| serde_json::from_str::<serde_json::Value>(&workshop.facies(arguments).answer).unwrap();
    assert_eq!(schema(&["schema"])["title"], "Job");
    assert_eq!(schema(&["schema", "--batch"])["title"], "Batch");
    workshop.facies(&["completions", "bash"]).expect(0, &["complete", "--overwrite"]);
    workshop
        .facies(&["weights", "list"])
        .expect(0, &["vgg16-397923af.pth", "not there", "https://download.pytorch.org/models/resnet50-0676ba61.pth"]);
    let listed = workshop.facies(&["weights", "list"]).answer;
    for words in [
        "527.796 MiB",
        "SHA-256 begins with 397923af",
        "SHA-256 b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
        "MD5 a7b3fe01876f51b976af0dea6bc144eb",
    ] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
    assert_eq!(schema(&["weights", "list", "--json"])[1]["sha256_start"], "397923af");
    workshop.facies(&["doctor"]).expect(0, &["libtorch     2.11", "HDF5         2.", "threads      1", "CUDA"]);
    let doctor = schema(&["doctor", "--json"]);
    assert_eq!(doctor["threads"], 1);
}

#[test]
fn labels_are_counted_drawn_and_divided() {
    let workshop = Workshop::new();
    let done = workshop.facies(&["labels", "job.yaml", "--figures", "pictures"]);
    done.expect(0, &["low_amplitude", "labelled: inline 104", "pictures/inline_104.png"]);
    assert_eq!(workshop.files("pictures"), ["inline_104.png"]);
    let json: serde_json::Value =
        serde_json::from_str(&workshop.facies(&["labels", "job.yaml", "--json"]).answer).unwrap();
    let classes = json["classes"].as_array().unwrap();
    let total: u64 = classes.iter().map(|class| class["labelled"].as_u64().unwrap()).sum();
    assert_eq!(total, 64 * 64);
    // Labels that the split cannot divide are counted all the same.
    let split = "split={stripes: {train: 60, gap: 33, test: 10}}";
    workshop.facies(&["labels", "job.yaml", "--set", split]).expect(2, &["low_amplitude", "error: `--set split"]);
}

#[test]
fn weights_are_imported_once_and_only_where_they_fit() {
    let workshop = Workshop::new();
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/weights_zip.pth");
    let import =
        |file: &str| workshop.command(&["weights", "import", file]).env("FACIES_DATA", "data").output().unwrap();
    // No network has such layers; the program lists what is missing.
    let refused = Done::from(import(fixture));
    refused.expect(3, &["does not hold the weights of this network", "missing features.0.bias"]);
    Done::from(import("cube.sgy")).expect(3, &["cube.sgy is no readable safetensors file"]);
    Done::from(import("none.pth")).expect(3, &["cannot read none.pth"]);
    workshop.facies(&["weights", "import", fixture]).expect(2, &["FACIES_DATA is not set", "--output"]);
    workshop.facies(&["weights", "import", fixture, "--output", "cube.sgy"]).expect(2, &["is there already"]);
}

//! What is wrong ends with its exit code, a message that says what to do, and nothing half-written.

use std::fs;
use std::process::Command;

use crate::workshop::{Done, Workshop};

#[test]
fn a_wrong_job_is_refused_before_any_work_with_line_and_column() {
    for (from, to, words) in [
        (
            "path: cube.sgy",
            "path: none.sgy",
            ["job.yaml:3:24: input.segy.path: there is no file", "relative paths start"],
        ),
        ("steps: 4", "step: 4", ["job.yaml:10:3: training.step: unknown key `step`", "did you mean `steps`?"]),
        (
            "salt]",
            "salt, basement]",
            ["job.yaml:4:78: classes[6]: class `basement` has no label", "take it out of `classes`"],
        ),
        ("first: 103", "first: 999", ["job.yaml:14:3: prediction.inlines", "`first` is at most `last`"]),
        ("last: 105", "last: 105, step: 0", ["prediction.inlines", "1 is the least"]),
        ("{ first: 103, last: 105 }", "[103, 200]", ["prediction.inlines", "the survey has no inline 200"]),
        ("valid }", "same }", ["training.form.dense: the network has no dense form", "form: {patch: {batch: 256}}"]),
        (
            "  steps_per",
            "  early_stopping: {}\n  steps_per",
            ["needs voxels to validate on", "take `early_stopping` out"],
        ),
    ] {
        let workshop = Workshop::new();
        workshop.change_job(from, to);
        workshop.facies(&["run", "job.yaml"]).expect(2, &words);
        assert!(!workshop.path("runs").exists(), "{to} left something");
    }
}

#[test]
fn the_line_at_fault_is_shown() {
    let workshop = Workshop::new();
    workshop.change_job("steps: 4", "step: 4");
    workshop.facies(&["run", "job.yaml"]).expect(2, &["   10 |   step: 4\n      |   ^\n"]);
}

#[test]
fn bad_input_data_ends_with_3_and_names_the_file() {
    let workshop = Workshop::new();
    let cube = fs::read(workshop.path("cube.sgy")).unwrap();
    workshop.write("cut.sgy", &cube[..cube.len() - 100]);
    workshop.write("text.sgy", "inline crossline time\n100 300 4\n");
    workshop.write("empty.sgy", "");
    workshop
        .write("noise.sgy", (0..20_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>());
    for (name, words) in [
        ("none.sgy", "cannot open none.sgy"),
        ("cut.sgy", "cut.sgy"),
        ("text.sgy", "text.sgy is a text file, not SEG-Y"),
        ("empty.sgy", "empty.sgy"),
        ("noise.sgy", "noise.sgy"),
        (".", "."),
    ] {
        workshop.facies(&["inspect", name]).expect(3, &["error: ", words]);
        if workshop.path(name).is_file() {
            let set = format!("input.segy.path={name}");
            workshop.facies(&["run", "job.yaml", "--set", &set]).expect(3, &[words]);
        }
    }
    assert!(!workshop.path("runs").exists());
}

#[test]
fn labels_that_do_not_fit_the_survey_end_with_3() {
    let workshop = Workshop::new();
    workshop.write("far.pts", "900 300 4\n901 300 4\n");
    workshop.write("broken.pts", "100 300 4\n100 three 4\n");
    fs::copy(workshop.path("inline_104.png"), workshop.path("inline_900.png")).unwrap();
    fs::copy(workshop.path("inline_104.png"), workshop.path("crossline_310.png")).unwrap();
    fs::copy(workshop.path("inline_104.png"), workshop.path("painted.png")).unwrap();
    for (source, words) in [
        ("ixz: {path: far.pts}", "far.pts"),
        ("points: {class: salt, path: far.pts}", "survey"),
        ("points: {class: salt, path: broken.pts}", "broken.pts:2:5"),
        ("section: inline_900.png", "900"),
        ("section: crossline_310.png", "crossline_310.png"),
        ("section: painted.png", "painted.png"),
        ("section: cube.sgy", "cube.sgy"),
    ] {
        let labels = format!("labels=[{{section: inline_104.png}}, {{{source}}}]");
        workshop.facies(&["run", "job.yaml", "--set", &labels]).expect(3, &[words]);
    }
    assert!(!workshop.path("runs").exists());
}

#[test]
fn weights_of_another_network_end_with_3() {
    let workshop = Workshop::new();
    workshop.facies(&["train", "job.yaml", "--quiet"]).expect(0, &["model.safetensors"]);
    workshop.write("text.safetensors", "no weights at all");
    for (file, words) in [
        ("runs/small/model.safetensors", "does not hold the weights of this network"),
        ("text.safetensors", "is no readable safetensors file"),
    ] {
        let network = format!("network={{vgg16: {{cut: conv2_1, padding: valid, weights: {file}}}}}");
        let set = ["--set", &network, "--set", "name=other"];
        workshop.facies(&[&["run", "job.yaml"][..], &set].concat()).expect(3, &[words, "facies weights list"]);
    }
    assert!(!workshop.path("runs/other").exists());
}

#[test]
fn something_in_the_place_of_the_run_folder_ends_with_2() {
    let workshop = Workshop::new();
    workshop.write("file", "not a folder");
    workshop.facies(&["run", "job.yaml", "--output", "file"]).expect(2, &["file is not a folder", "--output"]);
    fs::create_dir_all(workshop.path("runs/small")).unwrap();
    workshop.write("runs/small/thesis.txt", "three years of work");
    workshop.facies(&["run", "job.yaml", "--overwrite"]).expect(2, &["runs/small", "no run of facies"]);
    assert_eq!(workshop.files("runs"), ["small/thesis.txt"]);
}

#[test]
fn a_finished_run_is_kept_and_another_job_of_its_name_refused() {
    let workshop = Workshop::new();
    workshop.facies(&["predict", "job.yaml"]).expect(2, &["holds no trained model", "facies train"]);
    workshop.facies(&["run", "job.yaml"]).expect(0, &["facies.sgy", "facies.h5", "report.html"]);
    let before = workshop.run_bytes("runs/small");
    workshop.facies(&["run", "job.yaml"]).expect(0, &["done already"]);
    workshop.facies(&["run", "job.yaml", "--set", "seed=2"]).expect(2, &["other settings", "--overwrite"]);
    assert!(workshop.run_bytes("runs/small") == before);
    workshop
        .facies(&["run", "job.yaml", "--set", "seed=2", "--overwrite", "--json"])
        .expect(0, &["\"was_done\": false"]);
    assert!(workshop.run_bytes("runs/small") != before);
}

#[test]
fn a_full_disk_ends_with_1_and_leaves_nothing_half_written() {
    let workshop = Workshop::new();
    workshop.facies(&["train", "job.yaml"]).expect(0, &[]);
    let trained = workshop.files("runs/small");
    let limited = limited(&workshop, 40, &["predict", "job.yaml"]);
    limited.expect(1, &["error: cannot write", "free space"]);
    let finished =
        |names: Vec<String>| names.into_iter().filter(|name| !name.starts_with(".partial")).collect::<Vec<_>>();
    assert_eq!(finished(workshop.files("runs/small")), trained);
    workshop.facies(&["predict", "job.yaml"]).expect(0, &["facies.sgy"]);
    assert!(workshop.files("runs/small").iter().all(|name| !name.starts_with(".partial")));

    workshop.change_job("name: small", "name: untrained");
    self::limited(&workshop, 40, &["train", "job.yaml"]).expect(1, &["error: cannot write", "free space"]);
    assert!(!workshop.path("runs/untrained/model.safetensors").exists());
    self::limited(&workshop, 10, &["synth", "new.sgy"]).expect(1, &["error: cannot ", "free some space"]);
    assert!(workshop.files("").iter().all(|name| !name.contains("new")), "{:?}", workshop.files(""));
}

/// Runs the program with no file longer than `kilobytes`.
fn limited(workshop: &Workshop, kilobytes: u32, arguments: &[&str]) -> Done {
    let program = workshop.command(arguments);
    let mut shell = Command::new("sh");
    // POSIX counts in units of 512 bytes.
    shell.arg("-c").arg(format!("ulimit -f {}; exec \"$0\" \"$@\"", 2 * kilobytes));
    shell.arg(program.get_program()).args(program.get_args()).current_dir(workshop.path(""));
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Done::from(shell.output().unwrap())
}

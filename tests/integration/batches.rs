//! Batches: every combination runs once, failures do not stop the others, and one table compares them.

use std::fs;

use crate::workshop::{Workshop, assert_same_files};

const BATCH: &str = "\
version: 1
name: compare
job: job.yaml
matrix:
  training.steps: { short: 2, longer: 3 }
  seed: [1, 2]
set:
  prediction: []
";

#[test]
fn a_batch_runs_what_is_not_finished_and_compares() {
    let workshop = Workshop::new();
    workshop.write("batch.yaml", BATCH);
    let names = ["short-seed-1", "short-seed-2", "longer-seed-1", "longer-seed-2"];
    workshop.facies(&["batch", "batch.yaml"]).expect(0, &names);
    let table = fs::read_to_string(workshop.path("runs/compare/summary.csv")).unwrap();
    let rows: Vec<_> = table.lines().collect();
    assert!(
        rows[0].starts_with("run,status,subset,accuracy,balanced_accuracy,macro_f1,mean_iou,leak,error"),
        "{table}"
    );
    for (row, name) in rows[1..].iter().zip(names) {
        assert!(row.starts_with(&format!("{name},finished,test,0.")), "{table}");
    }
    assert_eq!(rows.len(), 5);

    // One run is lost, so only that one is made again.
    fs::remove_dir_all(workshop.path("runs/compare/short-seed-2")).unwrap();
    let again = workshop.facies(&["batch", "batch.yaml", "--json"]);
    again.expect(0, &["\"status\": \"finished\""]);
    assert_eq!(again.log.matches("\ntraining ").count(), 1, "{}", again.log);
    assert_eq!(fs::read_to_string(workshop.path("runs/compare/summary.csv")).unwrap(), table);

    let finished = workshop.bytes("runs");
    workshop.facies(&["batch", "batch.yaml"]).expect(0, &["finished"]);
    assert_same_files(&workshop.bytes("runs"), &finished);
}

#[test]
fn a_run_that_fails_does_not_stop_the_others() {
    let workshop = Workshop::new();
    // The split of the first leaves a class without training voxels, which only its labels can tell.
    workshop.write(
        "batch.yaml",
        "version: 1\nname: compare\njob: job.yaml\nset: {prediction: [], training.steps: 2}\n\
         matrix: {split: {bad: {stripes: {train: 5, gap: 30, test: 5}}, good: {random: {test: 0.2}}}}\n",
    );
    let done = workshop.facies(&["batch", "batch.yaml"]);
    done.expect(1, &["1 of 2 runs failed", "the same command tries them again"]);
    let table = fs::read_to_string(workshop.path("runs/compare/summary.csv")).unwrap();
    let rows: Vec<_> = table.lines().skip(1).collect();
    assert!(rows[0].starts_with("bad,failed,,,,,,,") && rows[0].contains("split"), "{table}");
    assert!(rows[1].starts_with("good,finished,test,"), "{table}");
}

#[test]
fn a_batch_with_a_wrong_job_is_refused_before_any_run() {
    let workshop = Workshop::new();
    for (batch, words) in [
        (BATCH.replace("seed: [1, 2]", "sede: [1, 2]"), "`--set sede=1`: sede: unknown key `sede`"),
        (BATCH.replace("job.yaml", "none.yaml"), "cannot read the job"),
        (BATCH.replace("matrix:", "matrx:"), "batch.yaml:4:1: matrx: unknown key"),
        (
            "version: 1\nname: compare\njobs: [job.yaml, job.yaml]\n".to_owned(),
            "two runs of the batch are called `small`",
        ),
    ] {
        workshop.write("batch.yaml", batch);
        workshop.facies(&["batch", "batch.yaml"]).expect(2, &[words]);
    }
    // A change that would make runs of different names equal.
    workshop.write("batch.yaml", BATCH);
    workshop.facies(&["batch", "batch.yaml", "--set", "seed=7"]).expect(2, &["what the batch gives each run: `seed`"]);
    assert!(!workshop.path("runs").exists());
}

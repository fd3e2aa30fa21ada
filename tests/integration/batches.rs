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
    let head = "run,status,network,parameters,steps,seed,subset,accuracy,balanced_accuracy,macro_f1,mean_iou,roc_auc,\
                calibration_error,train_loss,train_mae,train_accuracy,test_loss,test_mae,test_accuracy,leak,test_voxels,error";
    assert_eq!(rows[0], head);
    for ((row, name), (steps, seed)) in rows[1..].iter().zip(names).zip([(2, 1), (2, 2), (3, 1), (3, 2)]) {
        let (start, middle) =
            (format!("{name},finished,Waldeland (valid padding),"), format!(",{steps},{seed},test,0."));
        assert!(row.starts_with(&start) && row.contains(&middle), "{table}");
    }
    assert_eq!(rows.len(), 5);

    // Runs that differ in their seed alone are one row with mean and spread.
    let page = fs::read_to_string(workshop.path("runs/compare/summary.md")).unwrap();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let value = |row: &str, title: &str| -> f64 {
        let place = rows[0].split(',').position(|other| other == title).unwrap();
        row.split(',').nth(place).unwrap().parse().unwrap()
    };
    let titles = cells(page.lines().find(|line| line.starts_with("| run ")).unwrap());
    for (name, of_group) in [("short", &rows[1..3]), ("longer", &rows[3..5])] {
        let row = cells(page.lines().find(|line| line.starts_with(&format!("| {name} "))).unwrap());
        for (title, column) in
            [("test loss", "test_loss"), ("training MAE", "train_mae"), ("test accuracy", "test_accuracy")]
        {
            let [one, other] = [0, 1].map(|place| value(of_group[place], column));
            let (mean, deviation) = ((one + other) / 2.0, (one - other).abs() / 2f64.sqrt());
            let shown = &row[titles.iter().position(|other| other == title).unwrap()];
            assert_eq!(*shown, format!("{mean:.3} ± {deviation:.3}"), "{name} {title}: {page}");
        }
    }

    // One run is lost, so only that one is made again.
    fs::remove_dir_all(workshop.path("runs/compare/short-seed-2")).unwrap();
    let again = workshop.facies(&["batch", "batch.yaml", "--json"]);
    again.expect(0, &["\"status\": \"finished\""]);
    assert_eq!(again.log.matches("\ntraining ").count(), 1, "{}", again.log);
    assert_eq!(fs::read_to_string(workshop.path("runs/compare/summary.csv")).unwrap(), table);

    let finished = workshop.bytes("runs");
    workshop.facies(&["batch", "batch.yaml"]).expect(0, &["finished"]);
    assert_same_files(&workshop.bytes("runs"), &finished);

    // Other settings in the same folders: nothing is made, and nothing told anew of what stands there.
    let other = workshop.facies(&["batch", "batch.yaml", "--set", "training.loss={focal: {}}"]);
    other.expect(1, &["4 of 4 runs failed", "training.loss", "--overwrite"]);
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
    assert!(rows[0].starts_with("bad,failed,Waldeland") && rows[0].contains("split"), "{table}");
    assert!(rows[1].starts_with("good,finished,") && rows[1].contains(",test,0."), "{table}");
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

//! The jobs under `configs/`, checked as a user's would be.

use std::fs;
use std::path::{Path, PathBuf};

use super::any_job::load_any_with;
use super::batch_schema::load_batch_with;
use super::{JobError, batch_json_schema, images_json_schema, job_json_schema};

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("configs")
}

/// Every YAML file under `configs/`, batches or jobs.
fn shipped(batches: bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(configs()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            text.lines().any(|line| ["jobs:", "matrix:"].contains(&line.trim_end())) == batches
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn facies_data(name: &str, data: &Path) -> Option<String> {
    (name == "FACIES_DATA").then(|| data.to_str().unwrap().to_owned())
}

/// Loads a job with `FACIES_DATA` at the folder `data`, in which every file and folder that it names is made where it is missing.
fn load(path: &Path, arguments: &[String], data: &Path) {
    for _ in 0..2 {
        let problems = match load_any_with(path, arguments, &|name| facies_data(name, data)) {
            Ok(_) => return,
            Err(JobError::Refused { problems, .. }) => problems,
            Err(error) => panic!("{error}"),
        };
        for problem in problems {
            let named = |words: &str| problem.message.strip_prefix(words).map(PathBuf::from);
            match (named("there is no file "), named("there is no folder ")) {
                (Some(file), _) if file.starts_with(data) => {
                    fs::create_dir_all(file.parent().unwrap()).unwrap();
                    fs::write(file, "").unwrap();
                }
                (_, Some(folder)) if folder.starts_with(data) => fs::create_dir_all(folder).unwrap(),
                _ => panic!("{}: {problem:?}", path.display()),
            }
        }
    }
    panic!("{} asks for ever more files", path.display());
}

#[test]
fn every_shipped_job_loads() {
    for path in shipped(false) {
        load(&path, &[], tempfile::tempdir().unwrap().path());
    }
}

#[test]
fn every_run_of_a_shipped_batch_loads() {
    for path in shipped(true) {
        let data = tempfile::tempdir().unwrap();
        let plan = load_batch_with(&path, &|name| facies_data(name, data.path())).unwrap();
        for run in plan.runs {
            load(&run.job, &run.arguments, data.path());
        }
    }
}

#[test]
fn the_committed_schemas_are_current() {
    for (file, schema) in [
        ("schema.json", job_json_schema()),
        ("images-schema.json", images_json_schema()),
        ("batch-schema.json", batch_json_schema()),
    ] {
        let committed = fs::read_to_string(configs().join(file)).unwrap_or_default();
        assert!(committed == schema, "configs/{file} is out of date; renew it with `make schema`");
    }
}

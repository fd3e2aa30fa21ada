//! `make peers`: what its scripts start is there, and none of them is left out without a reason.

use std::fs;
use std::path::PathBuf;

use super::root;

/// The Python files of `tests/peers`, in name order.
fn scripts() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/peers")).unwrap().map(|entry| entry.unwrap().path());
    let mut scripts: Vec<_> = entries.filter(|path| path.extension().is_some_and(|ending| ending == "py")).collect();
    scripts.sort();
    scripts
}

/// The examples that a script names: in a command, as a line or as a list of words, or to a function of its own.
fn examples_in(text: &str) -> impl Iterator<Item = &str> {
    let places = ["--example ", "\"--example\", \"", "example(\""];
    places.into_iter().flat_map(|place| text.split(place).skip(1)).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        &rest[..end.unwrap_or(rest.len())]
    })
}

#[test]
fn examples_that_scripts_run_are_there() {
    let folders = ["examples", "crates/segy-rs/examples"];
    for script in scripts() {
        let text = fs::read_to_string(&script).unwrap();
        let examples: Vec<_> = examples_in(&text).collect();
        assert_eq!(
            examples.is_empty(),
            !text.contains("--example"),
            "{} names its examples otherwise",
            script.display()
        );
        for example in examples {
            let is_there = folders.iter().any(|folder| root().join(format!("{folder}/{example}.rs")).is_file());
            assert!(is_there, "{} runs the example `{example}`, which is not there", script.display());
        }
    }
}

#[cfg(unix)]
#[test]
fn every_script_is_run_or_says_why_not() {
    let answer = std::process::Command::new(root().join("scripts/peers")).arg("--list").output().unwrap();
    let (listed, complaint) = (String::from_utf8(answer.stdout).unwrap(), String::from_utf8(answer.stderr).unwrap());
    assert!(answer.status.success(), "{listed}{complaint}");
    let lines: Vec<_> = listed.lines().collect();
    let scripts = scripts();
    assert_eq!(lines.len(), scripts.len(), "{listed}");
    for (line, path) in lines.into_iter().zip(&scripts) {
        let script = format!("tests/peers/{}", path.file_name().unwrap().to_str().unwrap());
        let knows_check = fs::read_to_string(path).unwrap().contains("\"--check\"");
        let is_run = line == if knows_check { format!("{script} --check") } else { script.clone() };
        let reason = line.strip_prefix(&format!("not run: {script}: "));
        assert!(is_run || reason.is_some_and(|reason| !reason.is_empty() && !script.contains("/check_")), "{line}");
    }
}

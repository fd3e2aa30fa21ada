//! A full disk, or a limit on the size of files, ends the program with a message, and once there is space the same
//! command finishes with the bytes of a run that always had it.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use crate::workshop::{Done, Workshop, assert_same_files};

/// Runs its arguments with files limited to `$0` blocks of 512 bytes.
const LIMITED: &str = "ulimit -f $0; exec \"$@\"";

/// Runs its arguments, which write to `disk`, with a disk of `$0` bytes there, and again with a larger one; then copies
/// what is on it to `after`. Prints the names of the files after the first time.
const FULL: &str = "mount -t tmpfs -o size=$0 none disk || exit 99
\"$@\" > first.stdout
code=$?
find disk -type f
mount -o remount,size=64m disk
\"$@\" > second.stdout 2> second.stderr || exit 98
cp -r disk after
exit $code";

/// Runs the program from a shell script; gives back what the script answered.
fn script(workshop: &Workshop, shell: &[&str], script: &str, limit: &str, arguments: &[&str]) -> Done {
    let program = workshop.command(arguments);
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).args(["-c", script, limit]).arg(program.get_program()).args(program.get_args());
    Done::from(command.current_dir(workshop.path("")).output().unwrap())
}

#[test]
fn a_limit_on_the_size_of_files_is_told_and_the_same_command_goes_on_without_it() {
    let workshop = Workshop::new();
    workshop.facies(&["run", "job.yaml", "--output", "undisturbed"]).expect(0, &[]);
    let expected = workshop.run_bytes("undisturbed/small");
    let run: &[&str] = &["run", "job.yaml"];
    for (blocks, trained, file) in [
        ("1", false, "run.json"),
        ("400", false, "checkpoint.safetensors"),
        ("500", true, "facies.sgy"),
        ("1000", true, "facies.h5"),
    ] {
        if trained {
            workshop.facies(&["train", "job.yaml"]).expect(0, &[]);
        }
        let outcome = script(&workshop, &["sh"], LIMITED, blocks, run);
        outcome.expect_refusal(1, &["cannot write", file, "File too large", "space"]);
        check_no_half_files(&workshop.bytes("runs/small").into_keys().collect::<Vec<_>>());
        workshop.facies(run).expect(0, &[]);
        assert_same_files(&workshop.run_bytes("runs/small"), &expected);
        fs::remove_dir_all(workshop.path("runs")).unwrap();
    }
    // The report alone is missing.
    workshop.facies(run).expect(0, &[]);
    fs::remove_file(workshop.path("runs/small/report.html")).unwrap();
    let outcome = script(&workshop, &["sh"], LIMITED, "100", run);
    outcome.expect_refusal(1, &["report.html", "File too large", "space"]);
    workshop.facies(run).expect(0, &[]);
    assert_same_files(&workshop.run_bytes("runs/small"), &expected);

    let outcome = script(&workshop, &["sh"], LIMITED, "100", &["synth", "other.sgy"]);
    outcome.expect_refusal(1, &["other.sgy", "File too large"]);
    let names: Vec<_> = workshop.bytes("").into_keys().filter(|name| name.contains("other")).collect();
    assert!(names.is_empty(), "{names:?}");
}

#[test]
fn a_full_disk_is_told_and_the_same_command_goes_on_when_there_is_space() {
    // A mount that only the script sees, and that goes with it.
    let alone = ["unshare", "--map-root-user", "--mount", "sh"];
    if !Command::new(alone[0]).args(&alone[1..3]).arg("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: this machine lets nobody mount a disk of limited size");
        return;
    }
    let workshop = Workshop::new();
    let volumes = "output.segy={volumes: [class, confidence, probability]}";
    let run: &[&str] = &["run", "job.yaml", "--set", volumes, "--output", "disk"];
    workshop.facies(&["run", "job.yaml", "--set", volumes, "--output", "undisturbed"]).expect(0, &[]);
    let expected = workshop.run_bytes("undisturbed/small");
    let told_before: &[&str] = &["2.0 MiB of space are needed in disk", "are free", "space"];
    let told_amid: &[&str] = &["cannot ", "No space left on device", "space"];
    for (size, words) in [("1500k", told_before), ("2200k", told_amid), ("3m", told_amid)] {
        fs::create_dir(workshop.path("disk")).unwrap();
        let outcome = script(&workshop, &alone, FULL, size, run);
        println!("{size}: {}", outcome.log);
        assert_eq!(outcome.code, Some(1), "{size}: {outcome:?}");
        for part in words {
            assert!(outcome.log.contains(part), "{size}: {outcome:?}");
        }
        assert_eq!(workshop.read("first.stdout"), b"", "{size}");
        check_no_half_files(&outcome.answer.lines().collect::<Vec<_>>());
        assert_same_files(&workshop.run_bytes("after/small"), &expected);
        fs::remove_dir_all(workshop.path("after")).unwrap();
        fs::remove_dir(workshop.path("disk")).unwrap();
    }
}

/// Of what the program was writing nothing is left, but for what it continues from.
fn check_no_half_files(names: &[impl AsRef<str>]) {
    for name in names.iter().map(|name| name.as_ref()) {
        let file = name.rsplit('/').next().unwrap();
        let continues =
            ["identity", "history.csv", "checkpoint.safetensors"].contains(&file) || file.ends_with(".section");
        let half = if name.contains(".partial/") {
            !continues
        } else {
            file.starts_with('.') || file.ends_with(".sgy") || file.ends_with(".h5")
        };
        assert!(!half, "{name}");
    }
}

#[test]
fn an_answer_that_nobody_takes_is_an_error_only_when_it_was_wanted() {
    let workshop = Workshop::new();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = workshop.command(&["inspect", "cube.sgy"]).stdout(full).output().unwrap();
    Done::from(output).expect_refusal(1, &["standard output", "No space left on device"]);

    // As in `facies schema | head -0`.
    let mut child = workshop.command(&["schema"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

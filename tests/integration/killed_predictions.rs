//! A prediction that is killed again and again, wherever it happens to be, ends with the bytes of one that was left alone.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::workshop::{SHAPE, Workshop, assert_same_files};

const KILLS: usize = 10;

/// Sections that are finished in either plane.
fn finished(workshop: &Workshop, run: &str) -> usize {
    const NOTE_BYTES: usize = 12;
    let folder = workshop.path(run).join(".partial/prediction/0/sections");
    let notes =
        fs::metadata(folder.join("probabilities.finished")).map_or(0, |notes| notes.len() as usize / NOTE_BYTES);
    let is_section = |name: &str| name.ends_with(".section");
    let sections = fs::read_dir(folder).map_or(0, |entries| {
        entries.flatten().filter(|entry| is_section(&entry.file_name().to_string_lossy())).count()
    });
    notes + sections
}

#[test]
fn a_prediction_killed_ten_times_anywhere_ends_with_the_same_bytes() {
    let workshop = Workshop::new();
    workshop.facies(&["train", "job.yaml", "--output", "trained"]).expect(0, &[]);
    let [inlines, crosslines, _] = SHAPE;
    let volumes = "output.segy={volumes: [class, confidence]}";
    for (seed, plane, sections) in [(1, "crossline", crosslines), (2, "both", inlines + crosslines)] {
        let plane = format!("prediction.plane={plane}");
        let predict =
            |output| ["predict", "job.yaml", "--set", &plane, "--set", volumes, "--threads", "2", "--output", output];
        for output in ["alone", "runs"] {
            assert!(
                Command::new("cp")
                    .args(["-r", "trained", output])
                    .current_dir(workshop.path(""))
                    .status()
                    .unwrap()
                    .success()
            );
        }
        workshop.facies(&predict("alone")).expect(0, &[]);
        let expected = workshop.run_bytes("alone/small");
        for file in ["facies.h5", "facies.sgy", "confidence.sgy"] {
            assert!(expected.contains_key(file), "{file}");
        }

        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut moments: Vec<usize> = (0..KILLS).map(|_| random.random_range(0..=sections)).collect();
        moments.sort_unstable();
        let mut killed_at = Vec::new();
        for moment in moments {
            let mut child =
                workshop.command(&predict("runs")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while finished(&workshop, "runs/small") < moment && child.try_wait().unwrap().is_none() {
                sleep(Duration::from_millis(1));
            }
            sleep(Duration::from_micros(random.random_range(0..5_000)));
            child.kill().unwrap();
            if child.wait().unwrap().code().is_none() {
                killed_at.push(finished(&workshop, "runs/small"));
            }
        }
        println!("{plane}: killed with {killed_at:?} of {sections} sections finished");
        assert!(killed_at.len() >= KILLS - 2, "{plane}: killed only at {killed_at:?}");
        assert!(killed_at.iter().filter(|&&at| at > 0 && at < sections).count() >= 3, "{plane}: {killed_at:?}");
        workshop.facies(&predict("runs")).expect(0, &[]);
        assert_same_files(&workshop.run_bytes("runs/small"), &expected);
        for output in ["alone", "runs"] {
            fs::remove_dir_all(workshop.path(output)).unwrap();
        }
    }
}

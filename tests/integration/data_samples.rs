//! The sample survey in `data-samples` is what its README says.

use std::fs;
use std::path::Path;

use facies::volume::synthetic::{SyntheticFiles, SyntheticOptions, write};

#[test]
fn the_generator_makes_the_committed_survey_again() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("data-samples/synthetic.sgy");
    let options = SyntheticOptions {
        inlines: 50,
        crosslines: 128,
        samples: 128,
        interval_ms: 4.0,
        seed: 15,
        label_inline: Some(125),
    };
    let folder = tempfile::tempdir().unwrap();
    let made = write(&options, &folder.path().join("synthetic.sgy")).unwrap();
    let SyntheticFiles { volume, labels, truth } = SyntheticFiles::beside(&committed, &options);
    for (made, committed) in [(made.volume, volume), (made.labels, labels), (made.truth, truth)] {
        let equal = fs::read(&made).unwrap() == fs::read(&committed).unwrap();
        assert!(equal, "{} is not what its command makes; make it again", committed.display());
    }
    let readme = fs::read_to_string(committed.with_file_name("README.md")).unwrap();
    let command = "--inlines 50 --crosslines 128 --samples 128 --seed 15 --label-inline 125";
    assert!(readme.contains(command), "the README must name the command");
}

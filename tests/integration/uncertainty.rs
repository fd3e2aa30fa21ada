//! Volumes that tell how unsure the classes are, from a job to the files.

use hdf5::types::VarLenUnicode;
use ndarray::{Array3, Array4, Axis};
use segy_rs::{OpenOptions, SegyFile};

use crate::workshop::{SHAPE, Workshop, assert_same_files};

const NAMES: [&str; 4] = ["entropy", "margin", "deviation", "mutual_information"];

const PREDICTION: &str = "prediction={engine: dense, monte_carlo: {passes: 5}, inlines: [101, 103], \
     outputs: [class, probability, confidence, entropy, margin, deviation, mutual_information]}";
const VOLUMES: &str =
    "output={hdf5: {}, segy: {volumes: [entropy, margin, deviation, mutual_information]}, figures: {inlines: [101]}}";

fn volume(workshop: &Workshop, run: &str, name: &str) -> Array3<f32> {
    let file = hdf5::File::open(workshop.path(run).join("small/facies.h5")).unwrap();
    file.dataset(name).unwrap().read().unwrap()
}

#[test]
fn volumes_of_uncertainty_follow_from_the_probabilities_and_do_not_depend_on_threads() {
    let workshop = Workshop::new();
    let set = ["--set", PREDICTION, "--set", VOLUMES];
    workshop.facies(&[&["run", "job.yaml", "--output", "one"], &set[..]].concat()).expect(0, &["entropy.sgy"]);

    let [entropy, margin, deviation, information] = NAMES.map(|name| volume(&workshop, "one", name));
    let file = hdf5::File::open(workshop.path("one/small/facies.h5")).unwrap();
    let probability: Array4<f32> = file.dataset("probability").unwrap().read().unwrap();
    let mut deviates = 0;
    for ((place, &deviation), of_classes) in deviation.indexed_iter().zip(probability.lanes(Axis(3))) {
        if ![1, 3].contains(&place.0) {
            assert_eq!([entropy[place], margin[place], deviation, information[place]], [0.0; 4], "{place:?}");
            continue;
        }
        let mut sorted = of_classes.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        assert_eq!(margin[place], sorted[0] - sorted[1], "{place:?}");
        let nats: f32 = of_classes.iter().filter(|&&p| p > 0.0).map(|&p| -p * p.ln()).sum();
        assert!((entropy[place] - nats / 6.0f32.ln()).abs() < 1e-5, "{place:?}");
        assert!(deviation < 0.5 && (0.0..=entropy[place]).contains(&information[place]), "{place:?}");
        deviates += usize::from(deviation > 1e-3 && information[place] > 1e-6);
    }
    assert!(deviates > SHAPE[1] * SHAPE[2], "passes with dropout hardly differ: {deviates} voxels");

    for (name, values) in NAMES.into_iter().zip([&entropy, &margin, &deviation, &information]) {
        let long_name: VarLenUnicode = file.dataset(name).unwrap().attr("long_name").unwrap().read_scalar().unwrap();
        assert!(long_name.split(['_', ' ']).count() > 3, "{name}: {long_name}");
        let segy = SegyFile::open(workshop.path("one/small").join(format!("{name}.sgy")), &OpenOptions::default());
        let segy = segy.unwrap();
        let mut trace = vec![0.0; SHAPE[2]];
        for crossline in 0..SHAPE[1] {
            segy.read_trace(segy.survey().trace_at(3, crossline).unwrap(), &mut trace).unwrap();
            assert_eq!(trace, values.slice(ndarray::s![3, crossline, ..]).to_vec(), "{name}");
        }
    }

    let page = String::from_utf8(workshop.read("one/small/report.html")).unwrap();
    assert!(
        page.contains("interpretation, confidence, entropy, margin, deviation, mutual information."),
        "no figure shows them"
    );

    let threads = ["--threads", "3"];
    workshop.facies(&[&["train", "job.yaml", "--output", "two"], &set[..]].concat()).expect(0, &[]);
    let again = [&["predict", "job.yaml", "--output", "two"], &set[..], &threads].concat();
    workshop.facies(&again).expect(0, &["deviation.sgy"]);
    let files = |run: &str| {
        let mut files = workshop.run_bytes(run);
        files.retain(|name, _| name.ends_with(".sgy") || name.ends_with(".h5"));
        files
    };
    assert_same_files(&files("two/small"), &files("one/small"));
}

#[test]
fn what_needs_passes_or_dropout_is_refused_without() {
    let workshop = Workshop::new();
    let without = "network={vgg16: {cut: conv2_1, padding: valid, head: [8], dropout: 0.0}}";
    let passes = "prediction={engine: dense, monte_carlo: {passes: 5}}";
    let cases: [(&[&str], &[&str]); 6] = [
        (&["prediction.outputs=[deviation]"], &["prediction.outputs", "there are none", "monte_carlo: { passes: 20 }"]),
        (&["prediction.monte_carlo={passes: 1}"], &["prediction.monte_carlo.passes", "2"]),
        (&[without, passes], &["prediction.monte_carlo", "the network has no dropout", "`dropout` above 0"]),
        (
            &["prediction={engine: patch, stride: 4, monte_carlo: {}}"],
            &["prediction.monte_carlo", "coarse preview", "leave `stride`"],
        ),
        (
            &["prediction={engine: dense, plane: both, monte_carlo: {}, outputs: [deviation]}"],
            &["prediction.outputs", "`plane: both` averages two"],
        ),
        (&["output.segy={volumes: [margin]}"], &["prediction.outputs", "asks for `margin`", "add `margin`"]),
    ];
    for (changes, parts) in cases {
        let set: Vec<&str> = changes.iter().flat_map(|change| ["--set", change]).collect();
        workshop.facies(&[&["run", "job.yaml"], &set[..]].concat()).expect_refusal(2, parts);
    }
    assert!(!workshop.path("runs").exists());
}

#[test]
fn explain_draws_chosen_and_most_wrong_voxels_and_refuses_what_is_not_there() {
    let workshop = Workshop::new();
    workshop.facies(&["explain", "job.yaml", "--wrong", "1"]).expect_refusal(2, &["no trained model", "facies train"]);
    workshop.facies(&["train", "job.yaml"]).expect(0, &[]);
    let explained =
        workshop.facies(&["explain", "job.yaml", "--at", "104,320,100", "--wrong", "2", "--uncertain", "1", "--maps"]);
    explained.expect(0, &["explanations/inline-104-crossline-320-100ms.png", "100ms-maps.png"]);
    let of_class = workshop.facies(&["explain", "job.yaml", "--at", "104,320,100", "--class", "salt"]);
    of_class.expect(0, &["crossline-320-100ms-salt.png"]);
    let pictures: Vec<&str> = explained.answer.lines().collect();
    assert!(pictures.len() >= 4, "{pictures:?}");
    for picture in pictures {
        assert!(workshop.read(picture).starts_with(b"\x89PNG"), "{picture}");
    }
    for (arguments, parts) in [
        (vec!["--at", "104,320,101"], vec!["no voxel at inline 104, crossline 320, 101 ms", "facies inspect"]),
        (vec!["--at", "104,320"], vec!["`104,320` is no voxel"]),
        (vec!["--at", "104,320,100", "--class", "coal"], vec!["`coal` is none of the classes", "salt"]),
        (vec!["--at", "104,320,100", "--layer", "x"], vec!["no layer `x`", "it has"]),
        (vec![], vec!["nothing to explain", "--wrong 4"]),
        // What this split calls test voxels, the network has learnt from.
        (
            vec!["--wrong", "1", "--set", "split={stripes: {train: 20, gap: 4, test: 12}}"],
            vec!["holds the training of a job with other settings", "split.random: ", "--overwrite"],
        ),
    ] {
        workshop.facies(&[&["explain", "job.yaml"], &arguments[..]].concat()).expect_refusal(2, &parts);
    }
}

//! One job from labels to report: what it leaves, that its parts agree, and that nothing is done twice.

use std::collections::BTreeSet;
use std::path::Path;

use ndarray::{Array3, Array4, ArrayView3, Axis, s};
use segy_rs::{OpenOptions, SegyFile};
use serde_json::Value;

use crate::workshop::{SHAPE, Workshop, assert_same_files};

/// The trace without signal, `[inline, crossline]`.
const DEAD: [usize; 2] = [5, 10];

/// A survey with one dead trace.
fn survey() -> Workshop {
    let workshop = Workshop::new();
    let mut cube = workshop.read("cube.sgy");
    samples_of_trace(&mut cube, DEAD[0] * SHAPE[1] + DEAD[1]).fill(0);
    workshop.write("cube.sgy", cube);
    workshop
}

const FILE_HEADERS: usize = 3600;
const TRACE_HEADER: usize = 240;

/// The bytes of a trace of `cube.sgy`, 16-bit integers.
fn trace(cube: &mut [u8], trace: usize) -> &mut [u8] {
    let length = TRACE_HEADER + 2 * SHAPE[2];
    &mut cube[FILE_HEADERS + trace * length..][..length]
}

fn samples_of_trace(cube: &mut [u8], index: usize) -> &mut [u8] {
    &mut trace(cube, index)[TRACE_HEADER..]
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().collect()
}

/// The dataset `[inline, crossline, sample]` of codes, 0 = no class.
fn classes(file: &Path) -> Array3<u8> {
    hdf5::File::open(file).unwrap().dataset("facies").unwrap().read().unwrap()
}

/// The dataset `[inline, crossline, sample, class]`.
fn probabilities(file: &Path) -> Array4<f32> {
    hdf5::File::open(file).unwrap().dataset("probability").unwrap().read().unwrap()
}

/// All samples of a SEG-Y file by inline and crossline; each of them has a trace.
fn samples(file: &Path) -> Array3<f32> {
    let file = SegyFile::open(file, &OpenOptions::default()).unwrap();
    let survey = file.survey();
    let mut samples = Array3::zeros((survey.inline.count, survey.crossline.count, file.samples()));
    for ((inline, crossline), mut trace) in
        ndarray::indices((survey.inline.count, survey.crossline.count)).into_iter().zip(samples.lanes_mut(Axis(2)))
    {
        let index = survey.trace_at(inline, crossline).unwrap();
        file.read_trace(index, trace.as_slice_mut().unwrap()).unwrap();
    }
    samples
}

#[test]
fn a_run_leaves_what_is_promised_once() {
    let workshop = survey();
    let answer = workshop.json(&["run", "job.yaml", "--json"]);
    assert_eq!(keys(&answer), words("folder was_done stages"));
    assert_eq!((&answer["folder"], &answer["was_done"]), (&"runs/small".into(), &false.into()));
    let files = workshop.bytes("runs/small");
    let names: BTreeSet<_> = files.keys().map(String::as_str).collect();
    let promised = "job.yaml model.safetensors history.csv metrics.json scores.csv confusion.csv most-wrong.csv facies.h5 facies.sgy report.html run.json \
                    figures/training.png figures/confusion.png figures/most-wrong.png figures/reliability.png figures/inline-104.png figures/slice-100ms.png";
    assert_eq!(names, words(promised));

    let metrics: Value = serde_json::from_slice(&files["metrics.json"]).unwrap();
    assert_eq!(keys(&metrics), words("train validation test split"));
    for subset in ["train", "validation", "test"] {
        let scores = &metrics[subset];
        let promised = "loss accuracy balanced_accuracy mae macro_f1 mean_iou fwiu kappa roc_auc brier \
                        calibration_error support classes reliability";
        assert_eq!(keys(scores), words(promised), "{subset}");
        assert_eq!(keys(&scores["classes"]["salt"]), words("precision recall f1 iou roc_auc support"), "{subset}");
    }
    let support = |subset: &str| metrics[subset]["support"].as_u64().unwrap();
    assert_eq!(["train", "validation", "test"].map(support).iter().sum::<u64>(), 4096);
    assert_eq!((&metrics["split"]["kind"], &metrics["split"]["leak"]), (&"random".into(), &support("test").into()));

    let record: Value = serde_json::from_slice(&files["run.json"]).unwrap();
    assert_eq!((&record["status"], &record["seed"], &record["threads"]), (&"finished".into(), &3.into(), &1.into()));
    let report = String::from_utf8(files["report.html"].clone()).unwrap();
    for part in ["data:image/png;base64,", "test voxels", "high_amplitude", "facies.sgy", "percentile: 99"] {
        assert!(report.contains(part), "{part}");
    }
    assert!(!report.contains("http://") && !report.contains("https://"), "the report needs nothing from outside");

    // Again: nothing to do, and nothing changes.
    for work in ["run", "train", "evaluate", "predict"] {
        let outcome = workshop.facies(&[work, "job.yaml"]);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(outcome.log.contains("done already") && outcome.answer.contains("runs/small/"), "{outcome:?}");
        assert_same_files(&workshop.bytes("runs/small"), &files);
    }
    // The resolved job is a job, and the parts one by one are the whole.
    for work in ["train", "evaluate", "predict", "run"] {
        workshop.facies(&[work, "runs/small/job.yaml", "--output", "again"]).expect(0, &[]);
    }
    assert_same_files(&workshop.run_bytes("again/small"), &workshop.run_bytes("runs/small"));
    // A file that somebody removed is made again.
    for name in ["facies.sgy", "confusion.csv", "report.html"] {
        std::fs::remove_file(workshop.path("again/small").join(name)).unwrap();
    }
    workshop.facies(&["run", "job.yaml", "--output", "again"]).expect(0, &[]);
    assert_same_files(&workshop.run_bytes("again/small"), &workshop.run_bytes("runs/small"));
}

#[test]
fn volumes_of_one_run_agree_voxel_for_voxel() {
    let workshop = survey();
    workshop
        .facies(&["run", "job.yaml", "--set", "output.segy={volumes: [class, confidence, probability]}"])
        .expect(0, &[]);
    let path = |name: &str| workshop.path("runs/small").join(name);
    let (classes, probabilities) = (classes(&path("facies.h5")), probabilities(&path("facies.h5")));
    assert_eq!(classes.shape(), SHAPE);
    assert!(classes.iter().collect::<BTreeSet<_>>().len() > 3, "a prediction of one class alone proves little");
    assert_eq!(samples(&path("facies.sgy")), classes.mapv(f32::from));
    let confidence: Array3<f32> =
        hdf5::File::open(path("facies.h5")).unwrap().dataset("confidence").unwrap().read().unwrap();
    assert_eq!(samples(&path("confidence.sgy")), confidence);
    for (code, name) in
        ["low_amplitude", "high_amplitude", "clinoforms", "chaotic", "channel", "salt"].iter().enumerate()
    {
        let volume = samples(&path(&format!("probability-{name}.sgy")));
        assert_eq!(volume, probabilities.index_axis(Axis(3), code), "{name}");
    }
    for ((place, &class), of_classes) in classes.indexed_iter().zip(probabilities.lanes(Axis(3))) {
        let sum: f32 = of_classes.sum();
        if [place.0, place.1] == DEAD {
            assert_eq!((class, sum, confidence[place]), (0, 0.0, 0.0));
        } else {
            assert!((sum - 1.0).abs() < 1e-5, "{place:?}");
            assert!(of_classes.iter().all(|&other| other <= confidence[place]), "{place:?}");
            assert_eq!(of_classes[usize::from(class) - 1], confidence[place], "{place:?}");
        }
    }
}

#[test]
fn no_report_is_kept_that_tells_of_another_interpretation() {
    let workshop = survey();
    workshop.facies(&["run", "job.yaml"]).expect(0, &["report.html"]);
    let again = ["--set", "output.figures={inlines: [107]}"];
    workshop.facies(&[&["predict", "job.yaml", "--overwrite"], &again[..]].concat()).expect(0, &["facies.h5"]);
    assert!(!workshop.path("runs/small/report.html").exists());
    assert!(!workshop.path("runs/small/figures/inline-104.png").exists());
    workshop.facies(&[&["run", "job.yaml"], &again[..]].concat()).expect(0, &["report.html"]);
    let report = String::from_utf8(workshop.read("runs/small/report.html")).unwrap();
    assert!(report.contains("inline 107 of cube.sgy") && !report.contains("inline 104 of cube.sgy"));
}

/// Interpretations of one model, and what tells each from the first.
const PREDICTIONS: &str = "prediction=[\
    {engine: dense, outputs: [class, probability]}, \
    {name: window, engine: dense, outputs: [class, probability], inlines: [103, 104], \
     window: {traces: [310, 329], vertical: [100, 160]}}, \
    {name: patches, engine: patch, outputs: [class, probability], inlines: [104], \
     window: {traces: [300, 306], vertical: [226, 400]}}, \
    {name: crosslines, engine: dense, outputs: [class, probability], crosslines: {first: 309, last: 335, step: 2}}, \
    {name: both, engine: dense, outputs: [class, probability], plane: both, inlines: {first: 102, last: 105}, \
     crosslines: {first: 309, last: 335}, window: {vertical: [40, 160]}}, \
    {name: swapped, input: {segy: {path: swapped.sgy}}, engine: dense, outputs: [class, probability], \
     inlines: {first: 309, last: 335, step: 2}}]";

#[test]
fn windows_planes_engines_and_other_volumes_give_one_interpretation() {
    let workshop = survey();
    // The same survey with inlines and crosslines by each other's name.
    let mut swapped = workshop.read("cube.sgy");
    for index in 0..SHAPE[0] * SHAPE[1] {
        trace(&mut swapped, index)[188..196].rotate_left(4);
    }
    workshop.write("swapped.sgy", &swapped);
    workshop.facies(&["run", "job.yaml", "--set", PREDICTIONS]).expect(0, &[]);
    let file = |name: &str| workshop.path("runs/small").join(format!("facies{name}.h5"));
    let (whole, whole_probabilities) = (classes(&file("")), probabilities(&file("")));

    for (name, inlines, crosslines, vertical) in
        [("-window", vec![3, 4], 10..30, 25..41), ("-patches", vec![4], 0..7, 57..64)]
    {
        let (part, part_probabilities) = (classes(&file(name)), probabilities(&file(name)));
        let mut seen = 0;
        for ((inline, crossline, sample), &class) in part.indexed_iter() {
            let asked = inlines.contains(&inline) && crosslines.contains(&crossline) && vertical.contains(&sample);
            if !asked {
                assert_eq!(class, 0, "{name}: {inline} {crossline} {sample}");
                continue;
            }
            seen += 1;
            let at = s![inline, crossline, sample, ..];
            let (ours, others) = (part_probabilities.slice(at), whole_probabilities.slice(at));
            assert!(ours.iter().zip(others).all(|(a, b)| (a - b).abs() < 1e-4), "{name}: {ours} {others}");
            let mut sorted = others.to_vec();
            sorted.sort_by(f32::total_cmp);
            let clear = sorted[5] - sorted[4] > 1e-3;
            assert!(!clear || class == whole[[inline, crossline, sample]], "{name}: {inline} {crossline} {sample}");
        }
        assert_eq!(seen, inlines.len() * crosslines.len() * vertical.len(), "{name}");
    }

    let (across, across_probabilities) = (classes(&file("-crosslines")), probabilities(&file("-crosslines")));
    let swap = |volume: ArrayView3<u8>| volume.permuted_axes([1, 0, 2]).to_owned();
    let other = swap(classes(&file("-swapped")).view());
    assert_eq!(other, across);
    assert_eq!(probabilities(&file("-swapped")).permuted_axes([1, 0, 2, 3]), across_probabilities);
    for (crossline, section) in across.axis_iter(Axis(1)).enumerate() {
        let asked = (9..36).contains(&crossline) && crossline % 2 == 1;
        assert_eq!(section.iter().any(|&class| class != 0), asked, "crossline {crossline}");
    }
    assert!(
        across_probabilities.slice(s![.., 11, .., ..]) != whole_probabilities.slice(s![.., 11, .., ..]),
        "sections of either plane are seen differently"
    );

    // Of the mean of both planes: the crosslines were interpreted in every second line only.
    let (both, both_probabilities) = (classes(&file("-both")), probabilities(&file("-both")));
    for ((inline, crossline, sample), &class) in both.indexed_iter() {
        let asked = (2..6).contains(&inline) && (9..36).contains(&crossline) && (10..41).contains(&sample);
        assert!(asked || class == 0, "{inline} {crossline} {sample}");
        if asked && crossline % 2 == 1 {
            let at = s![inline, crossline, sample, ..];
            let mean = (&whole_probabilities.slice(at) + &across_probabilities.slice(at)) * 0.5;
            let ours = both_probabilities.slice(at);
            assert!(ours.iter().zip(&mean).all(|(a, b)| (a - b).abs() < 1e-4), "{ours} {mean}");
            let first = (0..6).rev().max_by(|&a, &b| ours[a].total_cmp(&ours[b])).unwrap();
            assert_eq!(usize::from(class), if mean.sum() == 0.0 { 0 } else { first + 1 });
        }
    }

    assert_eq!(samples(&workshop.path("runs/small/facies-swapped.sgy")), swap(other.view()).mapv(f32::from));
    assert_eq!(samples(&workshop.path("runs/small/facies-crosslines.sgy")), across.mapv(f32::from));
}

#[test]
fn answers_for_programs_are_json_with_the_promised_keys() {
    let workshop = survey();
    let inspection = workshop.json(&["inspect", "cube.sgy", "--json"]);
    let promised = "path revision sample_format endian traces live_traces missing_traces duplicate_traces samples interval_us \
                    start_ms inline crossline x y scalar sorting amplitude warnings";
    assert_eq!(keys(&inspection), words(promised));
    for axis in ["inline", "crossline"] {
        assert_eq!(keys(&inspection[axis]), words("first last step count byte"));
    }
    assert_eq!((keys(&inspection["x"]), keys(&inspection["y"])), (words("byte"), words("byte")));
    assert_eq!(keys(&inspection["amplitude"]), words("min max mean std p01 p05 p50 p95 p99 zeros nonfinite"));
    let traces = SHAPE[0] * SHAPE[1];
    assert_eq!((&inspection["traces"], &inspection["live_traces"]), (&traces.into(), &(traces - 1).into()));
    assert_eq!(workshop.json(&["inspect", "cube.sgy", "--json", "--no-map", "--inline", "189"]), inspection);

    let labels = workshop.json(&["labels", "job.yaml", "--json", "--figures", "pictures"]);
    let of_class = |class: &Value| class["labelled"].as_u64().unwrap();
    assert_eq!(labels["classes"].as_array().unwrap().iter().map(of_class).sum::<u64>(), 4096);
    assert_eq!(labels["sections"], serde_json::json!(["inline 104"]));
    assert!(workshop.read("pictures/inline_104.png").starts_with(b"\x89PNG"));
}

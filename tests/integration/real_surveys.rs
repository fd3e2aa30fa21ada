//! The program on real surveys, where they are at hand: `FACIES_DATA`, or `../shared/data`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facies::network::{Model, Pretrained};
use ndarray::Array3;
use safetensors::SafeTensors;
use serde_json::{Value, json};

use crate::workshop::Workshop;

/// The folder of real data; says so where there is none.
fn data() -> Option<PathBuf> {
    let nearby = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = std::env::var_os("FACIES_DATA").map_or(nearby, PathBuf::from);
    if data.is_dir() {
        return Some(data);
    }
    println!("skipped: there is no {}; FACIES_DATA names the folder of real surveys", data.display());
    None
}

#[test]
fn real_volumes_are_understood() {
    let Some(data) = data() else { return };
    let workshop = Workshop::new();
    for (file, expected) in [
        (
            "f3/inline_339_digitised.sgy",
            json!({"sample_format": "5 (IEEE float)", "traces": 951, "samples": 462, "start_ms": 4.0, "scalar": -10,
                   "inline": {"first": 339, "last": 339, "step": 1, "count": 1, "byte": 189},
                   "crossline": {"first": 300, "last": 1250, "step": 1, "count": 951, "byte": 193},
                   "x": {"byte": 181}, "warnings": []}),
        ),
        (
            "f3/block_il300-399_xl600-699.sgy",
            json!({"traces": 10_000, "samples": 100, "start_ms": 1204.0, "interval_us": 4000.0, "sorting": "inline",
                   "inline": {"first": 300, "last": 399, "step": 1, "count": 100, "byte": 189}}),
        ),
        ("f3/original_crop.sgy", json!({"sample_format": "3 (16-bit integer)", "traces": 414, "samples": 75})),
        (
            "penobscot/penobscot_il1075-1110.sgy",
            json!({"sample_format": "3 (16-bit integer)", "live_traces": 17_316, "samples": 1501,
                   "inline": {"first": 1075, "last": 1110, "step": 1, "count": 36, "byte": 189},
                   "crossline": {"first": 1000, "last": 1480, "step": 1, "count": 481, "byte": 193}}),
        ),
        (
            "penobscot/crossline_1155_original.sgy",
            json!({"sample_format": "1 (IBM float)", "traces": 601,
                   "crossline": {"first": 1155, "last": 1155, "step": 1, "count": 1, "byte": 193}}),
        ),
    ] {
        let answer = workshop.json(&["inspect", data.join(file).to_str().unwrap(), "--json"]);
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(answer[key], *value, "{file}: {key}");
        }
        // Two of the headers of the crop contradict each other, and it says which it believes.
        let warned = answer["warnings"].to_string().contains("75 fits the length of the file");
        assert_eq!(warned, file == "f3/original_crop.sgy", "{file}");
    }
}

/// The published recipe made short: a larger learning rate shows within seconds that it learns.
const SHORT: [&str; 7] = [
    "training.epochs=4",
    "training.steps_per_epoch=3",
    "training.form={patch: {batch: 16}}",
    "training.optimizer.sgd.learning_rate=0.005",
    "training.early_stopping=null",
    "split.stripes.validation=0",
    "prediction.window={traces: [700, 707], vertical: [1200, 1228]}",
];

#[test]
fn the_published_transfer_learning_keeps_frozen_layers_and_learns_with_the_others() {
    let Some(data) = data() else { return };
    let workshop = Workshop::new();
    let job = concat!(env!("CARGO_MANIFEST_DIR"), "/configs/f3-vgg16-patches.yaml");
    // Not the whole `run`: scoring takes a minute in patches of this network.
    for work in ["train", "predict"] {
        let arguments: Vec<_> =
            [work, job].into_iter().chain(SHORT.iter().flat_map(|change| ["--set", change])).collect();
        let output = workshop.command(&arguments).env("FACIES_DATA", &data).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let run = workshop.path("runs/f3-vgg16-patches");

    let trained = Model::load(&run.join("model.safetensors")).unwrap();
    let pretrained = Pretrained::read(&data.join("weights/vgg16_conv.safetensors")).unwrap();
    let fresh = workshop.path("fresh.safetensors");
    Model::new(trained.description.clone(), Some(&pretrained)).unwrap().save(&fresh).unwrap();
    let (before, after) = (tensors(&fresh), tensors(&run.join("model.safetensors")));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let frozen = ["features.0.", "features.2.", "features.5.", "features.7.", "features.10."];
    for (name, values) in &before {
        let is_frozen = frozen.iter().any(|prefix| name.starts_with(prefix));
        // A bias in front of batch normalisation has no gradient but rounding errors.
        if is_frozen || name.ends_with(".weight") {
            assert_eq!(*values == after[name], is_frozen, "{name}");
        }
    }
    // All but the first, which is folded to one channel, are those of the file.
    let file = tensors(&data.join("weights/vgg16_conv.safetensors"));
    for name in frozen[1..].iter().flat_map(|prefix| [format!("{prefix}weight"), format!("{prefix}bias")]) {
        assert!(after[&name] == file[&name], "{name}");
    }

    let history = std::fs::read_to_string(run.join("history.csv")).unwrap();
    let column = history.lines().next().unwrap().split(',').position(|title| title == "train_loss").unwrap();
    let losses: Vec<f64> =
        history.lines().skip(1).map(|line| line.split(',').nth(column).unwrap().parse().unwrap()).collect();
    assert!(losses.len() == 4 && losses[3] < 0.8 * losses[0], "{losses:?}");

    let classes: Array3<u8> =
        hdf5::File::open(run.join("facies.h5")).unwrap().dataset("facies").unwrap().read().unwrap();
    for ((_, crossline, sample), &class) in classes.indexed_iter() {
        let asked = (400..408).contains(&crossline) && (299..307).contains(&sample);
        assert_eq!((1..=9).contains(&class), asked, "{crossline} {sample}: {class}");
    }
    let record: Value = serde_json::from_str(&std::fs::read_to_string(run.join("run.json")).unwrap()).unwrap();
    assert_eq!(record["stages"]["evaluation"], Value::Null);
}

/// Every tensor of a safetensors file, as bytes.
fn tensors(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.iter().map(|(name, tensor)| (name.to_owned(), tensor.data().to_vec())).collect()
}

//! Published networks in jobs, and the weights that others trained.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use facies::network::{
    Backbone, Freeze, Input, Layers, Model, NamedArray, Normalization, PictureNetwork, Pretrained, read_arrays,
    write_arrays,
};

use crate::workshop::{Done, Workshop};

/// ResNet18 on small patches of one inline, its first block frozen.
const RESNET: [&str; 5] = [
    "network={resnet18: {freeze: {through: layer1.0}, dropout: 0}}",
    "training.form={patch: {batch: 16}}",
    "training.steps=2",
    "patch={size: 33}",
    "split={none: null}",
];

#[test]
fn a_branched_network_learns_where_it_is_not_frozen_and_predicts_what_it_learnt() {
    let workshop = Workshop::new();
    let changes = RESNET.iter().flat_map(|change| ["--set", *change]);
    let prediction = [
        "--set",
        "prediction={engine: patch, inlines: [104], window: {traces: [320, 327], vertical: [100, 132]}, outputs: [class]}",
    ];
    let arguments: Vec<_> = ["run", "job.yaml"].into_iter().chain(changes).chain(prediction).collect();
    workshop.facies(&arguments).expect(0, &[]);
    let model = Model::load(&workshop.path("runs/small/model.safetensors")).unwrap();
    let trained = by_name(model.weights().unwrap());
    let fresh = by_name(Model::new(model.description.clone(), None).unwrap().weights().unwrap());
    assert_eq!(trained.keys().collect::<Vec<_>>(), fresh.keys().collect::<Vec<_>>());
    for (name, values) in &trained {
        let is_frozen = ["conv1.", "bn1.", "layer1.0."].iter().any(|layer| name.starts_with(layer));
        // Batch normalisation keeps its statistics where it is frozen.
        assert_eq!(*values == fresh[name], is_frozen, "{name}");
    }
    let description = serde_json::to_value(&model.description.architecture).unwrap();
    assert_eq!(description["backbone"]["backbone"], "resnet18");
}

#[test]
fn what_does_not_fit_is_told_and_a_half_loaded_network_refused() {
    let workshop = Workshop::new();
    let layers = Backbone::Resnet18.published(Input::Colour, 64, 6).unwrap();
    let whole = zeros(&layers);
    let write = |name: &str, arrays: &[NamedArray]| write_arrays(&workshop.path(name), arrays, "").unwrap();
    write("whole.safetensors", &whole);
    write("half.safetensors", &whole[..whole.len() / 2]);
    let mut wide = whole.clone();
    wide[0].shape[0] *= 2;
    let count = wide[0].values.len();
    wide[0].values.resize(2 * count, 0.0);
    write("wide.safetensors", &wide);

    let look = |file: &str, more: &[&str]| workshop.facies(&[&["weights", "import", file, "--dry-run"], more].concat());
    look("whole.safetensors", &[]).expect(0, &["network      resnet18", "loaded       100", "unexpected  fc.bias"]);
    look("half.safetensors", &["--network", "resnet18"]).expect(3, &["missing     layer", "does not hold the weights"]);
    look("wide.safetensors", &["--network", "resnet18"])
        .expect(3, &["wrong shape conv1.weight: [128, 3, 7, 7] where [64, 3, 7, 7] is needed"]);
    look("whole.safetensors", &["--network", "vgg19"]).expect(3, &["missing     features.0.weight"]);
    look("whole.safetensors", &["--network", "resnet51"]).expect(2, &["there is no network `resnet51`"]);
    assert!(workshop.files("data").is_empty(), "a look writes nothing");

    let import = |file: &str| {
        Done::from(workshop.command(&["weights", "import", file]).env("FACIES_DATA", "data").output().unwrap())
    };
    import("whole.safetensors").expect(0, &["resnet18: 100 tensors fit", "data/weights/resnet18.safetensors"]);
    import("half.safetensors").expect(3, &["does not hold the weights"]);
    // A file of a known name must be that file.
    std::fs::rename(workshop.path("whole.safetensors"), workshop.path("resnet18-f37072fd.pth")).unwrap();
    import("resnet18-f37072fd.pth").expect(3, &["is not the published file", "f37072fd..."]);

    let job = |network: &str| {
        let network = format!("network={network}");
        let changes = [&network, RESNET[1], "training.steps=1", RESNET[3], "prediction=[]"];
        let changes = changes.into_iter().flat_map(|change| ["--set", change]);
        workshop.facies(&["train", "job.yaml"].into_iter().chain(changes).collect::<Vec<_>>())
    };
    job("{resnet18: {weights: half.safetensors}}").expect(3, &["does not hold the weights", "missing layer"]);
    job("{resnet34: {weights: data/weights/resnet18.safetensors}}").expect(3, &["imported for resnet18, not resnet34"]);
    job("{resnet18: {weights: data/weights/resnet18.safetensors, freeze: {all_but_last: 0}}}").expect(0, &[]);
    let model = Model::load(&workshop.path("runs/small/model.safetensors")).unwrap();
    assert_eq!(model.description.pretrained.unwrap().normalization, Some(Normalization::ImageNet));
}

#[test]
fn class_scores_that_do_not_fit_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.safetensors");
    let mut arrays = zeros(&Backbone::MobilenetV2.published(Input::Colour, 64, 6).unwrap());
    let bias = arrays.iter_mut().find(|array| array.name == "classifier.1.bias").unwrap();
    bias.shape = vec![5];
    bias.values.truncate(5);
    write_arrays(&path, &arrays, "").unwrap();
    let weights = Pretrained::read(&path).unwrap();
    let error = PictureNetwork::published(Backbone::MobilenetV2, 64, &weights).unwrap_err().to_string();
    assert!(error.contains("`classifier.1.bias` is [5] where [6] is needed"), "{error}");
    let body: Vec<_> = arrays.into_iter().filter(|array| !array.name.starts_with("classifier")).collect();
    write_arrays(&path, &body, "").unwrap();
    let weights = Pretrained::read(&path).unwrap();
    let error = PictureNetwork::published(Backbone::MobilenetV2, 64, &weights).unwrap_err().to_string();
    assert!(error.contains("no class scores of mobilenet_v2"), "{error}");
}

#[test]
fn the_published_files_load_with_nothing_missing() {
    let Some(folder) = weights_folder() else { return };
    for (file, backbone, tensors, unused, classes, normalization) in [
        ("vgg16_conv.safetensors", Backbone::Vgg16, 26, 0, None, Normalization::ImageNet),
        ("mobilenet_v2-b0353104.pth", Backbone::MobilenetV2, 260, 2, Some(1000), Normalization::ImageNet),
        ("resnet50_keras_fp16.safetensors", Backbone::Resnet50Keras, 318, 2, Some(1000), Normalization::CaffeBgr),
    ] {
        let weights = Pretrained::read(&folder.join(file)).unwrap();
        assert_eq!(weights.network().unwrap(), backbone);
        let report = weights.report_for(backbone).unwrap();
        assert!(report.is_complete(), "{file}: {report}");
        assert_eq!((report.loaded.len(), report.unexpected.len()), (tensors, unused), "{file}: {report}");
        assert_eq!(weights.classes(backbone).unwrap(), classes, "{file}");
        assert_eq!(weights.normalization(backbone), normalization, "{file}");

        let target = tempfile::tempdir().unwrap();
        let imported = target.path().join("imported.safetensors");
        assert_eq!(weights.import(backbone, &imported).unwrap(), report);
        let (arrays, _) = read_arrays(&imported).unwrap();
        assert_eq!(arrays.len(), tensors, "{file}");
        let again = Pretrained::read(&imported).unwrap();
        assert_eq!((again.network().unwrap(), again.normalization(backbone)), (backbone, normalization), "{file}");
    }
}

#[test]
fn freezing_counts_within_what_a_network_has() {
    let layers = Backbone::Densenet121.published(Input::Colour, 64, 6).unwrap().layers;
    assert!(Freeze::Convolutions(120).check(&layers).is_ok());
    assert!(Freeze::Convolutions(121).check(&layers).is_err());
}

/// The folder of real weights; says so where there is none.
fn weights_folder() -> Option<PathBuf> {
    let nearby = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("FACIES_DATA").map_or(nearby, PathBuf::from).join("weights");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no {}; FACIES_DATA names the folder of real data", folder.display());
    None
}

/// All tensors of a network, with nothing in them.
fn zeros(layers: &Layers) -> Vec<NamedArray> {
    use facies::network::Layer;
    let mut arrays = Vec::new();
    let mut push = |name: String, shape: &[usize]| {
        arrays.push(NamedArray { name, shape: shape.to_vec(), values: vec![0.0; shape.iter().product()] });
    };
    for layer in layers.leaves() {
        match layer {
            Layer::Convolution(convolution) => {
                push(format!("{}.weight", convolution.name), &convolution.weight_shape());
            }
            Layer::BatchNorm { name, features, .. } => {
                for part in ["weight", "bias", "running_mean", "running_var"] {
                    push(format!("{name}.{part}"), &[*features]);
                }
            }
            Layer::Linear { name, inputs, outputs } => {
                push(format!("{name}.weight"), &[*outputs, *inputs]);
                push(format!("{name}.bias"), &[*outputs]);
            }
            _ => {}
        }
    }
    arrays
}

fn by_name(arrays: Vec<NamedArray>) -> BTreeMap<String, Vec<f32>> {
    arrays.into_iter().map(|array| (array.name, array.values)).collect()
}

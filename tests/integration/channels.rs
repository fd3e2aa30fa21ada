//! Networks that see more than one volume, and volumes instead of pictures.

use std::collections::BTreeMap;
use std::fs;

use facies::grid::{ClassTable, Domain, Plane};
use facies::network::{Architecture, Backbone, Device, Head, Input, Model, ModelDescription, Padding, Pooling, Top};
use facies::volume::synthetic::{SyntheticOptions, write};
use facies::volume::{AmplitudeScaling, Channel};
use ndarray::{Array2, Array4, Axis, concatenate};

use crate::golden_logits::{uniform, weights_file};
use crate::workshop::{JOB, Workshop};

fn description(architecture: Architecture, patch: usize, channels: usize, classes: usize) -> ModelDescription {
    let scaling = AmplitudeScaling::new(-1.0, 1.0).unwrap();
    let attribute = |number: usize| Channel::Attribute { name: format!("attribute {number}"), scaling };
    ModelDescription {
        version: ModelDescription::VERSION,
        architecture,
        patch,
        planes: vec![Plane::Inline],
        classes: ClassTable::from_names((0..classes).map(|code| format!("class {code}"))).unwrap(),
        amplitude: scaling,
        further_channels: (1..channels).map(attribute).collect(),
        domain: Domain::Time,
        sample_step: 4.0,
        pretrained: None,
        seed: 0,
        temperature: None,
    }
}

/// Weights that are hashes of their names, as `check_malenov.py` makes them.
fn hashed(model: Model) -> Model {
    let mut weights = model.weights().unwrap();
    for array in &mut weights {
        let hash = |seed: u32, byte: u8| (seed ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let seed = array.name.bytes().fold(0x811C_9DC5, hash);
        let (scale, offset) = match &array.shape[..] {
            [_] if array.name.ends_with(".weight") || array.name.ends_with(".running_var") => (0.25, 1.0),
            [_, inputs @ ..] if !inputs.is_empty() => {
                ((3.0 / inputs.iter().product::<usize>() as f64).sqrt() as f32, 0.0)
            }
            _ => (0.1, 0.0),
        };
        array.values = uniform(seed, array.values.len()).into_iter().map(|value| offset + scale * value).collect();
    }
    Model::with_weights(model.description, &weights).unwrap()
}

#[test]
fn malenov_gives_the_scores_of_pytorch() {
    let golden: BTreeMap<String, Vec<Vec<f32>>> =
        serde_json::from_str(include_str!("../fixtures/malenov_logits.json")).unwrap();
    for (name, cubes, volumes, side) in [("one_volume_65", 3, 1, 65), ("two_volumes_30", 2, 2, 30)] {
        let model = hashed(Model::new(description(Architecture::Malenov, side, volumes, 9), None).unwrap());
        let shape = (cubes, volumes * side, side, side);
        let patches = Array4::from_shape_vec(shape, uniform(4000, cubes * volumes * side.pow(3))).unwrap();
        let scores = model.predictor(Device::cpu()).unwrap().patch_scores(patches.view()).unwrap();
        let expected = Array2::from_shape_vec((cubes, 9), golden[name].concat()).unwrap();
        let largest = expected.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
        let difference = (&scores - &expected).iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
        println!("{name}: {:.1e} of {largest:.3}", difference / largest);
        assert!(difference <= 1e-4 * largest, "{name}: {difference} of {largest}");
    }
}

/// With the mean of the channels as the grey of the picture, valid padding (constant in the bias) and same (kept apart).
#[test]
fn pretrained_networks_answer_equal_channels_as_they_answer_one() {
    let head = Head { hidden: Vec::new(), dropout: 0.0, batch_norm: false, batch_norm_scores: false };
    let top = Top { pooling: Pooling::Average, batch_norm_features: false, head: head.clone() };
    for architecture in [
        Architecture::Vgg16 { cut: Some("conv2_1".into()), padding: Padding::Valid, head },
        Architecture::Backbone { backbone: Backbone::Resnet18, top },
    ] {
        let colour = architecture.layers_for(Input::Colour, 65, 3).unwrap();
        let pretrained = weights_file(&colour, |name| !name.starts_with("head."));
        let [one, three] = [1, 3]
            .map(|channels| Model::new(description(architecture.clone(), 65, channels, 3), Some(&pretrained)).unwrap());
        // Fresh heads are drawn after kernels of other sizes, and so differ: take one for both.
        let mut weights = three.weights().unwrap();
        for array in one.weights().unwrap().into_iter().filter(|array| array.name.starts_with("head.")) {
            let place = weights.iter().position(|other| other.name == array.name).unwrap();
            weights[place] = array;
        }
        let three = Model::with_weights(three.description, &weights).unwrap();
        let patches = Array4::from_shape_vec((4, 1, 65, 65), uniform(2000, 4 * 65 * 65)).unwrap();
        let scores = |model: &Model, patches: &Array4<f32>| {
            model.predictor(Device::cpu()).unwrap().patch_scores(patches.view()).unwrap()
        };
        let expected = scores(&one, &patches);
        let view = patches.view();
        let actual = scores(&three, &concatenate![Axis(1), view, view, view]);
        let largest = expected.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
        for (actual, expected) in actual.iter().zip(&expected) {
            assert!((actual - expected).abs() <= 1e-4 * largest, "{actual} and {expected}");
        }
    }
}

const ATTRIBUTES: &str = "  attributes: [{ name: facies, segy: { path: cube_truth.sgy }, clip: { absolute: 6 } }]\n";

/// `JOB` with an attribute that tells everything, and depth.
fn job() -> String {
    let input = "  segy: { path: cube.sgy }\n";
    JOB.replace(input, &format!("{input}{ATTRIBUTES}  depth: true\n"))
}

#[test]
fn a_job_with_attributes_and_depth_runs_from_beginning_to_end() {
    let workshop = Workshop::new();
    workshop.write("job.yaml", job());
    let done = workshop.facies(&["run", "job.yaml"]);
    done.expect(0, &["seen as amplitude, facies, depth"]);
    let report = String::from_utf8(workshop.read("runs/small/report.html")).unwrap();
    for words in ["channel `facies`", "amplitude, facies, depth", "-6 and 6"] {
        assert!(report.contains(words), "{words}");
    }
    let model = Model::load(&workshop.path("runs/small/model.safetensors")).unwrap().description;
    assert_eq!(model.channel_names(), ["amplitude", "facies", "depth"]);
    assert_eq!(model.further_channels[1], Channel::Depth { first: 0.0, last: 252.0 });

    // Another cube with its own volume of that name: the same one, and one that tells other things.
    let own = workshop.read("runs/small/facies.sgy");
    let predict = |attribute: &str| {
        let attributes = format!("attributes: [{{name: facies, segy: {{path: {attribute}}}}}]");
        let input = format!("prediction.input={{segy: {{path: cube.sgy}}, {attributes}}}");
        workshop.facies(&["predict", "job.yaml", "--overwrite", "--set", &input]).expect(0, &[]);
        workshop.read("runs/small/facies.sgy")
    };
    assert!(predict("cube_truth.sgy") == own);
    assert!(predict("cube.sgy") != own);
    // What stands in the file counts, not its name.
    fs::copy(workshop.path("cube.sgy"), workshop.path("cube_truth.sgy")).unwrap();
    workshop.facies(&["run", "job.yaml"]).expect_refusal(2, &["runs/small", "input.attributes[0].segy.path"]);
}

#[test]
fn a_network_of_volumes_runs_from_beginning_to_end_and_has_no_dense_form() {
    let workshop = Workshop::new();
    let text = JOB
        .replace("network: { waldeland: { padding: valid } }", "network: { malenov: {} }\npatch: { size: 17 }")
        .replace(
            "form: { dense: { crop: 16, crops_per_step: 2, labelled_at_least: 0.2 } }",
            "form: { patch: { batch: 8 } }",
        );
    workshop.write("dense.yaml", &text);
    workshop.write("job.yaml", text.replace("engine: dense", "engine: patch\n  stride: 16\n  inlines: [100, 104]"));
    workshop.facies(&["run", "dense.yaml"]).expect_refusal(2, &["prediction.engine", "every cube", "`engine: patch`"]);
    let reflect = ["run", "job.yaml", "--set", "patch.padding=reflect"];
    workshop.facies(&reflect).expect_refusal(2, &["patch.padding", "zeros outside the survey"]);
    workshop.facies(&["run", "job.yaml"]).expect(0, &["MalenoV", "coarse preview"]);
    assert!(workshop.path("runs/small/facies.h5").exists());
    let memory = ["predict", "job.yaml", "--overwrite", "--set", "prediction.memory=1 MiB"];
    workshop.facies(&memory).expect_refusal(2, &["MiB"]);
}

#[test]
fn channels_that_do_not_fit_are_refused() {
    let workshop = Workshop::new();
    workshop.write("job.yaml", job());
    let options = SyntheticOptions { inlines: 8, crosslines: 72, samples: 64, ..SyntheticOptions::default() };
    fs::create_dir(workshop.path("wide")).unwrap();
    write(&options, &workshop.path("wide/cube.sgy")).unwrap();
    let refuses = |set: &str, code: i32, words: &[&str]| {
        println!("{set}");
        workshop.facies(&["run", "job.yaml", "--set", set]).expect_refusal(code, words);
        assert!(!workshop.path("runs").exists());
    };
    let one = |name: &str, path: &str| format!("[{{name: {name}, segy: {{path: {path}}}}}]");
    let other = |attributes: &str| format!("prediction.input={{segy: {{path: cube.sgy}}, attributes: {attributes}}}");
    refuses(
        "input.attributes[0].segy.path=wide/cube.sgy",
        3,
        &["wide/cube.sgy has crosslines 300 to 371", "cube.sgy 300 to 363", "same lines and samples"],
    );
    refuses(&other(&one("facies", "wide/cube.sgy")), 3, &["wide/cube.sgy has crosslines"]);
    refuses(&other("[]"), 2, &["prediction.input: ", "attribute `facies`, which this cube lacks"]);
    refuses(&other(&one("dip", "cube.sgy")), 2, &["does not learn from an attribute `dip`"]);
    refuses("input.attributes[0].name=depth", 2, &["`depth` is the name of another channel"]);
    refuses("input.attributes[0].segy.path=gone.sgy", 2, &["input.attributes[0].segy.path", "there is no file"]);
    refuses("input.attributes[0].clip={absolute: 0}", 2, &["input.attributes[0].clip", "absolute is above 0"]);
}

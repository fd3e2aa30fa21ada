//! Networks of pictures that learn more than their end, and jobs of pictures.

use std::fs;

use facies::dataset::pictures::{Fit, PictureFolder, PictureShape, load_pictures};
use facies::network::{
    Backbone, Device, Head, Input, NamedArray, Normalization, PictureDescription, PictureInput, PictureModel, Pooling,
    Pretrained, Top, read_arrays, write_arrays,
};
use facies::report::read_events;
use ndarray::{Array2, Array4};

use crate::golden_logits::arrays_by_name;
use crate::workshop::Workshop;

/// Four classes of drawn pictures, divided, and the bottlenecks of a small network.
fn featured(sets: &[&str]) -> Workshop {
    let workshop = Workshop::new();
    workshop.facies(&["images", "synth", "rocks", "--per-class", "10", "--side", "32"]).expect(0, &[]);
    workshop.facies(&["images", "split", "rocks", "--validation", "20", "--test", "20"]).expect(0, &[]);
    let features = ["images", "features", "--network", "resnet18", "--size", "32"];
    workshop.facies(&[&features[..], sets].concat()).expect(0, &["512 features a picture"]);
    workshop
}

fn arrays(workshop: &Workshop, file: &str) -> Vec<NamedArray> {
    read_arrays(&workshop.path(file)).unwrap().0
}

fn values<'a>(arrays: &'a [NamedArray], name: &str) -> &'a [f32] {
    &arrays.iter().find(|array| array.name == name).unwrap().values
}

#[test]
fn the_last_block_learns_after_the_end_and_the_rest_stays() {
    let workshop = featured(&["rocks_train", "rocks_validation", "rocks_test"]);
    let train = ["images", "train", "--epochs", "3", "--batch", "8"];
    workshop.facies(&[&train[..], &["--model", "end"]].concat()).expect(0, &["test: accuracy"]);
    let tune = ["--model", "tuned", "--fine-tune", "last-block", "--tuning-epochs", "1", "--augment", "--tensorboard"];
    let tuned = workshop.facies(&[&train[..], &tune].concat());
    tuned.expect(0, &["fine-tuning.csv", "figures/confusion.png", "explanations/"]);
    assert!(!tuned.log.contains("voxel"), "{}", tuned.log);
    let [end, tuned] = ["end", "tuned"].map(|name| arrays(&workshop, &format!("runs/models/{name}.safetensors")));
    for (name, learns) in [
        ("conv1.weight", false),
        ("layer3.1.bn2.running_mean", false),
        ("layer4.0.conv1.weight", true),
        ("layer4.1.bn2.running_var", true),
    ] {
        assert_eq!(values(&end, name) != values(&tuned, name), learns, "{name}");
    }
    for (course, steps) in [("training", 9), ("fine-tuning", 3)] {
        let events = workshop.path(&format!("runs/models/tuned/tensorboard/{course}/events.out.tfevents.facies"));
        assert_eq!(read_events(&events).unwrap().last().unwrap().step, steps, "{course}");
    }
    // No unfinished work is left.
    assert!(!workshop.path("runs/models/tuned/.partial").exists());

    // So many of the last layers: the last convolution of ResNet18 with its normalisation, and the sum.
    let few = ["--model", "few", "--fine-tune", "4", "--tuning-epochs", "1"];
    workshop.facies(&[&train[..], &few].concat()).expect(0, &[]);
    let few = arrays(&workshop, "runs/models/few.safetensors");
    assert!(values(&few, "layer4.1.conv2.weight") != values(&end, "layer4.1.conv2.weight"));
    assert!(values(&few, "layer4.0.conv2.weight") == values(&end, "layer4.0.conv2.weight"));
    let many = ["--model", "many", "--fine-tune", "4000"];
    workshop.facies(&[&train[..], &many].concat()).expect_refusal(2, &["4000 layers"]);
    let wrong = ["--model", "wrong", "--fine-tune", "first"];
    workshop.facies(&[&train[..], &wrong].concat()).expect_refusal(2, &["`last-block`, `all`"]);

    // A picture that is no longer there is named before anything is learnt from the others.
    let gone = PictureFolder::scan(&workshop.path("rocks_train")).unwrap().pictures()[3].path.clone();
    fs::remove_file(&gone).unwrap();
    let again = ["--model", "again", "--fine-tune", "all", "--tuning-epochs", "1"];
    let name = gone.file_name().unwrap().to_str().unwrap().to_owned();
    workshop.facies(&[&train[..], &again].concat()).expect(3, &[&name, "images features"]);
    // An end needs no pictures; it only cannot show them.
    let blind = workshop.facies(&[&train[..], &["--model", "blind"]].concat());
    blind.expect(0, &["no train picture can be shown", &name, "misclassified.csv"]);
}

#[test]
fn folds_score_a_recipe_before_the_model_learns_from_all() {
    let workshop = featured(&["rocks_train"]);
    let train = ["images", "train", "--model", "m", "--epochs", "5", "--folds", "3"];
    let done = workshop.facies(&train);
    done.expect(0, &["test accuracy: ", "over 3 folds", "train: accuracy", "folds.md"]);
    let held_out = |fold: usize| -> u64 {
        let metrics = workshop.read(&format!("runs/models/m/fold-{fold}/metrics.json"));
        let metrics: serde_json::Value = serde_json::from_slice(&metrics).unwrap();
        assert!(metrics["validation"].is_null(), "what is held out chose no epoch");
        metrics["test"]["support"].as_u64().unwrap()
    };
    assert_eq!((1..=3).map(held_out).sum::<u64>(), 24, "every training picture is held out once");
    workshop.facies(&["images", "train", "--model", "n", "--folds", "1"]).expect_refusal(2, &["--folds"]);
    // Another recipe without folds leaves none of the old scores beside its model.
    let other = ["images", "train", "--model", "m", "--epochs", "2", "--overwrite"];
    workshop.facies(&other).expect(0, &[]);
    assert!(!workshop.path("runs/models/m/folds.md").exists() && !workshop.path("runs/models/m/fold-1").exists());
    // A class of one picture is left to learn from by no fold that holds it out.
    for picture in PictureFolder::scan(&workshop.path("rocks_train")).unwrap().pictures().iter().take(5) {
        fs::remove_file(&picture.path).unwrap();
    }
    workshop.facies(&["images", "features", "rocks_train", "--network", "resnet18", "--size", "32"]).expect(0, &[]);
    let few = ["images", "train", "--model", "few", "--folds", "2"];
    workshop.facies(&few).expect_refusal(3, &["`crossbeds`", "too few pictures that differ"]);
}

#[test]
fn bottlenecks_that_were_tampered_with_are_refused() {
    let workshop = featured(&["rocks_train"]);
    let path = workshop.path("runs/bottlenecks/bn1.safetensors");
    let (arrays, record) = read_arrays(&path).unwrap();
    let fewer: Vec<_> = arrays
        .iter()
        .cloned()
        .map(|mut array| {
            if array.name == "bottlenecks" {
                array.shape[1] -= 2;
                array.values.truncate(array.shape[0] * array.shape[1]);
            }
            array
        })
        .collect();
    for (arrays, record, words) in [
        (&fewer, record.clone(), "510 features a picture, its network makes 512"),
        (&arrays, record.replace("\"side\":32", "\"side\":99999999"), "at most 4096"),
        (&arrays, record.replace("\"row\":0", "\"row\":4000"), "does not fit its features"),
    ] {
        write_arrays(&path, arrays, &record).unwrap();
        workshop.facies(&["images", "train", "--model", "m"]).expect(3, &["bn1.safetensors", words]);
    }
}

#[cfg(unix)]
#[test]
fn tuning_that_was_killed_ends_with_the_same_bytes() {
    use std::process::{Command, Stdio};
    let workshop = featured(&["rocks_train", "rocks_validation"]);
    let tune = ["images", "train", "--epochs", "2", "--fine-tune", "last-block", "--tuning-epochs", "4", "--augment"];
    let of = |model| [&tune[..], &["--model", model]].concat();
    workshop.facies(&of("whole")).expect(0, &[]);
    let mut cut = workshop.command(&of("cut")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The first epoch is in the table when its checkpoint is written.
    let sign = workshop.path("runs/models/cut/.partial/training/fine-tuning.checkpoint.safetensors");
    while !sign.exists() && cut.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(Command::new("kill").args(["-s", "KILL", &cut.id().to_string()]).status().unwrap().success());
    assert!(!cut.wait().unwrap().success() && !workshop.path("runs/models/cut.safetensors").exists());
    // Another recipe goes on with nothing of it, and begins anew only where that is asked for.
    let other = [&of("cut")[..], &["--seed", "2"]].concat();
    workshop.facies(&other).expect(2, &["other settings", "--overwrite"]);
    let done = workshop.facies(&of("cut"));
    done.expect(0, &[]);
    assert!(done.log.contains("continues after step"), "{}", done.log);
    assert!(workshop.read("runs/models/cut.safetensors") == workshop.read("runs/models/whole.safetensors"));
    for table in ["history.csv", "fine-tuning.csv", "metrics.json"] {
        let [cut, whole] = ["cut", "whole"].map(|model| workshop.read(&format!("runs/models/{model}/{table}")));
        assert!(cut == whole, "{table}");
    }
}

/// Column `name` of a table of epochs.
fn column(workshop: &Workshop, table: &str, name: &str) -> Vec<f64> {
    let text = String::from_utf8(workshop.read(table)).unwrap();
    let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let place = rows.next().unwrap().iter().position(|column| *column == name).unwrap();
    rows.map(|row| row[place].parse().unwrap()).collect()
}

#[test]
fn augmentation_changes_what_is_tuned_and_nothing_before() {
    let workshop = featured(&["rocks_train"]);
    let train =
        ["images", "train", "--epochs", "1", "--batch", "8", "--fine-tune", "last-block", "--tuning-epochs", "1"];
    workshop.facies(&[&train[..], &["--model", "plain"]].concat()).expect(0, &[]);
    workshop.facies(&[&train[..], &["--model", "changed", "--augment"]].concat()).expect(0, &[]);
    let [plain, changed] = ["plain", "changed"].map(|model| {
        ["history", "fine-tuning"].map(|table| workshop.read(&format!("runs/models/{model}/{table}.csv")))
    });
    assert!(plain[0] == changed[0] && plain[1] != changed[1]);

    let job = JOB
        .replace("epochs: 4,", "epochs: 1,")
        .replace("output:", "  fine_tune: last_block\n  tuning: { steps: 2, batch: 8 }\noutput:");
    workshop.write("job.yaml", job.replace("explained: 2, tensorboard: {}", "explained: 0"));
    let [plain, changed] = [("none", "{}"), ("down", "{shift: [0, 0.5]}")].map(|(name, changes)| {
        let changes = format!("training.augmentation={changes}");
        workshop.facies(&["run", "job.yaml", "--set", &format!("name={name}"), "--set", &changes]).expect(0, &[]);
        ["history", "fine-tuning"].map(|table| workshop.read(&format!("runs/{name}/{table}.csv")))
    });
    assert!(plain[0] == changed[0] && plain[1] != changed[1]);
}

#[test]
fn bottlenecks_and_tuning_see_pictures_as_the_weights_want_them() {
    let workshop = Workshop::new();
    workshop.facies(&["images", "synth", "rocks", "--per-class", "4", "--side", "80"]).expect(0, &[]);
    let folder = PictureFolder::scan(&workshop.path("rocks")).unwrap();
    let pixels = load_pictures(folder.pictures(), PictureShape { size: [80, 80], fit: Fit::Stretch }).unwrap().pixels;
    // Blue, green, red of 0 to 255 minus ImageNet's mean; red, green, blue over mean and deviation.
    let caffe = Array4::from_shape_fn(pixels.dim(), |(n, c, y, x)| {
        255.0 * pixels[[n, 2 - c, y, x]] - [103.939, 116.779, 123.68][c]
    });
    let imagenet = Array4::from_shape_fn(pixels.dim(), |(n, c, y, x)| {
        (pixels[[n, c, y, x]] - [0.485, 0.456, 0.406][c]) / [0.229, 0.224, 0.225][c]
    });
    let backbone = Backbone::Minerals2;
    let layers = backbone.published(Input::Colour, 80, 2).unwrap();
    let arrays: Vec<_> =
        arrays_by_name(&layers).into_iter().filter(|array| !array.name.starts_with("scores.")).collect();
    for (normalization, name, input) in
        [(Normalization::CaffeBgr, "caffe", caffe), (Normalization::ImageNet, "imagenet", imagenet)]
    {
        let weights = format!("{name}.safetensors");
        let note = serde_json::json!({
            "network": backbone, "normalization": normalization, "file": "published.h5", "sha256": "4711",
        });
        write_arrays(&workshop.path(&weights), &arrays, &note.to_string()).unwrap();
        let features = ["images", "features", "rocks", "--network", "minerals2", "--size", "80", "--weights", &weights];
        workshop.facies(&[&features[..], &["--name", name]].concat()).expect(0, &[]);

        let description = PictureDescription {
            version: PictureDescription::VERSION,
            backbone,
            top: Top {
                pooling: Pooling::Average,
                batch_norm_features: false,
                head: Head { hidden: Vec::new(), dropout: 0.0, batch_norm: false, batch_norm_scores: false },
            },
            pictures: PictureInput { side: 80, fit: Fit::Stretch, normalization: Normalization::Unit },
            classes: folder.classes().to_vec(),
            pretrained: None,
            seed: 1,
        };
        let pretrained = Pretrained::read(&workshop.path(&weights)).unwrap();
        let network = PictureModel::new(description, Some(&pretrained)).unwrap().features(Device::cpu()).unwrap();
        let expected = network.patch_scores(input.view()).unwrap();
        let (kept, record) = read_arrays(&workshop.path(&format!("runs/bottlenecks/{name}.safetensors"))).unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        let kept = Array2::from_shape_vec(expected.dim(), values(&kept, "bottlenecks").to_vec()).unwrap();
        let largest = expected.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
        for (place, picture) in record["sets"][0]["pictures"].as_array().unwrap().iter().enumerate() {
            let row = kept.row(picture["row"].as_u64().unwrap() as usize);
            let difference = (&row - &expected.row(place)).iter().fold(0.0, |most: f32, value| most.max(value.abs()));
            assert!(difference < 1e-4 * largest, "{name}, picture {place}: {difference} of {largest}");
        }

        // Where nothing is learnt, the network loses on the pictures what its end lost on their bottlenecks.
        let still = ["--learning-rate", "1e-12", "--tuning-rate", "1e-12", "--dropout", "0", "--batch", "8"];
        let train = ["images", "train", "--epochs", "1", "--fine-tune", "all", "--tuning-epochs", "1"];
        workshop.facies(&[&train[..], &still, &["--bottlenecks", name, "--model", name]].concat()).expect(0, &[]);
        let [end, tuned] = ["history", "fine-tuning"]
            .map(|table| column(&workshop, &format!("runs/models/{name}/{table}.csv"), "train_loss")[0]);
        assert!((end - tuned).abs() < 1e-3 * end, "{name}: {tuned} on pictures, {end} on bottlenecks");
    }
}

const JOB: &str = "\
version: 1
name: study
input: { images: { folder: rocks } }
split: { shares: { validation: 0.2, test: 0.2 } }
network: { backbone: resnet18, size: 32 }
training:
  head: { epochs: 4, batch: 8, optimizer: { sgd: { learning_rate: 0.05, momentum: 0.9 } } }
output: { explained: 2, tensorboard: {} }
";

fn with_job() -> Workshop {
    let workshop = Workshop::new();
    workshop.facies(&["images", "synth", "rocks", "--per-class", "10", "--side", "32"]).expect(0, &[]);
    fs::write(workshop.path("job.yaml"), JOB).unwrap();
    workshop
}

#[test]
fn a_job_of_pictures_goes_from_folder_to_report() {
    let workshop = with_job();
    fs::write(workshop.path("rocks/folds/torn.png"), b"\x89PNG\r\n").unwrap();
    let first = workshop.facies(&["run", "job.yaml"]);
    first.expect(0, &["test accuracy: ", "(8 pictures; 95 % interval 0.", "runs/study/report.html"]);
    assert!(first.log.contains("torn.png") && first.log.contains("training an end of ResNet18"), "{}", first.log);
    let report = String::from_utf8(workshop.read("runs/study/report.html")).unwrap();
    for words in ["Grad-CAM", "test pictures", "pictures by class", "random weights", "torn.png", "backbone: resnet18"]
    {
        assert!(report.contains(words), "{words}");
    }
    assert!(!report.contains("voxel"), "pictures have no voxels");
    let model = workshop.read("runs/study/model.safetensors");
    let again = workshop.facies(&["run", "job.yaml"]);
    again.expect(0, &["test accuracy: "]);
    assert!(again.log.contains("is done already"), "{}", again.log);
    let other = workshop.facies(&["run", "job.yaml", "--set", "training.head.epochs=5"]);
    other.expect(2, &["other settings", "training.head.epochs: ", " -> 5", "--overwrite"]);
    workshop.facies(&["run", "job.yaml", "--overwrite"]).expect(0, &[]);
    assert!(workshop.read("runs/study/model.safetensors") == model, "the same job, the same bytes");
    // What the run trained is a model as any other.
    let classify = ["images", "classify", "--model", "runs/study/model.safetensors", "rocks"];
    workshop.facies(&classify).expect(0, &["rocks/study.csv"]);
    for (work, words) in [("predict", "images classify"), ("evaluate", "facies run")] {
        workshop.facies(&[work, "job.yaml"]).expect_refusal(2, &["job.yaml:3", words]);
    }
    workshop.facies(&["train", "job.yaml", "--set", "input.images.folder=none"]).expect(2, &["there is no folder"]);
}

#[test]
fn folds_of_a_job_and_networks_of_a_batch_are_compared() {
    let workshop = with_job();
    let folds = ["run", "job.yaml", "--set", "name=folded", "--set", "split={folds: {count: 2}}"];
    let done = workshop.facies(&folds);
    done.expect(0, &["test accuracy: ", "over 2 folds", "folds.md"]);
    // The second fold needs no forward pass: its pictures are those of the first.
    assert_eq!(fs::read_dir(workshop.path("runs/folded/bottlenecks")).unwrap().count(), 1);
    let batch = "\
version: 1
name: networks
job: job.yaml
matrix:
  network: { small: { backbone: minerals2, size: 80 }, residual: { backbone: resnet18, size: 32 } }
set: { split: { folds: { count: 2 } }, output.explained: 0, network.dropout: 0.25 }
";
    fs::write(workshop.path("batch.yaml"), batch).unwrap();
    let done = workshop.facies(&["batch", "batch.yaml"]);
    done.expect(0, &["small-fold-1", "residual-fold-2", "finished"]);
    let table = String::from_utf8(workshop.read("runs/networks/summary.md")).unwrap();
    assert!(table.contains("| small | minerals network 2, random weights |"), "{table}");
    assert!(table.contains("| residual | ResNet18, random weights |"), "{table}");
    // What is set within a map that the matrix gives is set, wherever it stands.
    let job = String::from_utf8(workshop.read("runs/networks/small-fold-1/job.yaml")).unwrap();
    assert!(job.contains("dropout: 0.25"), "{job}");
}

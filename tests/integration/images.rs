//! Folders of pictures, as users of `facies images` see them.

use std::fs;
use std::path::Path;

use facies::dataset::pictures::{PictureFolder, SyntheticPictures, read_picture, write_synthetic};

use crate::workshop::Workshop;

#[test]
fn the_generator_draws_the_committed_pictures_again() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("data-samples");
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("images");
    write_synthetic(&SyntheticPictures::default(), &made).unwrap();
    let [made, committed] = [made, samples.join("images")].map(|root| PictureFolder::scan(&root).unwrap());
    assert_eq!((made.classes(), made.counts()), (committed.classes(), committed.counts()));
    for (made, committed) in made.pictures().iter().zip(committed.pictures()) {
        let [new, old] = [made, committed].map(|file| read_picture(&file.path).unwrap());
        assert!(made.name() == committed.name() && new == old, "{:?}", committed.path);
    }
    let readme = fs::read_to_string(samples.join("README.md")).unwrap();
    assert!(readme.contains("facies images synth data-samples/images\n"), "the README must name the command");
}

#[test]
fn a_folder_is_divided_and_what_is_odd_is_said() {
    let workshop = Workshop::new();
    workshop
        .facies(&["images", "synth", "rocks", "--per-class", "10", "--side", "32"])
        .expect(0, &["10 pictures each"]);
    fs::write(workshop.path("rocks/folds/empty.png"), b"").unwrap();
    fs::write(workshop.path("rocks/folds/line\nbreak.jpg"), b"text").unwrap();
    fs::copy(workshop.path("rocks/grains/grains_01.png"), workshop.path("rocks/grains/again.jpg")).unwrap();
    let split = ["images", "split", "rocks", "--validation", "20", "--test", "10"];
    let done = workshop.facies(&split);
    done.expect(0, &["class", "crossbeds", "rocks_train: ", "rocks_split.csv"]);
    for said in ["empty.png: is empty (0 bytes)", "line\\nbreak.jpg: is no jpg", "2 pictures look like others: 1 group"]
    {
        assert!(done.log.contains(said), "{said} is not in\n{}", done.log);
    }
    let count = |set: &str| PictureFolder::scan(&workshop.path(set)).unwrap().pictures().len();
    assert_eq!(["rocks_train", "rocks_validation", "rocks_test"].map(count), [29, 8, 4]);

    workshop.facies(&split).expect(2, &["is there already", "--overwrite"]);
    workshop.facies(&[&split[..], &["--overwrite", "--copy"]].concat()).expect(0, &["rocks_test: 4 pictures"]);
    let json = workshop.facies(&["images", "split", "rocks", "--overwrite", "--by", "folds", "3", "--json"]).answer;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["sets"].as_array().unwrap().len(), json["unreadable"].as_array().unwrap().len()), (7, 2));
    // Sets of the split before would hold test pictures of this one among its training pictures.
    assert!(!workshop.path("rocks_train").exists() && workshop.path("rocks_fold3_train").exists());
    workshop.facies(&["images", "split", "rocks", "--by", "folds"]).expect(2, &["--by folds 5"]);
    workshop.facies(&["images", "split", "rocks/folds"]).expect(3, &["one level too deep"]);
    workshop.facies(&["images", "split", "none"]).expect(2, &["there is no folder none"]);
    workshop.facies(&["images", "synth", "rocks"]).expect(2, &["is there already"]);
}

/// Four classes of drawn pictures, divided; the answers of the commands that follow are quick on pictures this small.
fn divided() -> Workshop {
    let workshop = Workshop::new();
    workshop.facies(&["images", "synth", "rocks", "--per-class", "20", "--side", "64"]).expect(0, &[]);
    workshop.facies(&["images", "split", "rocks", "--validation", "20", "--test", "20"]).expect(0, &[]);
    workshop
}

const FEATURES: [&str; 6] = ["images", "features", "rocks_train", "rocks_validation", "--size", "64"];

#[test]
fn a_folder_becomes_a_model_and_the_model_a_table() {
    let workshop = divided();
    let first = workshop.facies(&FEATURES);
    first.expect(0, &["train: 48 pictures", "validation: 16 pictures", "1,280 features a picture"]);
    assert!(first.log.contains("64 pictures went through the network") && first.log.contains("no pretrained weights"));
    let again = workshop.facies(&FEATURES);
    assert!(again.log.contains("the network was not run"), "{}", again.log);
    workshop.facies(&[&FEATURES[..], &["--network", "resnet18"]].concat()).expect(2, &["MobileNetV2", "--overwrite"]);

    let train = ["images", "train", "--epochs", "40", "--optimizer", "sgd"];
    let trained = workshop.facies(&train);
    trained.expect(0, &["train: accuracy", "validation: accuracy", "bn1_m1.safetensors", "misclassified.csv"]);
    workshop.facies(&train).expect(2, &["is there already", "--overwrite"]);
    let model = fs::read(workshop.path("runs/models/bn1_m1.safetensors")).unwrap();
    workshop.facies(&[&train[..], &["--overwrite"]].concat()).expect(0, &[]);
    assert!(
        fs::read(workshop.path("runs/models/bn1_m1.safetensors")).unwrap() == model,
        "the same command, the same bytes"
    );

    fs::write(workshop.path("rocks_test/folds/torn.png"), b"\x89PNG\r\n").unwrap();
    let classify = ["images", "classify", "--model", "bn1_m1", "rocks_test", "--extended", "--json"];
    let answer: serde_json::Value = serde_json::from_str(&workshop.facies(&classify).answer).unwrap();
    assert_eq!((&answer["pictures"], &answer["unreadable"]), (&16.into(), &1.into()));
    // A network of chance tells drawn textures apart better than chance does.
    assert!(answer["scores"]["accuracy"].as_f64().unwrap() > 0.3, "{answer}");
    let table = fs::read_to_string(workshop.path("rocks_test/bn1_m1.csv")).unwrap();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!((lines[0], lines.len()), (",crossbeds,folds,grains,layers,file,true,predicted,confidence", 17));
    for (index, line) in lines[1..].iter().enumerate() {
        let cells: Vec<_> = line.split(',').collect();
        let sum: f64 = cells[1..5].iter().map(|cell| cell.parse::<f64>().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5 && cells[0] == index.to_string(), "{line}");
        assert!(cells[5].starts_with(&format!("{}\\", cells[6])), "{line}");
    }
    let errors = fs::read_to_string(workshop.path("rocks_test/bn1_m1.errors.csv")).unwrap();
    assert!(errors.contains("folds\\torn.png"), "{errors}");
    workshop.facies(&classify).expect(0, &[]);
    assert_eq!(fs::read_to_string(workshop.path("rocks_test/bn1_m1.csv")).unwrap(), table);

    fs::rename(workshop.path("rocks_test/folds"), workshop.path("rocks_test/zigzag")).unwrap();
    let unknown = workshop.facies(&classify);
    assert!(unknown.log.contains("4 pictures lie in folders that are no class"), "{}", unknown.log);
    for class in ["crossbeds", "grains", "layers"] {
        fs::remove_dir_all(workshop.path(&format!("rocks_test/{class}"))).unwrap();
    }
    workshop.facies(&classify).expect(0, &["\"scores\": null"]);
    assert!(!workshop.path("rocks_test/bn1_m1.confusion.csv").exists());

    let one = workshop.facies(&["images", "classify", "--model", "bn1_m1", "rocks/grains/grains_01.png"]);
    one.expect(0, &["crossbeds  0.", "folds      0.", "runs/classified/bn1_m1-grains_01.png"]);
    assert!(workshop.path("runs/classified/bn1_m1-grains_01.png").exists());

    explained(&workshop);
}

/// What a model looked at in pictures that are named, and in those that it is most wrong about.
fn explained(workshop: &Workshop) {
    let explain = ["images", "explain", "--model", "bn1_m1"];
    let facies = |arguments: &[&str]| workshop.facies(&[&explain[..], arguments].concat());
    let figures = "runs/models/bn1_m1/explanations";
    let named = ["rocks/grains/grains_01.png", "rocks/folds/folds_01.png", "--class", "folds", "--maps"];
    let done = facies(&named);
    done.expect(
        0,
        &[&format!("{figures}/grains-grains_01.png"), "grains-grains_01-maps.png", "folds-folds_01-maps.png"],
    );
    let files: Vec<_> = done.answer.lines().map(|file| workshop.read(file)).collect();
    assert!(files.len() == 4 && files.iter().all(|file| file.starts_with(b"\x89PNG")));
    facies(&named).expect(0, &[]);
    let again: Vec<_> = done.answer.lines().map(|file| workshop.read(file)).collect();
    assert!(files == again, "the same command, the same bytes");

    let sought = facies(&["rocks", "--wrong", "2", "--uncertain", "1", "--figures", "looked_at"]);
    sought.expect(0, &["looked_at/wrong.png", "looked_at/uncertain.png"]);
    assert!((4..=5).contains(&sought.answer.lines().count()), "{}", sought.answer);
    fs::create_dir(workshop.path("loose")).unwrap();
    fs::copy(workshop.path("rocks/folds/folds_01.png"), workshop.path("loose/1.png")).unwrap();
    fs::write(workshop.path("loose/torn.png"), b"\x89PNG\r\n").unwrap();
    let some = facies(&["loose"]);
    some.expect(0, &["explanations/1.png"]);
    assert!(some.log.contains("torn.png"), "{}", some.log);
    for (arguments, code, parts) in [
        (&["loose/torn.png"][..], 3, &["torn.png"][..]),
        (&["loose", "--wrong", "1"], 2, &["what the pictures show is not known", "crossbeds, folds", "--uncertain"]),
        (&["loose/1.png", "--class", "coal"], 2, &["`coal` is none of the classes", "crossbeds"]),
        (&["loose/1.png", "--layer", "x"], 2, &["no layer `x`", "it has"]),
        (&["runs/models"], 3, &["runs/models holds no pictures"]),
    ] {
        facies(arguments).expect(code, parts);
    }
}

#[test]
fn what_cannot_be_learnt_or_classified_is_refused_with_the_reason() {
    let workshop = divided();
    let quick = [&FEATURES[..], &["--network", "minerals2", "--size", "80"]].concat();
    let quick: Vec<_> =
        quick.into_iter().enumerate().filter(|(place, _)| !(4..6).contains(place)).map(|(_, word)| word).collect();
    workshop.facies(&quick).expect(0, &[]);
    workshop.facies(&["images", "features", "rocks/folds"]).expect(3, &["one level too deep"]);
    fs::create_dir(workshop.path("rocks_validation/unknown")).unwrap();
    fs::copy(workshop.path("rocks/folds/folds_01.png"), workshop.path("rocks_validation/unknown/1.png")).unwrap();
    workshop.facies(&quick).expect(3, &["unknown"]);
    workshop.facies(&["images", "train", "--bottlenecks", "none"]).expect(3, &["none.safetensors"]);
    workshop.facies(&["images", "classify", "--model", "none", "rocks_test"]).expect(3, &["none.safetensors"]);
    fs::copy(workshop.path("runs/bottlenecks/bn1.safetensors"), workshop.path("model.safetensors")).unwrap();
    workshop
        .facies(&["images", "classify", "--model", "model.safetensors", "rocks_test"])
        .expect(3, &["it holds bottlenecks"]);
    workshop.facies(&["images", "train", "--epochs", "2", "--model", "m"]).expect(0, &["validation: accuracy"]);
    fs::create_dir(workshop.path("nothing")).unwrap();
    workshop.facies(&["images", "classify", "--model", "m", "nothing"]).expect(3, &["holds no pictures"]);
    fs::write(workshop.path("text.png"), b"not a picture").unwrap();
    workshop.facies(&["images", "classify", "--model", "m", "text.png"]).expect(3, &["text.png", "is no jpg"]);
}

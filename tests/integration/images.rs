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
    one.expect(0, &["crossbeds  0.", "folds      0.", "runs/classified/bn1_m1-grains-grains_01.png"]);
    assert!(workshop.path("runs/classified/bn1_m1-grains-grains_01.png").exists());

    let classify = ["images", "classify", "--model", "bn1_m1", "--figure"];
    workshop.facies(&[&classify[..], &["a.png", "rocks"]].concat()).expect_refusal(2, &["not a figure"]);
    let jpg = ["a.jpg", "rocks/grains/grains_01.png"];
    workshop.facies(&[&classify[..], &jpg].concat()).expect_refusal(2, &["ends in .png"]);

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
        &[&format!("{figures}/grains-grains_01-folds.png"), "grains_01-folds-maps.png", "folds_01-folds-maps.png"],
    );
    let files: Vec<_> = done.answer.lines().map(|file| workshop.read(file)).collect();
    assert!(files.len() == 4 && files.iter().all(|file| file.starts_with(b"\x89PNG")));
    facies(&named).expect(0, &[]);
    let again: Vec<_> = done.answer.lines().map(|file| workshop.read(file)).collect();
    assert!(files == again, "the same command, the same bytes");

    let sought = facies(&["rocks", "--wrong", "2", "--uncertain", "1", "--figures", "looked_at"]);
    sought.expect(0, &["looked_at/wrong.png", "looked_at/uncertain.png"]);
    assert!((4..=5).contains(&sought.answer.lines().count()), "{}", sought.answer);
    for folder in ["loose", "nothing"] {
        fs::create_dir(workshop.path(folder)).unwrap();
    }
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
        (&["nothing"], 3, &["nothing holds no pictures"]),
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
    workshop.facies(&["images", "train", "--bottlenecks", "none"]).expect(2, &["none.safetensors, but ", "bn1"]);
    workshop
        .facies(&["images", "classify", "--model", "none", "rocks_test"])
        .expect(2, &["none.safetensors", "images train"]);
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

/// The lines of a table without its last column, which holds seconds.
fn without_times(table: &str) -> Vec<String> {
    table.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
}

fn baseline_of(workshop: &Workshop, name: &str) -> Vec<String> {
    without_times(&String::from_utf8(workshop.read(&format!("runs/{name}-baseline/baseline.csv"))).unwrap())
}

#[test]
fn shallow_classifiers_are_scored_on_each_folder_and_on_folds_of_one() {
    let workshop = divided();
    let all = ["baseline", "rocks_train", "--validation", "rocks_validation", "--test", "rocks_test", "--size", "32"];
    fs::write(workshop.path("rocks_test/folds/torn.png"), b"\x89PNG\r\n").unwrap();
    let done = workshop.facies(&all);
    done.expect(0, &["48 training, 16 validation, 16 test pictures", "left out: rocks_test/folds/torn.png: is no jpg"]);
    let lines = baseline_of(&workshop, "rocks_train");
    let scores = |set: &str| ["accuracy", "balanced_accuracy", "roc_auc", "f1"].map(|score| format!("{set}_{score}"));
    assert_eq!(lines[0], format!("model,{},{}", scores("validation").join(","), scores("test").join(",")));
    let accuracy = |lines: &[String], model: &str| -> f64 {
        let line = lines.iter().find(|line| line.starts_with(&format!("{model},"))).unwrap();
        line.split(',').nth(1).unwrap().parse().unwrap()
    };
    assert_eq!((lines.len(), accuracy(&lines, "dummy")), (11, 0.25));
    // Drawn textures are told apart by what tells textures apart.
    assert!(accuracy(&lines, "random_forest") > 0.7, "{lines:?}");
    let errors = workshop.read("runs/rocks_train-baseline/baseline.errors.csv");
    assert!(String::from_utf8(errors).unwrap().contains("torn.png"));
    assert!(workshop.path("runs/rocks_train-baseline/baseline.png").exists());
    fs::remove_file(workshop.path("rocks_test/folds/torn.png")).unwrap();
    workshop.facies(&[&all[..], &["--threads", "2"]].concat()).expect(0, &[]);
    assert_eq!(baseline_of(&workshop, "rocks_train"), lines, "whatever the threads");
    assert!(!workshop.path("runs/rocks_train-baseline/baseline.errors.csv").exists());

    let models = ["--models", "extra_trees,dummy"];
    let folds = ["baseline", "rocks", "--size", "32", "--folds", "4", "--features", "edges,gabor", "--write-features"];
    let told = workshop.facies(&[&folds[..], &models].concat());
    told.expect(0, &["4 folds, each scored by what learnt the others", "balanced accuracy (cross-validation)"]);
    let lines = baseline_of(&workshop, "rocks");
    assert_eq!(lines[0], format!("model,{}", scores("cross_validation").join(",")));
    // Every picture is held out once, and all classes are equally frequent.
    assert!(accuracy(&lines, "extra_trees") > 0.7 && accuracy(&lines, "dummy") <= 0.25, "{lines:?}");
    let features = String::from_utf8(workshop.read("runs/rocks-baseline/features.csv")).unwrap();
    let features: Vec<_> = features.lines().collect();
    assert!(features[0].starts_with("set,class,edges_1,") && features[0].ends_with("gabor_24"), "{}", features[0]);
    let of_fold = |fold: &str| features.iter().filter(|line| line.starts_with(&format!("{fold},"))).count();
    assert_eq!((features.len(), ["fold1", "fold2", "fold3", "fold4"].map(of_fold)), (81, [20; 4]));

    let share = ["baseline", "rocks", "--size", "32", "--share", "20", "--name", "shares", "--json"];
    let json = workshop.json(&[&share[..], &models].concat());
    let sizes = (&json["training_pictures"], &json["held_out"]["held_out"], &json["folds"]);
    assert_eq!(sizes, (&64.into(), &16.into(), &serde_json::Value::Null));
    assert!(json["models"][0]["held_out"]["accuracy"].as_f64().unwrap() > 0.5, "{json}");
    assert!(baseline_of(&workshop, "shares")[0].starts_with("model,held_out_accuracy,"));

    // Scores on pictures that were learnt from say little.
    let leaky =
        workshop.facies(&[&["baseline", "rocks_train", "--test", "rocks", "--size", "16"][..], &models[..]].concat());
    leaky.expect(0, &["48 of the pictures held out are training pictures as well"]);
}

#[test]
fn bottlenecks_serve_shallow_classifiers_as_features() {
    let workshop = divided();
    workshop.facies(&FEATURES).expect(0, &[]);
    let done = workshop.facies(&["baseline", "--bottlenecks", "bn1"]);
    done.expect(0, &["1,280 features; 48 training, 16 validation pictures", "accuracy (validation)"]);
    assert_eq!(baseline_of(&workshop, "bn1").len(), 11);
    // A tree knows again what it learnt if every picture has its own features and class.
    let same = ["images", "features", "rocks_train", "rocks_train", "--size", "64", "--name", "same"];
    workshop.facies(&same).expect(0, &[]);
    let learnt = workshop.facies(&["baseline", "--bottlenecks", "same", "--models", "decision_tree,dummy"]);
    learnt.expect(0, &["48 of the pictures held out are training pictures as well"]);
    let lines = baseline_of(&workshop, "same");
    assert!(lines[1].starts_with("decision_tree,1.0") && lines[2].starts_with("dummy,0.25"), "{lines:?}");
    let train_only: Vec<_> = FEATURES.iter().copied().filter(|word| *word != "rocks_validation").collect();
    workshop.facies(&[&train_only[..], &["--name", "alone"]].concat()).expect(0, &[]);
    workshop.facies(&["baseline", "--bottlenecks", "alone"]).expect(3, &["is held out", "facies images features"]);
    workshop.facies(&["baseline", "--bottlenecks", "none"]).expect(2, &["none.safetensors, but ", "bn1"]);
}

#[test]
fn what_shallow_classifiers_cannot_be_scored_on_is_refused_with_the_reason() {
    let workshop = divided();
    let train = "rocks_train";
    for (arguments, words) in [
        (
            &["job.yaml", "--test", "rocks_test"][..],
            &["`--test` has no meaning for a job file", "a folder of pictures"][..],
        ),
        (&["job.yaml", "--features", "grey,color"], &["`--features color`", "a job file"]),
        (&[train, "--set", "seed=4"], &["`--set` has no meaning for a folder of pictures", "a job file"]),
        (&[train, "--voxels", "100"], &["`--voxels`", "a job file"]),
        (&[train, "--features", "attributes"], &["`--features attributes`", "a folder of pictures"]),
        (&[train, "--folds", "3", "--test", "rocks_test"], &["--folds", "cannot be used with", "--test"]),
        (&[train, "--bottlenecks", "bn1"], &["--bottlenecks", "cannot be used with"]),
        (&["--bottlenecks", "bn1", "--size", "64"], &["`--size` has no meaning for bottlenecks"]),
        (&[train, "--test", "rocks_tset"], &["there is no folder rocks_tset"]),
        (&["nothing.yaml"], &["neither a job file nor a folder nothing.yaml"]),
        (&[], &["JOB|FOLDER"]),
    ] {
        workshop.facies(&[&["baseline"][..], arguments].concat()).expect_refusal(2, words);
    }

    workshop.facies(&["baseline", "rocks/folds"]).expect_refusal(3, &["one level too deep"]);
    let quick = ["--size", "16", "--models", "dummy"];
    let refused = |folder: &str, more: &[&str], words: &[&str]| {
        workshop.facies(&[&["baseline", folder][..], more, &quick].concat()).expect_refusal(3, words);
    };
    // Other classes, a class without pictures, one whose pictures are torn, and one that shows one thing only.
    fs::create_dir_all(workshop.path("other/zigzag")).unwrap();
    fs::copy(workshop.path("rocks/folds/folds_01.png"), workshop.path("other/zigzag/1.png")).unwrap();
    refused(train, &["--validation", "other"], &["`zigzag`", "rocks_train has not"]);
    refused("other", &[], &["holds one class, `zigzag`"]);
    fs::create_dir(workshop.path("other/empty")).unwrap();
    refused("other", &[], &["no picture is in the folder of `empty`"]);
    fs::write(workshop.path("other/empty/torn.png"), b"\x89PNG\r\n").unwrap();
    refused("other", &["--validation", "other"], &["no picture of `empty` in other can be read"]);
    refused("other", &[], &["no picture of `empty` in other can be read"]);
    for copy in 1..=6 {
        let grain = format!("rocks/grains/grains_{copy:02}.png");
        fs::copy(workshop.path(&grain), workshop.path(&format!("other/empty/grains_{copy}.png"))).unwrap();
    }
    refused("other", &[], &["`zigzag` in other has too few pictures that differ"]);
    let pair = workshop.path("pair");
    for class in ["folds", "grains"] {
        fs::create_dir_all(pair.join(class)).unwrap();
        fs::copy(workshop.path(&format!("rocks/{class}/{class}_01.png")), pair.join(class).join("1.png")).unwrap();
    }
    refused("pair", &["--share", "20"], &["no picture in pair is held out"]);
    assert!(!workshop.path("runs").exists());
}

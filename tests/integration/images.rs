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
    workshop.facies(&["images", "split", "rocks", "--by", "folds"]).expect(2, &["--by folds 5"]);
    workshop.facies(&["images", "split", "rocks/folds"]).expect(3, &["one level too deep"]);
    workshop.facies(&["images", "split", "none"]).expect(2, &["there is no folder none"]);
    workshop.facies(&["images", "synth", "rocks"]).expect(2, &["is there already"]);
}

//! The house rules of ARCHITECTURE.md, checked on the source itself.

mod peers;
mod rules;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use rules::ROOMS;
use source::Source;

/// The project's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the project, in name order.
fn rust_files() -> Vec<PathBuf> {
    let mut files = vec![root().join("build.rs")];
    let mut folders: Vec<_> = ["src", "crates", "tests", "examples"].map(|folder| root().join(folder)).into();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn the_source_keeps_the_house_rules() {
    let files = rust_files();
    assert!(files.len() > 20, "only {} files found under {}", files.len(), root().display());
    let mut offences = Vec::new();
    for path in files {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        let source = Source::new(&name, &fs::read_to_string(&path).unwrap());
        offences.extend(rules::offences(&source));
    }
    assert!(offences.is_empty(), "{} offences:\n{}", offences.len(), offences.join("\n"));
}

#[test]
fn the_library_holds_the_rooms_in_the_order_of_the_rule() {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared: Vec<_> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let places: Vec<_> = declared.iter().map(|room| ROOMS.iter().position(|name| name == room)).collect();
    assert!(places.is_sorted() && places.iter().all(Option::is_some), "{declared:?} against {ROOMS:?}");
}

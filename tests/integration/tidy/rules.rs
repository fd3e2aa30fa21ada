//! The rules, each a function from a file to what offends in it.

use super::source::Source;

/// The rooms in the order in which data flows; each may name only those before it.
pub(super) const ROOMS: [&str; 13] = [
    "grid", "volume", "labels", "dataset", "metrics", "network", "train", "predict", "analysis", "export", "report",
    "job", "cli",
];

/// No file is longer than this, in lines.
const MOST_LINES: usize = 600;

/// Words that only one room may use, and why.
const RESERVED: [(&str, &str, &str); 4] = [
    ("tch", "network", "no tensor leaves network/"),
    ("serde_saphyr", "job", "only job/ has YAML types"),
    ("schemars", "job", "only job/ has YAML types"),
    ("garde", "job", "only job/ has YAML types"),
];

/// Where `unsafe` may stand.
const UNSAFE_FOLDERS: [&str; 3] = ["crates/segy-rs/src/", "src/export/", "src/network/"];

/// What offends in `source`, one line each, with file and line.
pub(super) fn offences(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut offend = |at: usize, what: String| found.push((at, what));
    shape(source, &mut offend);
    leftovers(source, &mut offend);
    imports(source, &mut offend);
    reserved_words(source, &mut offend);
    printing(source, &mut offend);
    found.sort();
    found.into_iter().map(|(at, what)| format!("{}:{}: {what}", source.name, source.line(at))).collect()
}

fn shape(source: &Source, offend: &mut impl FnMut(usize, String)) {
    if !source.text.starts_with("//!") {
        offend(0, "does not start with `//!` and what the file is for".to_owned());
    }
    let lines = source.text.lines().count();
    if lines > MOST_LINES {
        offend(0, format!("has {lines} lines; {MOST_LINES} is the most: split it by concept"));
    }
}

fn leftovers(source: &Source, offend: &mut impl FnMut(usize, String)) {
    for word in ["todo", "unimplemented", "dbg"] {
        for at in source.words(word).filter(|at| source.code[at + word.len()..].starts_with('!')) {
            offend(at, format!("`{word}!` is unfinished work"));
        }
    }
    for at in source.words("ignore").filter(|&at| source.code[..at].ends_with("#[")) {
        offend(at, "a test that is not run proves nothing".to_owned());
    }
    if !UNSAFE_FOLDERS.iter().any(|folder| source.name.starts_with(folder)) {
        for at in source.words("unsafe") {
            offend(at, format!("`unsafe` may stand only in {}", UNSAFE_FOLDERS.join(", ")));
        }
    }
}

fn imports(source: &Source, offend: &mut impl FnMut(usize, String)) {
    let Some((room, depth)) = source.room() else { return };
    let Some(place) = ROOMS.iter().position(|name| *name == room) else {
        offend(0, format!("`{room}` is no room of the house"));
        return;
    };
    for at in ["crate", "facies"].into_iter().flat_map(|name| source.words(name)) {
        let path = source.code[at..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        let Some(path) = path.strip_prefix("::") else { continue };
        for named in first_segments(path) {
            if ROOMS.iter().position(|name| *name == named).is_some_and(|other| other > place) {
                offend(at, format!("{room}/ names {named}/, which stands later in the order of rooms"));
            }
        }
    }
    for at in source.words("super").filter(|&at| !source.code[..at].ends_with("super::")) {
        let supers = source.code[at..].split("::").take_while(|part| *part == "super").count();
        let inside_tests = usize::from(at > source.tests_start);
        if supers >= depth + inside_tests {
            offend(at, "`super` leads out of the room: write `crate::room`".to_owned());
        }
    }
}

/// The names that a path or a `{...}` group of paths starts with.
fn first_segments(path: &str) -> Vec<&str> {
    fn word(text: &str) -> &str {
        let text = text.trim_start();
        &text[..text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())]
    }
    let Some(group) = path.trim_start().strip_prefix('{') else { return vec![word(path)] };
    let mut depth = 0;
    let mut names = vec![word(group)];
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(word(&group[at + 1..])),
            _ => {}
        }
    }
    names
}

fn reserved_words(source: &Source, offend: &mut impl FnMut(usize, String)) {
    let Some((room, _)) = source.room() else { return };
    for (word, owner, why) in RESERVED.iter().filter(|(_, owner, _)| *owner != room) {
        for at in source.words(word) {
            offend(at, format!("`{word}` belongs to {owner}/: {why}"));
        }
    }
}

fn printing(source: &Source, offend: &mut impl FnMut(usize, String)) {
    let ships = source.name.starts_with("src/") || source.name.starts_with("crates/segy-rs/src/");
    if !ships || source.name.starts_with("src/cli/") || source.name == "src/main.rs" {
        return;
    }
    for word in ["print", "println", "eprint", "eprintln"] {
        let shipped = source.words(word).filter(|&at| at < source.tests_start);
        for at in shipped.filter(|at| source.code[at + word.len()..].starts_with('!')) {
            offend(at, "only cli/ prints".to_owned());
        }
    }
    for at in source.words("exit").filter(|&at| source.code[..at].ends_with("process::")) {
        offend(at, "only cli/ ends the program".to_owned());
    }
}

#[test]
fn every_rule_catches_its_offender_and_nothing_else() {
    let clean = "//! x\nuse crate::grid::Geometry;\nuse crate::{grid::{Axis, Plane}, volume};\nuse super::a;\n";
    for (name, text, expected) in [
        ("src/volume/a.rs", clean, None),
        ("src/volume/a.rs", "fn f() {}", Some("does not start")),
        ("src/volume/a.rs", "//! x\nuse crate::labels::Picks;", Some("volume/ names labels/")),
        ("src/volume/a.rs", "//! x\nuse crate::{grid::{A, B}, job::C};", Some("volume/ names job/")),
        ("src/volume/a.rs", "//! x\nfn f() { crate::cli::main() }", Some("volume/ names cli/")),
        ("src/volume/a.rs", "//! x\n// crate::cli::main()\n/// [`crate::job`]", None),
        ("src/volume/a.rs", "//! x\nuse super::super::job;", Some("`super` leads out")),
        ("src/volume/a/b.rs", "//! x\nuse super::super::job;", None),
        ("src/volume/a.rs", "//! x\n#[cfg(test)]\nmod tests { use super::super::job; }", None),
        ("src/attic/a.rs", "//! x", Some("no room")),
        ("src/train/a.rs", "//! x\nuse tch::Tensor;", Some("belongs to network/")),
        ("src/network/a.rs", "//! x\nuse tch::Tensor;", None),
        ("src/train/a.rs", "//! x\n#[garde(skip)]\nstruct A;", Some("belongs to job/")),
        ("src/train/a.rs", "//! x\nfn f() { println!() }", Some("only cli/ prints")),
        ("src/train/a.rs", "//! x\n#[cfg(test)]\nmod tests { fn f() { println!() } }", None),
        ("src/cli/a.rs", "//! x\nfn f() { println!() }", None),
        ("src/train/a.rs", "//! x\nfn f() { std::process::exit(1) }", Some("ends the program")),
        ("src/train/a.rs", "//! x\nfn f() { unsafe { g() } }", Some("`unsafe`")),
        ("src/train/a.rs", concat!("//! x\nfn f() { to", "do!() }"), Some("unfinished")),
        ("tests/a.rs", concat!("//! x\n#[ig", "nore]\nfn f() {}"), Some("not run")),
    ] {
        let found = offences(&Source::new(name, text)).join("\n");
        match expected {
            None => assert_eq!(found, "", "{name}: {text}"),
            Some(words) => assert!(found.contains(words), "{name}: {text}\nfound: {found}"),
        }
    }
    let long = Source::new("src/train/a.rs", &"//! x\n".repeat(MOST_LINES + 1));
    assert!(offences(&long)[0].contains("601 lines"));
}

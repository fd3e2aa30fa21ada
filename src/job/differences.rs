//! In what a job differs from the one that made a run folder.

use std::fs;

use super::document::{self, Content, Node};
use super::run_folder::{InputRecord, RunFolder, RunRecord};
use crate::network::Device;

/// More than these are not told: the jobs have little in common then.
const MOST: usize = 8;

/// What changed since the last command in a run folder, by key of the job.
pub(super) struct Changes(Vec<(String, String)>);

impl Changes {
    /// Compares a job as it would be written, its `inputs` and the device it runs on with what the folder says of its last command.
    pub(super) fn new(
        folder: &RunFolder,
        job: Option<&str>,
        earlier: Option<&RunRecord>,
        inputs: &[InputRecord],
        devices: &[Device],
    ) -> Self {
        let mut found = Vec::new();
        let old = fs::read_to_string(folder.file("job.yaml")).ok().and_then(|text| document::parse(&text).ok());
        let new = job.and_then(|text| document::parse(text).ok());
        if let (Some(old), Some(new)) = (old, new) {
            compare("", Some(&old), Some(&new), &mut found);
        }
        let Some(earlier) = earlier else { return Self(found) };
        for input in inputs {
            let same_file = |old: &&InputRecord| old.path == input.path && old.sha256 != input.sha256;
            if let Some(old) = earlier.inputs.iter().find(same_file) {
                found.push((input.key.clone(), format!("the content of {} has changed", old.path.display())));
            }
        }
        if let Some(device) = devices.first().filter(|device| !earlier.device.starts_with(device.kind())) {
            found.push(("--device".to_owned(), format!("{} -> {device}", earlier.device)));
        }
        Self(found)
    }

    /// Those that make another training: `training.steps: 400 -> 160`.
    pub(super) fn of_training(&self) -> Vec<String> {
        self.told(|part| !["name", "evaluation", "prediction", "output", "--device"].contains(&part))
    }

    /// Those that make other interpretations by the same model.
    pub(super) fn of_prediction(&self) -> Vec<String> {
        self.told(|part| ["name", "input", "patch", "prediction", "output", "--device"].contains(&part))
    }

    /// Changes of the parts of the job that matter.
    fn told(&self, matters: impl Fn(&str) -> bool) -> Vec<String> {
        let part = |key: &str| key.split(['.', '[']).next().unwrap_or_default().to_owned();
        let found = self.0.iter().filter(|(key, _)| matters(&part(key)));
        let mut told: Vec<String> = found.map(|(key, change)| format!("{key}: {change}")).collect();
        if told.len() > MOST {
            let more = told.len() - MOST;
            told.truncate(MOST);
            told.push(format!("and {more} more"));
        }
        told
    }
}

fn compare(key: &str, old: Option<&Node>, new: Option<&Node>, found: &mut Vec<(String, String)>) {
    let content = |node: Option<&Node>| node.map(|node| node.content.clone());
    match (content(old), content(new)) {
        (Some(Content::Map(left)), Some(Content::Map(right))) => {
            let inside = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
            let added = right.iter().filter(|entry| left.iter().all(|other| other.key != entry.key));
            for name in left.iter().chain(added).map(|entry| &entry.key) {
                let (old, new) = (old.and_then(|node| node.get(name)), new.and_then(|node| node.get(name)));
                compare(&inside(name), old, new, found);
            }
        }
        (Some(Content::List(left)), Some(Content::List(right))) if left.len() == right.len() => {
            for (place, (old, new)) in left.iter().zip(&right).enumerate() {
                compare(&format!("{key}[{place}]"), Some(old), Some(new), found);
            }
        }
        _ => {
            let (old, new) = (shown(old), shown(new));
            if old != new {
                found.push((key.to_owned(), format!("{old} -> {new}")));
            }
        }
    }
}

/// A value in as few words as tell it from another.
fn shown(node: Option<&Node>) -> String {
    let Some(node) = node else { return "nothing".to_owned() };
    match &node.content {
        Content::Null => "nothing".to_owned(),
        Content::Bool(value) => value.to_string(),
        Content::Signed(value) => value.to_string(),
        Content::Unsigned(value) => value.to_string(),
        Content::Float(value) => value.to_string(),
        Content::Text(value) => value.clone(),
        Content::List(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(Some(item))).collect();
            format!("[{}]", items.join(", "))
        }
        Content::Map(entries) => {
            let entry = |entry: &document::Entry| format!("{}: {}", entry.key, shown(Some(&entry.value)));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_by_key_with_both_values() {
        let found = |old: &str, new: &str| {
            let (old, new) = (document::parse(old).unwrap(), document::parse(new).unwrap());
            let mut found = Vec::new();
            compare("", Some(&old), Some(&new), &mut found);
            found.into_iter().map(|(key, change)| format!("{key}: {change}")).collect::<Vec<_>>()
        };
        let old = "a: {b: 1, c: [x, y]}\nd: text\n";
        assert!(found(old, old).is_empty());
        assert_eq!(found(old, "a: {b: 2.5, c: [x, z]}\nd: text\n"), ["a.b: 1 -> 2.5", "a.c[1]: y -> z"]);
        assert_eq!(
            found(old, "a: {b: 1, c: [x]}\ne: {f: null}\n"),
            ["a.c: [x, y] -> [x]", "d: text -> nothing", "e: nothing -> {f: nothing}"]
        );
    }
}

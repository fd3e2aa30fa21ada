//! Many jobs in one file: the YAML of a batch, and the runs that it plans.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::JobError;
use super::check::Finding;
use super::load::range_problems;
use super::schema::{ByShape, by_shape, is_folder_name};
use super::source::Source;

/// More runs than anyone means to start.
const MOST_RUNS: usize = 10_000;

/// The runs of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchPlan {
    /// Name of the batch, and of the folder that holds its runs.
    pub name: String,
    /// The runs, in the order of the file.
    pub runs: Vec<PlannedRun>,
}

/// One run of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedRun {
    /// Name of the run within the batch; `None`: that of its job.
    pub name: Option<String>,
    /// The job file.
    pub job: PathBuf,
    /// `--set` arguments.
    pub arguments: Vec<String>,
}

/// A batch: several jobs, or one job in all combinations of a matrix.
#[derive(Clone, Debug, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields, expecting = "a map with `version`, `name`, and `jobs` or `job` and `matrix`")]
pub(super) struct Batch {
    /// Version of this layout; 1.
    #[garde(range(min = 1, max = 1))]
    version: u32,
    /// Name of the batch, and of the folder under `runs/` that holds its runs and `summary.csv`.
    #[garde(length(min = 1, max = 200), custom(is_folder_name))]
    name: String,
    /// Job files: each a path, or a map.
    #[serde(default)]
    #[garde(length(max = MOST_RUNS), dive)]
    jobs: Vec<Entry>,
    /// The job file that the matrix varies.
    #[garde(skip)]
    job: Option<PathBuf>,
    /// Keys as in `--set`, each with a list of values, or with a map from names to values.
    #[serde(default)]
    #[garde(skip)]
    matrix: Ordered<Axis>,
    /// Keys as in `--set`, with the value that they get in every run.
    #[serde(default)]
    #[garde(skip)]
    set: Ordered<Value>,
}

/// One job of a batch.
#[derive(Clone, Debug, JsonSchema, Validate)]
#[schemars(with = "EntryForm")]
struct Entry {
    #[garde(skip)]
    job: PathBuf,
    #[garde(inner(length(min = 1, max = 200), custom(is_folder_name)))]
    name: Option<String>,
    #[garde(skip)]
    set: Ordered<Value>,
}

/// One job of a batch: its path, or a map.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "stands for the two forms in the JSON schema")]
enum EntryForm {
    Path(PathBuf),
    Map(EntryMap),
}

/// A job and how this run of it differs.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "the path of a job, or a map with `job`")]
struct EntryMap {
    /// The job file.
    job: PathBuf,
    /// Name of the run; that of the job if left out.
    name: Option<String>,
    /// Keys as in `--set`, with their values.
    #[serde(default)]
    set: Ordered<Value>,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for Entry {
    const EXPECTED: &'static str = "the path of a job, or a map with `job`";

    fn from_text<E>(text: &str) -> Result<Self, E> {
        Ok(Self { job: text.into(), name: None, set: Ordered::default() })
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        let EntryMap { job, name, set } = EntryMap::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Self { job, name, set })
    }
}

/// The values of one key of a matrix, some with a name.
#[derive(Clone, Debug)]
struct Axis(Vec<(Option<String>, Value)>);

impl<'de> Deserialize<'de> for Axis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_shape(deserializer)
    }
}

impl<'de> ByShape<'de> for Axis {
    const EXPECTED: &'static str = "a list of values, or a map from names to values";

    fn from_list<A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        let values = Vec::<Value>::deserialize(SeqAccessDeserializer::new(list))?;
        Ok(Self(values.into_iter().map(|value| (None, value)).collect()))
    }

    fn from_map<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        let Ordered(values) = Ordered::<Value>::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Self(values.into_iter().map(|(name, value)| (Some(name), value)).collect()))
    }
}

impl JsonSchema for Axis {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Axis".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A list of values, or a map from names to values.",
            "anyOf": [{ "type": "array", "minItems": 1 }, { "type": "object", "minProperties": 1 }],
        })
    }
}

/// A map in the order of the file.
#[derive(Clone, Debug)]
struct Ordered<T>(Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OrderedVisitor<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned> Visitor<'de> for OrderedVisitor<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from keys to values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }

        deserializer.deserialize_map(OrderedVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Ordered<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("MapOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": value })
    }
}

/// Reads a batch and plans its runs. The jobs themselves are not read.
///
/// # Errors
/// When the file cannot be read, is no YAML, or says something that a batch may not say; with line and column.
pub fn load_batch(path: &Path) -> Result<BatchPlan, JobError> {
    load_batch_with(path, &|name| std::env::var(name).ok())
}

pub(super) fn load_batch_with(path: &Path, variable: &dyn Fn(&str) -> Option<String>) -> Result<BatchPlan, JobError> {
    let source = Source::read(path, &[], variable)?;
    let batch: Batch = source.typed()?;
    source.refuse_if_any(range_problems(&batch))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let plan = batch.plan(folder).map_err(|finding| source.refused(vec![finding]))?;
    source.refuse_if_any(unfit_names(&plan))?;
    Ok(plan)
}

impl Batch {
    fn plan(self, folder: &Path) -> Result<BatchPlan, Finding> {
        let refuse = |key: &str, message: &str, help: &str| {
            Err(Finding { key: key.to_owned(), message: message.to_owned(), help: Some(help.to_owned()) })
        };
        let shared = arguments(&self.set);
        let runs = match (&self.job, self.jobs.is_empty()) {
            (Some(_), false) => return refuse("jobs", "`job` and `jobs` are both given", "keep one of them"),
            (None, true) => {
                return refuse("", "there is nothing to run", "add `jobs: [...]`, or `job: ...` and `matrix: ...`");
            }
            (None, false) if !self.matrix.0.is_empty() => {
                return refuse(
                    "matrix",
                    "a matrix varies one job, named under `job`",
                    "use `job: ...` instead of `jobs`",
                );
            }
            (None, false) => self.jobs.iter().map(|entry| entry.run(folder, &shared)).collect(),
            (Some(job), true) => {
                if let Some((key, _)) = self.matrix.0.iter().find(|(_, axis)| axis.0.is_empty()) {
                    return refuse("matrix", &format!("`{key}` has no value"), "give it some, or take it out");
                }
                let count = self.matrix.0.iter().try_fold(1_usize, |count, (_, axis)| count.checked_mul(axis.0.len()));
                if count.is_none_or(|count| count > MOST_RUNS) {
                    return refuse("matrix", &format!("makes more than {MOST_RUNS} runs"), "take some values out");
                }
                combinations(&folder.join(job), &shared, &self.matrix.0)
            }
        };
        Ok(BatchPlan { name: self.name, runs })
    }
}

impl Entry {
    fn run(&self, folder: &Path, shared: &[String]) -> PlannedRun {
        let arguments = [shared, &arguments(&self.set)].concat();
        PlannedRun { name: self.name.clone(), job: folder.join(&self.job), arguments }
    }
}

/// Every combination of the values of a matrix; the last key varies fastest.
fn combinations(job: &Path, shared: &[String], matrix: &[(String, Axis)]) -> Vec<PlannedRun> {
    let mut runs = vec![(Vec::new(), shared.to_vec())];
    for (key, axis) in matrix {
        let longer = runs.iter().flat_map(|(labels, arguments)| {
            axis.0.iter().map(|(name, value)| {
                let mut labels = labels.clone();
                labels.push(name.clone().unwrap_or_else(|| label(key, value)));
                (labels, [arguments.as_slice(), &[argument(key, value)]].concat())
            })
        });
        runs = longer.collect();
    }
    let named = |labels: Vec<String>| (!labels.is_empty()).then(|| labels.join("-"));
    let job = job.to_owned();
    runs.into_iter()
        .map(|(labels, arguments)| PlannedRun { name: named(labels), job: job.clone(), arguments })
        .collect()
}

/// `seed-2` for `seed: 2`, with what a folder name may not hold replaced.
fn label(key: &str, value: &Value) -> String {
    let value = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let last = key.rsplit('.').next().unwrap_or(key);
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
    format!("{last}-{value}").chars().map(allowed).collect()
}

fn arguments(set: &Ordered<Value>) -> Vec<String> {
    set.0.iter().map(|(key, value)| argument(key, value)).collect()
}

/// JSON is YAML, so a value of any shape fits behind `--set key=`.
fn argument(key: &str, value: &Value) -> String {
    format!("{key}={value}")
}

/// Runs that would share a folder, or have none.
fn unfit_names(plan: &BatchPlan) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, run) in plan.runs.iter().enumerate() {
        let Some(name) = &run.name else { continue };
        if let Err(reason) = is_folder_name(name, &()) {
            let message = format!("a run would be called `{name}`, which {reason}");
            findings.push(Finding { key: "matrix".to_owned(), message, help: None });
        }
        if plan.runs[..place].iter().any(|other| other.name.as_ref() == Some(name)) {
            let key = if plan.runs.len() > place { format!("jobs[{place}]") } else { String::new() };
            findings.push(Finding {
                key,
                message: format!("two runs are called `{name}`"),
                help: Some("give each a `name`; values of a matrix get one as `{name: value}`".to_owned()),
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn load(text: &str) -> Result<BatchPlan, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("batch.yaml");
        fs::write(&path, text).unwrap();
        let plan = load_batch_with(&path, &|name| (name == "DATA").then(|| "/data".to_owned()));
        plan.map_err(|error| error.to_string()).map(|mut plan| {
            for run in &mut plan.runs {
                run.job = run.job.strip_prefix(folder.path()).unwrap().to_owned();
            }
            plan
        })
    }

    fn run(name: Option<&str>, job: &str, arguments: &[&str]) -> PlannedRun {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        PlannedRun { name: name.map(str::to_owned), job: job.into(), arguments }
    }

    #[test]
    fn a_list_of_jobs_runs_each() {
        let plan = load(
            "version: 1\nname: b\njobs: [a.yaml, {job: c.yaml, name: second, set: {training.steps: 3}}]\nset: {seed: 7}",
        );
        let expected =
            vec![run(None, "a.yaml", &["seed=7"]), run(Some("second"), "c.yaml", &["seed=7", "training.steps=3"])];
        assert_eq!(plan, Ok(BatchPlan { name: "b".into(), runs: expected }));
    }

    #[test]
    fn a_matrix_runs_every_combination_in_the_order_of_the_file() {
        let plan = load(
            "version: 1\nname: b\njob: j.yaml\nmatrix:\n  training.steps: [10, 20]\n  \
             network: {small: {waldeland: {padding: valid}}, big: '${DATA}/x'}\n",
        )
        .unwrap();
        let small = r#"network={"waldeland":{"padding":"valid"}}"#;
        let big = r#"network="/data/x""#;
        assert_eq!(
            plan.runs,
            [
                run(Some("steps-10-small"), "j.yaml", &["training.steps=10", small]),
                run(Some("steps-10-big"), "j.yaml", &["training.steps=10", big]),
                run(Some("steps-20-small"), "j.yaml", &["training.steps=20", small]),
                run(Some("steps-20-big"), "j.yaml", &["training.steps=20", big]),
            ]
        );
    }

    #[test]
    fn batches_that_make_no_sense_are_refused() {
        for (rest, words) in [
            ("", "nothing to run"),
            ("job: a.yaml\njobs: [b.yaml]", "both given"),
            ("jobs: [b.yaml]\nmatrix: {seed: [1]}", "a matrix varies one job"),
            ("jobs: [{job: a.yaml, name: x}, {job: b.yaml, name: x}]", "two runs are called `x`"),
            ("job: a.yaml\nmatrix: {seed: [1, 1]}", "two runs are called `seed-1`"),
            ("job: a.yaml\nmatrix: {seed: 1}", "expected a list of values"),
            ("job: a.yaml\nmatrix: {seed: []}", "`seed` has no value"),
            ("job: a.yaml\nmatrx: {}", "unknown key `matrx`"),
            ("jobs: [{name: x}]", "missing key `job`"),
            ("job: a.yaml\nmatrix: {seed: {../../x: 1}}", "would be called `../../x`"),
        ] {
            let error = load(&format!("version: 1\nname: b\n{rest}\n")).unwrap_err();
            assert!(error.contains(words), "{rest}: {error}");
            assert!(error.contains("batch.yaml:"), "{error}");
        }
        let axis = format!("[{}]", vec!["1"; 101].join(", "));
        let error = load(&format!("version: 1\nname: b\njob: a.yaml\nmatrix: {{a: {axis}, b: {axis}}}\n"));
        assert!(error.unwrap_err().contains("more than 10000 runs"));
    }
}

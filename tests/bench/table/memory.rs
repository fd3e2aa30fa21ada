//! Memory and time of the program itself against the size of the cube: ten inlines, whatever lies around them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{fs, thread};

use facies::volume::synthetic::{self, Facies, SyntheticFiles, SyntheticOptions};
use segy_rs::{CubeSpec, LineNumbers, SampleFormat, TextEncoding, write_cube};
use serde_json::{Value, json};

use crate::row::{Better, Figure, Findings, Row};
use crate::{Context, Failure};

/// Inlines of the smallest cube, and how many times more the others have.
const GROWTH: [usize; 3] = [1, 4, 16];
const INTERPRETED: usize = 10;
const FIRST_INLINE: usize = 100;
/// `prediction.memory`.
const BUDGET: &str = "1 GiB";
const BUDGET_BYTES: f64 = (1u64 << 30) as f64;
/// What the program was promised to stay below, beside the budget.
const REST_BYTES: f64 = 600e6;
/// Time per voxel of the largest cube is at most a tenth more than that of the smallest.
const TIME_PROMISE: f64 = 1.0 / 1.1;
/// Free disk without which the largest cube is left out.
const DISK_BYTES: u64 = 20_000_000_000;
/// Time between two looks at the memory of the program.
const LOOK_EVERY: Duration = Duration::from_millis(10);

pub(crate) fn measure(context: &Context<'_>) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    let folder = context.folder;
    // 0.73, 2.9 and 12 GB.
    let [inlines, crosslines, samples] = context.size([650, 500, 500], [20, 64, 96]);
    let free = free_disk(folder)?;
    let mut growth = GROWTH.to_vec();
    if !context.quick && free < DISK_BYTES {
        let [needed, there] = [DISK_BYTES, free].map(|bytes| bytes as f64 / 1e9);
        findings.notes.push(format!(
            "the cube of 12 GB is left out: {there:.0} GB are free under {}, {needed:.0} are needed; TMPDIR names another folder",
            folder.display()
        ));
        growth.pop();
    }
    let job = train(context)?;
    let cubes: Vec<Cube> = growth
        .iter()
        .map(|times| Cube::write(folder, [times * inlines, crosslines, samples]))
        .collect::<Result<_, Failure>>()?;
    findings.notes.push(format!(
        "`facies predict` as a process of its own: {INTERPRETED} inlines of {crosslines} x {samples} voxels, VGG16 to conv4_1, class \
         and confidence to HDF5, `prediction.memory: {BUDGET}`, {} threads. Memory is the largest RssAnon of the whole process, \
         looked up every {} ms; time is that of the prediction stage in run.json, from the model to the finished file, \
         without hashing and measuring the cube, which read all of it",
        context.threads,
        LOOK_EVERY.as_millis()
    ));
    let rounds = context.size(2, 1);
    let mut times = vec![Vec::new(); cubes.len()];
    let mut peaks = vec![Vec::new(); cubes.len()];
    let mut whole = vec![Vec::new(); cubes.len()];
    for _ in 0..rounds {
        for (place, cube) in cubes.iter().enumerate() {
            let run = interpret(context, &job, cube)?;
            times[place].push(run.stage_seconds * 1e9 / (INTERPRETED * crosslines * samples) as f64);
            peaks[place].push(run.peak_bytes);
            whole[place].push(run.seconds);
        }
    }
    for (place, cube) in cubes.iter().enumerate() {
        let (title, largest) = (&cube.title, place + 1 == GROWTH.len());
        let time = Figure::of(times[place].clone(), Better::Less);
        // The most that was ever taken is what counts, not the least.
        let peak = Figure::of(peaks[place].clone(), Better::More);
        findings.rows.push(Row {
            subject: format!("{title}: time per voxel"),
            ours: time,
            peer: format!("{}, the smallest", cubes[0].title),
            theirs: Some(Figure::of(times[0].clone(), Better::Less)),
            unit: "ns",
            better: Better::Less,
            at_least: largest.then_some(TIME_PROMISE),
        });
        findings.rows.push(Row {
            subject: format!("{title}: peak of RssAnon"),
            ours: peak.map(|bytes| bytes / 1e6),
            peer: format!("limit: {BUDGET} and 600 MB"),
            theirs: Some(Figure::of(vec![(BUDGET_BYTES + REST_BYTES) / 1e6], Better::Less)),
            unit: "MB",
            better: Better::Less,
            at_least: Some(1.0),
        });
        findings.rows.push(Row {
            subject: format!("{title}: process, start to end"),
            ours: Figure::of(whole[place].clone(), Better::Less),
            peer: String::new(),
            theirs: None,
            unit: "s",
            better: Better::Less,
            at_least: None,
        });
    }
    Ok(findings)
}

/// A cube of live traces in a file.
struct Cube {
    path: PathBuf,
    /// `cube of 12.00 GB`.
    title: String,
}

impl Cube {
    fn write(folder: &Path, [inlines, crosslines, samples]: [usize; 3]) -> Result<Self, Failure> {
        let path = folder.join(format!("{inlines}.sgy"));
        let spec = CubeSpec {
            inline: LineNumbers { first: FIRST_INLINE as i32, step: 1, count: inlines },
            crossline: LineNumbers { first: 300, step: 1, count: crosslines },
            samples,
            interval_us: 4000,
            start_ms: 0,
            map: None,
            format: SampleFormat::Float32,
            text: Vec::new(),
            encoding: TextEncoding::Ebcdic,
        };
        write_cube(&path, &spec, |inline, crossline, values| {
            // A generator a trace (Numerical Recipes' constants), so that no two are alike.
            let mut state = (inline * 65_536 + crossline) as u32;
            for value in values {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *value = (state >> 8) as f32 / 1024.0 - 8192.0;
            }
        })?;
        let title = match fs::metadata(&path)?.len() as f64 / 1e9 {
            gigabytes @ 0.1.. => format!("cube of {gigabytes:.2} GB"),
            small => format!("cube of {:.2} MB", small * 1e3),
        };
        Ok(Self { path, title })
    }
}

/// What one process did.
struct Run {
    seconds: f64,
    stage_seconds: f64,
    peak_bytes: f64,
}

/// Trains a model for a moment and gives the job, for `facies predict` to go on from.
fn train(context: &Context<'_>) -> Result<Value, Failure> {
    let options = SyntheticOptions::default();
    let SyntheticFiles { volume, labels, .. } = synthetic::write(&options, &context.folder.join("small.sgy"))?;
    let job = json!({
        "version": 1,
        "name": "memory",
        "input": { "segy": { "path": volume } },
        "classes": Facies::ALL.map(Facies::name),
        "labels": [{ "section": { "path": labels } }],
        "split": "none",
        "network": { "vgg16": { "cut": "conv4_1", "padding": "valid" } },
        "training": { "form": { "dense": { "crop": 16, "crops_per_step": 2 } }, "steps": 2 },
        "output": { "hdf5": {} },
    });
    facies(context, "train", &job)?.finish()?;
    Ok(job)
}

/// Interprets some inlines of a cube.
fn interpret(context: &Context<'_>, job: &Value, cube: &Cube) -> Result<Run, Failure> {
    let mut job = job.clone();
    job["prediction"] = json!({
        "engine": "dense",
        "input": { "segy": { "path": cube.path } },
        "inlines": { "first": FIRST_INLINE + 5, "last": FIRST_INLINE + 4 + INTERPRETED },
        "outputs": ["class", "confidence"],
        "memory": BUDGET,
    });
    let start = std::time::Instant::now();
    let peak_bytes = facies(context, "predict", &job)?.finish()?;
    let seconds = start.elapsed().as_secs_f64();
    let record: Value = serde_json::from_slice(&fs::read(context.folder.join("runs/memory/run.json"))?)?;
    let stage_seconds = record["stages"]["prediction"]["seconds"].as_f64();
    let stage_seconds = stage_seconds.ok_or("run.json does not say how long the prediction took")?;
    Ok(Run { seconds, stage_seconds, peak_bytes })
}

/// The program at work.
struct Process(Child);

/// Starts `facies VERB` on a job.
fn facies(context: &Context<'_>, verb: &str, job: &Value) -> Result<Process, Failure> {
    let path = context.folder.join("job.yaml");
    // JSON is YAML.
    fs::write(&path, serde_json::to_string_pretty(job)?)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_facies"));
    command.args([verb, "--quiet", "--overwrite", "--device", "cpu", "--threads", &context.threads.to_string()]);
    command.arg("--output").arg(context.folder.join("runs")).arg(&path);
    Ok(Process(command.stdout(Stdio::null()).spawn()?))
}

impl Process {
    /// Waits for the end; most bytes of RssAnon on the way.
    fn finish(mut self) -> Result<f64, Failure> {
        let status = format!("/proc/{}/status", self.0.id());
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut peak = 0.0f64;
                while !ended.load(Ordering::Relaxed) {
                    peak = peak.max(anonymous_bytes(&status).unwrap_or(0.0));
                    thread::sleep(LOOK_EVERY);
                }
                peak
            });
            let result = self.0.wait();
            ended.store(true, Ordering::Relaxed);
            let peak = watcher.join().map_err(|_| "the watcher of memory panicked")?;
            let status = result?;
            if status.success() { Ok(peak) } else { Err(format!("facies ended with {status}").into()) }
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `RssAnon` of a process.
fn anonymous_bytes(status: &str) -> Option<f64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kib| kib * 1024.0)
}

/// Bytes that are free where `folder` lies.
fn free_disk(folder: &Path) -> Result<u64, Failure> {
    let output = Command::new("df").args(["--block-size=1", "--output=avail"]).arg(folder).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let free = text.lines().last().and_then(|line| line.trim().parse().ok());
    free.ok_or_else(|| format!("df says {text:?} of {}", folder.display()).into())
}

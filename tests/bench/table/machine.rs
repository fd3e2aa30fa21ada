//! What a table was measured on.

use std::fs;
use std::process::Command;
use std::time::SystemTime;

use facies::network::library_release;

/// A machine at a moment.
#[derive(Debug)]
pub(crate) struct Machine {
    /// `2026-01-31`.
    pub(crate) date: String,
    /// As the processor calls itself.
    pub(crate) processor: String,
    /// Vector extensions that matter here.
    pub(crate) vectors: String,
    /// Threads that the system lets this program use.
    pub(crate) threads: usize,
    /// Main memory.
    pub(crate) memory_gib: f64,
    /// Processes that wanted to run, averaged over 1, 5 and 15 minutes.
    pub(crate) load: String,
    /// Version of libtorch.
    pub(crate) libtorch: &'static str,
    /// Commit of this program, `+ changes` where the working tree differs from it.
    pub(crate) commit: String,
}

impl Machine {
    /// Asks the system. What it does not tell is "unknown".
    pub(crate) fn examine() -> Self {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let flags = value(&cpu, "flags").unwrap_or_default();
        let vectors: Vec<&str> = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"]
            .into_iter()
            .filter(|flag| flags.split(' ').any(|f| f == *flag))
            .collect();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kib = value(&memory, "MemTotal").and_then(|text| text.trim_end_matches(" kB").parse::<f64>().ok());
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            date: now.split('T').next().unwrap_or_default().to_owned(),
            processor: value(&cpu, "model name").unwrap_or("unknown processor").to_owned(),
            vectors: if vectors.is_empty() { "unknown".to_owned() } else { vectors.join(" ") },
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: kib.map_or(f64::NAN, |kib| kib / f64::from(1 << 20)),
            load: load.split(' ').take(3).collect::<Vec<_>>().join(" "),
            libtorch: library_release(),
            commit: commit(),
        }
    }

    /// For a file name: `amd-epyc-2-threads`.
    pub(crate) fn words(&self) -> String {
        let text = format!("{} {} threads", self.processor, self.threads).to_lowercase();
        let words: Vec<&str> =
            text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        words.join("-")
    }
}

/// The value of the first line `key : value`.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let named = |line: &'a str| line.split_once(':').filter(|(name, _)| name.trim() == key);
    text.lines().find_map(named).map(|(_, value)| value.trim())
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(env!("CARGO_MANIFEST_DIR")).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    match (git(&["rev-parse", "--short=12", "HEAD"]), git(&["status", "--porcelain", "--untracked-files=no"])) {
        (Some(commit), Some(changes)) if changes.is_empty() => commit,
        (Some(commit), _) => format!("{commit} + changes"),
        _ => "unknown".to_owned(),
    }
}

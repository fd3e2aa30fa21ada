//! Prints what a SEG-Y file is, and with a second path writes the whole cube there as little-endian floats,
//! `[inline, crossline, sample]`.
//!
//! `cargo run --release -p segy-rs --example segy_dump -- FILE.sgy [CUBE.f32]`
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program answers and complains")]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::ExitCode;

use segy_rs::{OpenOptions, SegyFile};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let path = arguments.next().ok_or("usage: segy_dump FILE.sgy [CUBE.f32]")?;
    let file = SegyFile::open(&path, &OpenOptions::default())?;
    let (survey, index) = (file.survey(), file.index());

    println!("format {}", file.format());
    println!("endian {:?}", file.endian());
    println!("revision {}.{}", file.revision().0, file.revision().1);
    println!("traces {}", file.trace_count());
    println!("samples {} every {} us from {} ms", file.samples(), file.interval_us(), file.start_ms());
    for (name, axis, byte) in
        [("inline", survey.inline, survey.bytes.inline), ("crossline", survey.crossline, survey.bytes.crossline)]
    {
        println!("{name} {} {} {} byte {byte}", axis.first, axis.step, axis.count);
    }
    println!("coordinates bytes {} {}", survey.bytes.x, survey.bytes.y);
    for trace in [0, index.len() - 1] {
        println!("trace {trace} x {} y {} scalar {}", index.x()[trace], index.y()[trace], index.scalar()[trace]);
    }
    println!("sorting {:?}", survey.sorting);
    println!("missing {} duplicates {} unplaced {}", survey.missing, survey.duplicates, survey.unplaced);
    for warning in file.warnings() {
        println!("warning {warning}");
    }
    println!("text {:?}", file.text().encoding());
    for line in file.text().lines().filter(|line| line.len() > 4) {
        println!("  {line}");
    }

    if let Some(out) = arguments.next() {
        let mut out = BufWriter::new(File::create(out)?);
        let mut section = vec![0.0; survey.crossline.count * file.samples()];
        for inline in 0..survey.inline.count {
            file.read_inline(inline, &mut section)?;
            section.iter().try_for_each(|value| out.write_all(&value.to_le_bytes()))?;
        }
        out.flush()?;
    }
    Ok(())
}

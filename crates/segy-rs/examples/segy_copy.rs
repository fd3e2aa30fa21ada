//! Writes the traces of a SEG-Y file, in their order and under their headers, into a new one with another sample format.
//!
//! `cargo run --release -p segy-rs --example segy_copy -- IN.sgy OUT.sgy FORMAT_CODE`
#![expect(clippy::print_stderr, reason = "a program complains")]

use std::error::Error;
use std::process::ExitCode;

use rayon::prelude::*;
use segy_rs::{FileHeaders, OpenOptions, SampleFormat, SegyError, SegyFile, SegyWriter};

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
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [input, output, code] = &arguments[..] else {
        return Err("usage: segy_copy IN.sgy OUT.sgy FORMAT_CODE".into());
    };
    let format = SampleFormat::from_code(code.parse()?).ok_or("no such sample format")?;
    let input = SegyFile::open(input, &OpenOptions::default())?;
    let samples = input.samples();
    let writer = SegyWriter::create(output, &FileHeaders::of(&input), samples, input.trace_count(), format)?;
    // Positional writes: any thread, any order.
    (0..input.trace_count()).into_par_iter().try_for_each_init(
        || vec![0.0; samples],
        |values, trace| -> Result<(), SegyError> {
            input.read_trace(trace, values)?;
            writer.write_trace(trace, &input.trace_header(trace)?, values)
        },
    )?;
    writer.finish()?;
    Ok(())
}

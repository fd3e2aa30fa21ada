//! Random bytes and damaged headers: whatever they hold, opening and reading end, without a panic.

use proptest::prelude::*;
use segy_rs::{Access, Duplicates, Endian, OpenOptions, SampleFormat, SegyFile, Truncated};

use crate::fixture::{Fixture, grid, store};

/// Opens and reads what can be read, with buffers that are in proportion to the file.
fn exercise(bytes: &[u8], options: &OpenOptions) {
    let (_folder, path) = store(bytes);
    let Ok(file) = SegyFile::open(&path, options) else { return };
    let (survey, samples) = (file.survey(), file.samples());
    assert_eq!(file.index().len() as u64, file.trace_count());
    assert!(samples as u64 * file.trace_count() <= bytes.len() as u64);
    assert!(file.interval_us() > 0.0 && file.start_ms().is_finite());
    let [inlines, crosslines] = [survey.inline.count, survey.crossline.count];
    if inlines * crosslines * samples < 1 << 16 {
        file.read_inline(inlines - 1, &mut vec![0.0; crosslines * samples]).unwrap();
        file.read_crossline(crosslines - 1, &mut vec![0.0; inlines * samples]).unwrap();
        file.read_time_slice(samples - 1, &mut vec![0.0; inlines * crosslines]).unwrap();
    }
    file.read_traces(0, &mut vec![0.0; file.trace_count() as usize * samples]).unwrap();
    for trace in 0..file.trace_count() {
        file.trace_header(trace).unwrap();
        if let Some((inline, crossline)) = survey.cell_of(trace) {
            assert!(survey.trace_at(inline, crossline).is_some());
        }
    }
    assert_eq!(file.text().lines().len(), 40);
    file.extended_text().unwrap();
    for warning in file.warnings() {
        assert!(!warning.to_string().is_empty());
    }
}

fn options() -> impl Strategy<Value = OpenOptions> {
    let access = prop_oneof![Just(Access::Map), Just(Access::Read)];
    let duplicates = prop_oneof![Just(Duplicates::Error), Just(Duplicates::First), Just(Duplicates::Last)];
    let truncated = prop_oneof![Just(Truncated::Error), Just(Truncated::KeepWhole)];
    let bytes = || proptest::option::of(any::<u16>().prop_map(|byte| byte % 245));
    (access, duplicates, truncated, bytes(), bytes(), bytes(), proptest::option::of(0usize..20)).prop_map(
        |(access, duplicates, truncated, inline_byte, crossline_byte, x_byte, samples)| OpenOptions {
            access,
            duplicates,
            truncated,
            inline_byte,
            crossline_byte,
            x_byte,
            samples,
            ..OpenOptions::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(mut bytes in proptest::collection::vec(any::<u8>(), 0..9000), code in 0u8..18, options in options()) {
        exercise(&bytes, &options);
        // Mostly zeros pass more checks than noise does.
        bytes.iter_mut().skip(3200).for_each(|byte| *byte &= if *byte & 1 == 0 { 0 } else { 3 });
        if let Some(format) = bytes.get_mut(3224..3226) {
            format.copy_from_slice(&[0, code]);
        }
        exercise(&bytes, &options);
    }

    #[test]
    fn damaged_headers(
        little in any::<bool>(),
        format in 0usize..13,
        damage in proptest::collection::vec((0usize..6600, any::<u8>()), 1..12),
        cut in 0usize..400,
        options in options(),
    ) {
        let endian = if little { Endian::Little } else { Endian::Big };
        let mut bytes = Fixture::new(endian, SampleFormat::ALL[format], &grid(5..9, 3..6)).bytes();
        for (at, value) in damage {
            // Every second one within the binary header, where it hurts most.
            let at = if value & 1 == 0 { 3200 + at % 400 } else { at };
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        bytes.truncate(bytes.len() - if cut > 300 { cut } else { 0 });
        exercise(&bytes, &options);
        exercise(&bytes, &OpenOptions::default());
    }
}

/// Every byte of the binary header and of the first trace header in turn, with the values that break counts.
#[test]
fn every_header_byte_damaged_in_turn() {
    let whole = Fixture::plain(&grid(5..9, 3..6)).bytes();
    for at in 3200..3840 {
        for value in [0x00, 0x01, 0x7f, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            exercise(&bytes, &OpenOptions { access: Access::Read, ..Default::default() });
        }
    }
}

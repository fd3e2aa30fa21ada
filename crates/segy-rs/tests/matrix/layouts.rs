//! Where traces lie in the file: counts that disagree, extended headers, trailers, revision 2.

use segy_rs::{OpenOptions, SegyError, TextEncoding, TextHeader, Truncated, Warning};

use crate::fixture::{Fixture, grid, open, with_revision};

#[test]
fn the_length_of_the_file_decides_between_sample_counts() {
    let crossings = grid(1..6, 1..7);
    for (binary, trace) in [(10, 462), (75, 10), (10, 0), (0, 10)] {
        let fixture = Fixture::plain(&crossings)
            .binary(|header| header.set_i16(3221, binary))
            .each_header(|_, header| header.set_i16(115, trace));
        let opened = fixture.expect_cube(&OpenOptions::default(), &crossings);
        assert_eq!(opened.file.samples(), 10);
        let (binary, trace) = (binary as u64, trace as u64);
        let warning = Warning::SampleCounts { binary, trace, used: 10 };
        assert_eq!(
            opened.file.warnings().contains(&warning),
            binary != 0 && trace != 0,
            "{:?}",
            opened.file.warnings()
        );
    }
}

#[test]
fn sample_counts_that_fit_neither_way_are_refused_unless_given() {
    let crossings = grid(1..6, 1..7);
    let fixture = Fixture::plain(&crossings)
        .binary(|header| header.set_i16(3221, 11))
        .each_header(|_, header| header.set_i16(115, 13));
    let error = fixture.open(&OpenOptions::default()).unwrap_err();
    assert!(matches!(error, SegyError::SampleCount { binary: 11, trace: 13, bytes: 8400, .. }), "{error:?}");
    fixture.expect_cube(&OpenOptions { samples: Some(10), ..Default::default() }, &crossings);

    let silent = Fixture::plain(&crossings)
        .binary(|header| header.set_i16(3221, 0))
        .each_header(|_, header| header.set_i16(115, 0));
    assert!(matches!(silent.open(&OpenOptions::default()), Err(SegyError::NoSamples { .. })));
    silent.expect_cube(&OpenOptions { samples: Some(10), ..Default::default() }, &crossings);
}

#[test]
fn counts_beyond_fifteen_bits_are_unsigned() {
    for samples in [40_000, 65_535] {
        let mut fixture = Fixture::plain(&[(1, 1), (1, 2), (2, 1), (2, 2)])
            .binary(|header| header.set_i16(3221, samples as u16 as i16))
            .each_header(|_, header| header.set_u16(115, samples as u16));
        fixture.traces.iter_mut().for_each(|(_, _, values)| values.resize(samples, 1.0));
        assert_eq!(fixture.open(&OpenOptions::default()).unwrap().file.samples(), samples);
    }
}

#[test]
fn extended_counts_hold_from_revision_two_and_are_junk_before() {
    let crossings = grid(1..4, 1..4);
    for (major, short, extended, samples) in [(2, 0, 10, 10), (2, 5, 10, 10), (1, 10, -1_234_567, 10), (0, 10, 99, 10)]
    {
        let mut fixture = Fixture::plain(&crossings).binary(|header| {
            header.set_i16(3221, short);
            header.set_i32(3269, extended);
        });
        fixture.binary = with_revision(&fixture.binary, major, 0);
        assert_eq!(fixture.expect_cube(&OpenOptions::default(), &crossings).file.samples(), samples);
    }
    let mut long = Fixture::plain(&crossings)
        .binary(|header| {
            header.set_i16(3221, 0);
            header.set_i32(3269, 70_000);
        })
        .each_header(|_, header| header.set_u16(115, 0));
    long.binary = with_revision(&long.binary, 2, 0);
    long.traces.iter_mut().for_each(|(_, _, values)| values.resize(70_000, 1.0));
    assert_eq!(long.open(&OpenOptions::default()).unwrap().file.samples(), 70_000);
}

#[test]
fn the_fixed_length_flag_may_say_anything() {
    let crossings = grid(1..4, 1..4);
    for flag in [0, 1, 256, -1] {
        let fixture = Fixture::plain(&crossings).binary(|header| header.set_i16(3503, flag));
        fixture.expect_cube(&OpenOptions::default(), &crossings);
    }
}

#[test]
fn traces_of_different_lengths_are_refused() {
    let mut fixture = Fixture::plain(&grid(1..4, 1..4)).binary(|header| header.set_i16(3503, 0));
    fixture.traces[5].0.set_i16(115, 13);
    fixture.traces[5].2.resize(13, 0.0);
    let error = fixture.open(&OpenOptions::default()).unwrap_err();
    assert!(matches!(error, SegyError::VariableLength { first: 10, trace: 5, other: 13, .. }), "{error:?}");
}

#[test]
fn headers_that_merely_claim_different_lengths_are_pointed_out() {
    let crossings = grid(1..4, 1..4);
    let fixture = Fixture::plain(&crossings)
        .each_header(|trace, header| header.set_i16(115, if trace == 2 || trace == 3 { 13 } else { 10 }));
    let opened = fixture.expect_cube(&OpenOptions::default(), &crossings);
    assert!(opened.file.warnings().contains(&Warning::VaryingSampleCounts { traces: 2, first: 2 }));
}

fn stanza(first_line: &str, encoding: TextEncoding) -> Vec<u8> {
    let header = TextHeader::from_lines(&[first_line], encoding);
    header.bytes().to_vec()
}

#[test]
fn extended_textual_headers_are_passed_over_and_can_be_read() {
    let crossings = grid(1..6, 1..7);
    let other = || stanza("((SEG: Coordinate Reference System))", TextEncoding::Ascii);
    for encoding in [TextEncoding::Ascii, TextEncoding::Ebcdic] {
        let end = || stanza("((SEG: EndText))", encoding);
        for (count, stanzas, warned) in [
            (0, vec![], false),
            (2, vec![other(), end()], false),
            (-1, vec![other(), other(), end()], false),
            (1, vec![], true),
            (-7, vec![], false),
            (i16::MAX, vec![], false),
        ] {
            let mut fixture = Fixture::plain(&crossings).binary(|header| header.set_i16(3505, count));
            fixture.extended = stanzas.concat();
            let opened = fixture.expect_cube(&OpenOptions::default(), &crossings);
            let text = opened.file.extended_text().unwrap();
            assert_eq!(text.len(), stanzas.len());
            if let Some(last) = text.last() {
                assert!(last.lines().next().unwrap().ends_with("((SEG: EndText))"));
            }
            let start = opened.file.warnings().iter().any(|warning| matches!(warning, Warning::DataStart { .. }));
            assert_eq!(start, warned, "{count}: {:?}", opened.file.warnings());
        }
    }
}

#[test]
fn the_offset_of_the_first_trace_holds_in_revision_two() {
    let crossings = grid(1..4, 1..4);
    for (offset, extended) in [(3600 + 512, 512), (0, 0), (u64::MAX, 0), (17, 0)] {
        let mut fixture = Fixture::plain(&crossings).binary(|header| header.set_u64(3521, offset));
        fixture.binary = with_revision(&fixture.binary, 2, 0);
        fixture.extended = vec![0; extended];
        fixture.expect_cube(&OpenOptions::default(), &crossings);
    }
}

#[test]
fn additional_trace_headers_and_trailers_are_passed_over() {
    let crossings = grid(1..4, 1..4);
    let mut fixture = Fixture::plain(&crossings).binary(|header| {
        header.set_i16(3507, 2);
        header.set_i32(3529, 1);
        header.set_u64(3513, 8);
    });
    fixture.binary = with_revision(&fixture.binary, 2, 1);
    fixture.traces.iter_mut().for_each(|(_, additional, _)| additional.resize(480, 0x5a));
    fixture.trailer = vec![0x40; 3200];
    let opened = fixture.expect_cube(&OpenOptions::default(), &crossings);
    assert!(opened.file.warnings().contains(&Warning::TraceCount { declared: 8, actual: 9 }));
}

#[test]
fn what_follows_the_last_whole_trace_is_an_error_or_left_out() {
    let crossings = grid(1..4, 1..4);
    let whole = Fixture::plain(&crossings).bytes();
    let keep = OpenOptions { truncated: Truncated::KeepWhole, ..Default::default() };
    for (length, trace, present) in [
        (whole.len() + 100, 9, 100),
        (whole.len() - 1, 8, 279),
        (whole.len() - 40, 8, 240),
        (whole.len() - 41, 8, 239),
        (whole.len() - 279, 8, 1),
        (whole.len() - 281, 7, 279),
    ] {
        let mut bytes = whole.clone();
        bytes.resize(length, 0);
        match open(&bytes, &OpenOptions::default()).unwrap_err() {
            SegyError::Truncated { trace: t, offset, expected: 280, present: p, .. } => {
                assert_eq!((t, offset, p), (trace, 3600 + trace * 280, present));
            }
            error => panic!("{error:?}"),
        }
        let opened = open(&bytes, &keep).unwrap();
        assert_eq!(opened.file.trace_count(), trace);
        let warning = Warning::Truncated { offset: 3600 + trace * 280, bytes: present };
        assert!(opened.file.warnings().contains(&warning));
    }
}

//! What headers say: formats, byte orders, header bytes of line numbers, text, time.

use segy_rs::{Endian, Finding, OpenOptions, SampleFormat, SegyError, TextEncoding, TextHeader, Warning};

use crate::fixture::{Fixture, grid, with_revision};

#[test]
fn every_format_is_read_in_both_byte_orders() {
    let crossings = grid(100..104, 7..12);
    for format in SampleFormat::ALL {
        for endian in [Endian::Big, Endian::Little] {
            let opened = Fixture::new(endian, format, &crossings).expect_cube(&OpenOptions::default(), &crossings);
            assert_eq!((opened.file.format(), opened.file.endian()), (format, endian));
        }
    }
}

#[test]
fn unknown_formats_are_refused_unless_one_is_given() {
    let crossings = grid(1..4, 1..4);
    for code in [0, 4, 13, 17, -1, 255, 0x2020] {
        let fixture = Fixture::plain(&crossings).binary(|binary| binary.set_i16(3225, code));
        match fixture.open(&OpenOptions::default()).unwrap_err() {
            SegyError::Format { code: named, .. } => assert_eq!(named, code),
            error => panic!("{error:?}"),
        }
        let given = OpenOptions { format: Some(SampleFormat::Float32), ..Default::default() };
        fixture.expect_cube(&given, &crossings);
    }
}

#[test]
fn the_byte_order_constant_must_not_contradict() {
    let crossings = grid(1..4, 1..4);
    let little = Fixture::new(Endian::Little, SampleFormat::Int16, &crossings);
    for (constant, warned) in [(0x0102_0304, false), (0, false), (0x0403_0201, true)] {
        let mut fixture = Fixture::new(Endian::Little, SampleFormat::Int16, &crossings);
        fixture.binary.set_i32(3297, constant);
        let opened = fixture.expect_cube(&OpenOptions::default(), &crossings);
        assert_eq!(opened.file.warnings().contains(&Warning::ByteOrder), warned, "{constant:08x}");
    }
    let given = OpenOptions { endian: Some(Endian::Little), ..Default::default() };
    little.expect_cube(&given, &crossings);
    let pairwise = Fixture::plain(&crossings).binary(|binary| binary.set_i32(3297, 0x0201_0403));
    assert!(matches!(pairwise.open(&OpenOptions::default()), Err(SegyError::PairwiseSwapped { .. })));
}

#[test]
fn line_numbers_are_found_wherever_they_are() {
    let crossings = grid(300..306, 600..608);
    for (inline, crossline) in
        [(189, 193), (9, 21), (5, 21), (17, 13), (17, 25), (9, 13), (221, 225), (233, 237), (181, 185)]
    {
        // The big-endian header has no fields of its own at 221, 233 and 181 of another width.
        let fixture = Fixture::plain(&crossings).lines_at(inline, crossline);
        let opened = fixture.expect_cube(&OpenOptions::default(), &crossings);
        let bytes = opened.file.survey().bytes;
        assert_eq!((usize::from(bytes.inline), usize::from(bytes.crossline)), (inline, crossline));
    }
}

#[test]
fn given_header_bytes_are_used() {
    let crossings = grid(300..306, 600..608);
    let fixture = Fixture::plain(&crossings).lines_at(101, 207);
    let given = OpenOptions { inline_byte: Some(101), crossline_byte: Some(207), ..Default::default() };
    fixture.expect_cube(&given, &crossings);
    let half = OpenOptions { inline_byte: Some(9), ..Default::default() };
    let opened = Fixture::plain(&crossings).lines_at(9, 21).expect_cube(&half, &crossings);
    assert_eq!(opened.file.survey().bytes.crossline, 21);
    for byte in [0, 238, 240, u16::MAX] {
        let wrong = OpenOptions { crossline_byte: Some(byte), ..Default::default() };
        assert!(matches!(fixture.open(&wrong), Err(SegyError::HeaderByte { field: "crossline", .. })));
    }
}

#[test]
fn equal_numbers_in_two_places_are_not_ambiguous() {
    let crossings = grid(300..306, 600..608);
    let fixture = Fixture::plain(&crossings).each_header(|_, header| {
        header.set_i32(9, header.get_i32(189));
        header.set_i32(21, header.get_i32(193));
        header.set_i32(17, header.get_i32(193));
    });
    assert_eq!(fixture.expect_cube(&OpenOptions::default(), &crossings).file.survey().bytes.inline, 189);
}

#[test]
fn different_numbers_in_two_places_are_ambiguous() {
    let crossings = grid(300..306, 600..608);
    let fixture = Fixture::plain(&crossings).lines_at(9, 21).each_header(|_, header| {
        header.set_i32(17, header.get_i32(21) + 1000);
        header.set_i32(13, header.get_i32(9) + 1000);
    });
    match fixture.open(&OpenOptions::default()).unwrap_err() {
        SegyError::AmbiguousLineNumbers { candidates, .. } => {
            let pairs: Vec<_> = candidates.iter().map(|c| (c.inline_byte, c.crossline_byte)).collect();
            assert_eq!(pairs, [(9, 21), (17, 13), (9, 13)]);
            let lines = Finding::Lines { inlines: (300, 305), crosslines: (600, 607) };
            assert_eq!(candidates[0].finding, lines);
        }
        error => panic!("{error:?}"),
    }
    let given = OpenOptions { inline_byte: Some(9), crossline_byte: Some(21), ..Default::default() };
    fixture.expect_cube(&given, &crossings);
}

#[test]
fn the_place_of_the_standard_is_not_passed_over_for_a_better_looking_one() {
    // One long line at 189/193, a whole grid at 9/21.
    let crossings = grid(300..306, 600..608);
    let fixture = Fixture::plain(&crossings).lines_at(9, 21).each_header(|trace, header| {
        header.set_i32(189, 1);
        header.set_i32(193, 5000 + trace as i32);
    });
    let error = fixture.open(&OpenOptions::default()).unwrap_err();
    assert!(matches!(error, SegyError::AmbiguousLineNumbers { .. }), "{error:?}");
}

#[test]
fn a_counter_of_traces_is_no_line_number() {
    // Byte 5 counts the traces of the file, so bytes 5 and 21 look like a crossline as well.
    let crossings = grid(1000..1030, [1155]);
    let fixture = Fixture::plain(&crossings).lines_at(9, 21);
    assert_eq!(fixture.expect_cube(&OpenOptions::default(), &crossings).file.survey().bytes.inline, 9);
}

#[test]
fn files_without_line_numbers_say_where_was_looked() {
    let crossings = vec![(0, 0); 20];
    let fixture = Fixture::plain(&crossings);
    match fixture.open(&OpenOptions::default()).unwrap_err() {
        SegyError::NoLineNumbers { looked_at, .. } => {
            assert_eq!(looked_at.len(), 9);
            assert!(looked_at.iter().all(|candidate| candidate.finding == Finding::Zero));
        }
        error => panic!("{error:?}"),
    }
    let given = OpenOptions { inline_byte: Some(189), crossline_byte: Some(193), ..Default::default() };
    assert!(matches!(fixture.open(&given), Err(SegyError::NoLineNumbers { .. })));
}

#[test]
fn text_of_any_kind_is_read() {
    let crossings = grid(1..4, 1..4);
    let mut fixture = Fixture::plain(&crossings);
    for encoding in [TextEncoding::Ebcdic, TextEncoding::Ascii] {
        fixture.text = *TextHeader::from_lines(&["C 1 CLIENT é", "not numbered"], encoding).bytes();
        let opened = fixture.open(&OpenOptions::default()).unwrap();
        assert_eq!(opened.file.text().encoding(), encoding);
        assert_eq!(opened.file.text().lines().next().unwrap(), "C 1 CLIENT é");
    }
    for filler in [0u8, 0xff, 0x0a, 0x15, b' ', 0x40] {
        fixture.text = [filler; 3200];
        let opened = fixture.open(&OpenOptions::default()).unwrap();
        assert!(opened.file.text().lines().all(|line| line.chars().all(|c| !c.is_control())));
    }
}

#[test]
fn start_and_interval_come_from_the_headers_or_the_caller() {
    let crossings = grid(1..4, 1..4);
    let fixture = Fixture::plain(&crossings).each_header(|_, header| {
        header.set_i16(109, -52);
        header.set_i32(181, 1);
    });
    let opened = fixture.open(&OpenOptions::default()).unwrap();
    assert_eq!((opened.file.start_ms(), opened.file.interval_us()), (-52.0, 4000.0));
    let given = OpenOptions { start_ms: Some(1204.0), interval_us: Some(2000.0), ..Default::default() };
    let opened = fixture.open(&given).unwrap();
    assert_eq!((opened.file.start_ms(), opened.file.interval_us()), (1204.0, 2000.0));

    let varying = fixture.each_header(|trace, header| header.set_i16(109, if trace < 7 { -52 } else { -48 }));
    let opened = varying.open(&OpenOptions::default()).unwrap();
    assert_eq!(opened.file.warnings(), [Warning::VaryingStart { traces: 2, first: 7 }]);
}

#[test]
fn revisions_are_read_as_they_are_written() {
    let crossings = grid(1..4, 1..4);
    for (written, read) in [((0, 0), (0, 0)), ((1, 0), (1, 0)), ((2, 0), (2, 0)), ((2, 1), (2, 1)), ((0, 16), (1, 0))] {
        let mut fixture = Fixture::plain(&crossings);
        fixture.binary = with_revision(&fixture.binary, written.0, written.1);
        let opened = fixture.expect_cube(&OpenOptions::default(), &crossings);
        assert_eq!(opened.file.revision(), read);
    }
}

#[test]
fn odd_samples_pass_through_unchanged() {
    let mut fixture = Fixture::plain(&grid(1..4, 1..4));
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -0.0, f32::MIN_POSITIVE / 4.0, 0.0, 1.5, -2.5, 7.0];
    fixture.traces[4].2.copy_from_slice(&odd);
    let opened = fixture.open(&OpenOptions::default()).unwrap();
    let mut values = [0.0; 10];
    opened.file.read_trace(4, &mut values).unwrap();
    assert_eq!(values.map(f32::to_bits), odd.map(f32::to_bits));
}

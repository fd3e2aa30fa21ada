//! What is written reads back, whatever the order of writing.

use rayon::prelude::*;
use segy_rs::{
    BinaryHeader, CubeSpec, Endian, FileHeaders, LineNumbers, MapGrid, OpenOptions, SampleFormat, SegyError, SegyFile,
    SegyWriter, TextEncoding, TextHeader, TraceHeader, Warning, write_cube,
};

use crate::fixture::{Fixture, amplitude, expect_cube, grid, message, store};

fn spec(format: SampleFormat) -> CubeSpec {
    CubeSpec {
        inline: LineNumbers { first: 100, step: 2, count: 5 },
        crossline: LineNumbers { first: 300, step: 1, count: 7 },
        samples: 12,
        interval_us: 4000,
        start_ms: -8,
        map: Some(MapGrid {
            origin: [605_668.7, 6_079_529.2],
            per_inline: [-0.7, 25.0],
            per_crossline: [25.0, 0.7],
            scalar: -100,
        }),
        format,
        text: vec!["MADE BY A TEST".to_owned()],
        encoding: TextEncoding::Ebcdic,
    }
}

fn fill(spec: &CubeSpec) -> impl Fn(usize, usize, &mut [f32]) + Sync + use<> {
    let (inline, crossline) = (spec.inline, spec.crossline);
    move |i, j, samples| {
        for (sample, value) in samples.iter_mut().enumerate() {
            *value = amplitude(inline.number(i), crossline.number(j), sample);
        }
    }
}

#[test]
fn a_cube_survives_the_round_trip_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    for format in SampleFormat::ALL {
        let (spec, path) = (spec(format), folder.path().join("cube.sgy"));
        write_cube(&path, &spec, fill(&spec)).unwrap();
        let file = SegyFile::open(&path, &OpenOptions::default()).unwrap();
        expect_cube(&file, &grid((0..5).map(|i| 100 + 2 * i), 300..307));
        assert_eq!((file.format(), file.endian(), file.revision()), (format, Endian::Big, (1, 0)));
        assert_eq!((file.interval_us(), file.start_ms(), file.samples()), (4000.0, -8.0, 12));
        assert_eq!(file.warnings(), []);
        assert_eq!(file.text().lines().next().unwrap(), "C 1 MADE BY A TEST");
        let [x, y] = file.index().xy(file.survey().trace_at(2, 3).unwrap()).unwrap();
        assert_eq!([x, y], [605_742.3, 6_079_581.3]);
        let header = file.trace_header(7).unwrap();
        assert_eq!((header.get_i32(9), header.get_i32(21), header.get_i32(5)), (102, 300, 8));
        assert_eq!((header.get_i32(73), header.get_i16(115)), (header.get_i32(181), 12));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_order_of_writing_does_not_show() {
    let folder = tempfile::tempdir().unwrap();
    let (spec, path) = (spec(SampleFormat::IbmFloat32), folder.path().join("any order.sgy"));
    let write = |order: Vec<u64>| {
        let writer = SegyWriter::create(&path, &spec.file_headers(), 12, 35, spec.format).unwrap();
        order.into_par_iter().for_each(|trace| {
            let (i, j) = (trace as usize / 7, trace as usize % 7);
            let mut samples = [0.0; 12];
            fill(&spec)(i, j, &mut samples);
            writer.write_trace(trace, &spec.trace_header(&path, i, j).unwrap(), &samples).unwrap();
        });
        writer.finish().unwrap();
        std::fs::read(&path).unwrap()
    };
    let forward = write((0..35).collect());
    assert_eq!(forward, write((0..35).rev().collect()));
    assert_eq!(forward, write((0..35).map(|trace| trace * 12 % 35).collect()));
    let cube = folder.path().join("cube.sgy");
    write_cube(&cube, &spec, fill(&spec)).unwrap();
    assert_eq!(forward, std::fs::read(&cube).unwrap());
}

/// New samples under the headers of another file: every header byte but those of the sample count is kept.
#[test]
fn headers_of_another_file_are_copied_to_the_byte() {
    for endian in [Endian::Big, Endian::Little] {
        let fixture = Fixture::new(endian, SampleFormat::Int16, &grid(1..4, 1..5)).each_header(|trace, header| {
            for byte in (1..29).chain(37..69).chain(73..89).chain(181..201).step_by(4) {
                if ![189, 193].contains(&byte) {
                    header.set_i32(byte, (trace * 1000 + byte) as i32);
                }
            }
            header.set_i16(71, -10);
            header.set_i16(169, 3);
            header.set_i32(233, 77);
        });
        let (folder, path) = store(&fixture.bytes());
        let input = SegyFile::open(&path, &OpenOptions::default()).unwrap();
        let copy = folder.path().join("copy.sgy");
        let writer =
            SegyWriter::create(&copy, &FileHeaders::of(&input), 10, input.trace_count(), SampleFormat::Float32)
                .unwrap();
        for trace in 0..input.trace_count() {
            writer.write_trace(trace, &input.trace_header(trace).unwrap(), &[trace as f32; 10]).unwrap();
        }
        writer.finish().unwrap();
        let output = SegyFile::open(&copy, &OpenOptions::default()).unwrap();
        assert_eq!((output.endian(), output.format()), (Endian::Big, SampleFormat::Float32));
        assert_eq!(output.text(), input.text());
        assert_eq!(output.interval_us(), input.interval_us());
        assert_eq!(output.index().x(), input.index().x());
        for trace in 0..input.trace_count() {
            let (before, after) = (input.trace_header(trace).unwrap(), output.trace_header(trace).unwrap());
            assert_eq!(before.to_big_endian_bytes(), *after.bytes());
            let mut samples = [0.0; 10];
            output.read_trace(trace, &mut samples).unwrap();
            assert_eq!(samples, [trace as f32; 10]);
        }
    }
}

#[test]
fn a_writer_reproduces_a_file_byte_by_byte() {
    let mut fixture = Fixture::plain(&grid(1..4, 1..5));
    fixture.binary.set_i32(3297, 0x0102_0304);
    let (folder, path) = store(&fixture.bytes());
    let input = SegyFile::open(&path, &OpenOptions::default()).unwrap();
    let copy = folder.path().join("copy.sgy");
    let writer = SegyWriter::create(&copy, &FileHeaders::of(&input), 10, 12, input.format()).unwrap();
    let mut samples = [0.0; 10];
    for trace in 0..12 {
        input.read_trace(trace, &mut samples).unwrap();
        writer.write_trace(trace, &input.trace_header(trace).unwrap(), &samples).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&copy).unwrap());
}

fn headers() -> FileHeaders {
    FileHeaders {
        text: TextHeader::from_lines(&["A TEST"], TextEncoding::Ascii),
        binary: BinaryHeader::new(4, 2000, SampleFormat::Int8),
    }
}

#[test]
fn traces_left_out_are_counted_at_the_end_and_an_interrupted_file_is_continued() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parts.sgy");
    let create = || SegyWriter::create(&path, &headers(), 4, 200, SampleFormat::Int8).unwrap();
    let mut header = TraceHeader::new();
    header.set_i32(189, 1);
    let put = |writer: &SegyWriter, trace: u64| {
        let mut header = header.clone();
        header.set_i32(193, trace as i32 + 1);
        writer.write_trace(trace, &header, &[trace as f32 % 100.0; 4]).unwrap();
    };
    let writer = create();
    (0..200).filter(|trace| ![70, 150].contains(trace)).for_each(|trace| put(&writer, trace));
    match writer.finish().unwrap_err() {
        SegyError::Unwritten { first: 70, count: 2, .. } => {}
        error => panic!("{error:?}"),
    }
    let writer = SegyWriter::resume(&path, &headers(), 4, 200, SampleFormat::Int8).unwrap();
    [70, 150].into_iter().for_each(|trace| put(&writer, trace));
    writer.finish().unwrap();
    let resumed = std::fs::read(&path).unwrap();
    let writer = create();
    (0..200).for_each(|trace| put(&writer, trace));
    writer.finish().unwrap();
    assert_eq!(resumed, std::fs::read(&path).unwrap());

    let error = SegyWriter::resume(&path, &headers(), 5, 200, SampleFormat::Int8).unwrap_err();
    assert!(matches!(error, SegyError::NotResumable { .. }), "{error:?}");
}

#[test]
fn what_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.sgy");
    let writer = SegyWriter::create(&path, &headers(), 4, 2, SampleFormat::Int8).unwrap();
    let header = TraceHeader::new();
    for (trace, samples) in [(2, &[0.0; 4][..]), (0, &[0.0; 3]), (1, &[0.0, 0.0, 128.0, 0.0])] {
        let error = writer.write_trace(trace, &header, samples).unwrap_err();
        message(&error, Some(&path));
        let expected = match error {
            SegyError::OutOfRange { index: 2, count: 2, .. } => trace == 2,
            SegyError::BufferLength { expected: 4, actual: 3, .. } => trace == 0,
            SegyError::Unrepresentable { trace: 1, sample: 2, value: 128.0, code: 8, .. } => trace == 1,
            _ => false,
        };
        assert!(expected, "{error:?}");
    }
    for (samples, traces) in [(0, 1), (1 << 31, 1), (1, 0), (1, 1 << 32), ((1 << 31) - 1, (1 << 32) - 2)] {
        let error = SegyWriter::create(&path, &headers(), samples, traces, SampleFormat::Float64).unwrap_err();
        assert!(matches!(error, SegyError::HeaderRange { .. }), "{error:?}");
    }
    let error = SegyWriter::create(folder.path(), &headers(), 1, 1, SampleFormat::Float32).unwrap_err();
    assert!(message(&error, Some(folder.path())).contains("a directory"));
    let error = SegyWriter::create(folder.path().join("no/such.sgy"), &headers(), 1, 1, SampleFormat::Float32);
    assert!(matches!(error.unwrap_err(), SegyError::Io { action: "create", .. }));
}

#[test]
fn a_cube_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cube.sgy");
    std::fs::write(&path, b"what was there").unwrap();
    let good = spec(SampleFormat::Int8);
    let bad_value = write_cube(&path, &good, |i, _, samples| samples[0] = if i == 3 { 1e6 } else { 0.0 });
    assert!(matches!(bad_value, Err(SegyError::Unrepresentable { .. })));
    let mut far = good.clone();
    far.map.as_mut().unwrap().origin[1] = 6e7;
    assert!(matches!(write_cube(&path, &far, fill(&far)), Err(SegyError::HeaderRange { .. })));
    let mut wide = good.clone();
    wide.inline.step = i32::MAX;
    assert!(matches!(write_cube(&path, &wide, fill(&wide)), Err(SegyError::HeaderRange { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"what was there");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_mapped_file_can_be_replaced_by_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (spec, path) = (spec(SampleFormat::Float32), folder.path().join("cube.sgy"));
    write_cube(&path, &spec, fill(&spec)).unwrap();
    let file = SegyFile::open(&path, &OpenOptions::default()).unwrap();
    write_cube(&path, &spec, |_, _, samples| samples.fill(1.0)).unwrap();
    SegyWriter::create(&path, &headers(), 4, 2, SampleFormat::Int8).unwrap();
    expect_cube(&file, &grid((0..5).map(|i| 100 + 2 * i), 300..307));
}

#[test]
fn more_samples_than_sixteen_bits_count_take_revision_two() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.sgy");
    let spec = CubeSpec { samples: 70_001, map: None, ..spec(SampleFormat::Int8) };
    write_cube(&path, &spec, fill(&spec)).unwrap();
    let file = SegyFile::open(&path, &OpenOptions::default()).unwrap();
    assert_eq!((file.samples(), file.revision()), (70_001, (2, 0)));
    assert_eq!(file.warnings(), [Warning::NoCoordinates]);
    let mut samples = vec![0.0; 70_001];
    file.read_trace(34, &mut samples).unwrap();
    assert_eq!(samples[70_000], amplitude(108, 306, 70_000));
}

#[cfg(unix)]
#[test]
fn offsets_beyond_thirty_two_bits_hold() {
    use std::os::unix::fs::FileExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sparse.sgy");
    // 5 GB that take a few blocks on disk.
    let (samples, traces) = (1_200_000, 1000);
    let binary = BinaryHeader::new(samples, 4000, SampleFormat::Float32);
    let headers = FileHeaders { binary, ..headers() };
    let writer = SegyWriter::create(&path, &headers, samples, traces, SampleFormat::Float32).unwrap();
    let raw = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let mut header = TraceHeader::new();
    header.set_i32(189, 7);
    for trace in 0..traces {
        header.set_i32(193, trace as i32 + 1);
        raw.write_all_at(header.bytes(), 3600 + trace * (240 + 4 * samples as u64)).unwrap();
    }
    writer.write_trace(traces - 1, &header, &vec![2.5; samples]).unwrap();
    drop(writer);
    let options = OpenOptions::default();
    let file = SegyFile::open(&path, &options).unwrap();
    assert!(file.file_bytes() > 1 << 32);
    assert_eq!((file.trace_count(), file.survey().crossline.count), (traces, traces as usize));
    let mut values = vec![0.0; samples];
    file.read_trace(traces - 1, &mut values).unwrap();
    assert!(values.iter().all(|&value| value == 2.5));
}

//! HDF5 and SEG-Y volumes of one interpretation: equal to each other voxel for voxel, and true to their input's headers.
//!
//! `tests/peers/check_outputs.py` has this test leave its files in `FACIES_PEER_FOLDER` and reads them with other
//! people's libraries.

use std::fs;
use std::path::{Path, PathBuf};

use facies::export::{
    CubeDescription, Hdf5Options, Hdf5Sink, Provenance, SegyOptions, SegySink, SourceHeaders, exact_positions,
};
use facies::grid::{ClassTable, Domain, Geometry, LineAxis, Plane, Section, UNLABELLED, VerticalAxis};
use facies::predict::{Outputs, PredictedSection, SectionSink, Uncertainty};
use facies::volume::LiveTraces;
use ndarray::{Array2, Array3, s};
use segy_rs::{
    BinaryHeader, Duplicates, Endian, OpenOptions, SampleFormat, SegyFile, TextEncoding, TextHeader, TraceHeader,
};

const CLASSES: usize = 4;

/// One input and how it is interpreted.
struct Case {
    name: &'static str,
    input: PathBuf,
    options: OpenOptions,
    plane: Plane,
    /// Sections without an interpretation at either end.
    margin: usize,
}

#[test]
fn volumes_agree_and_keep_the_headers_of_their_input() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("FACIES_PEER_FOLDER").map_or(scratch.path().to_owned(), PathBuf::from);
    for case in cases(scratch.path()) {
        let folder = folder.join(case.name);
        fs::create_dir_all(folder.join(".partial")).unwrap();
        export(&case, &folder);
        check(&case, &folder);
        let bytes = case.options.clone();
        let given = [
            ("inline", bytes.inline_byte),
            ("crossline", bytes.crossline_byte),
            ("x", bytes.x_byte),
            ("y", bytes.y_byte),
        ];
        let arguments: Vec<String> =
            given.iter().filter_map(|(name, byte)| byte.map(|byte| format!("--{name}-byte={byte}"))).collect();
        fs::write(folder.join("arguments"), arguments.join("\n")).unwrap();
        if std::env::var_os("FACIES_PEER_FOLDER").is_some() {
            fs::copy(&case.input, folder.join("input.sgy")).unwrap();
        }
    }
}

fn cases(scratch: &Path) -> Vec<Case> {
    let irregular = scratch.join("irregular.sgy");
    write_irregular_little_endian(&irregular);
    let options = OpenOptions {
        inline_byte: Some(17),
        crossline_byte: Some(233),
        x_byte: Some(205),
        y_byte: Some(197),
        duplicates: Duplicates::First,
        ..OpenOptions::default()
    };
    let mut cases = vec![Case { name: "irregular", input: irregular, options, plane: Plane::Crossline, margin: 1 }];
    let data = std::env::var_os("FACIES_DATA").map_or(PathBuf::from("../shared/data"), PathBuf::from);
    for (name, file, plane, margin) in [
        ("f3-block", "f3/block_il300-399_xl600-699.sgy", Plane::Inline, 0),
        ("f3-block-crosslines", "f3/block_il300-399_xl600-699.sgy", Plane::Crossline, 17),
        ("f3-original", "f3/original_crop.sgy", Plane::Inline, 0),
        ("penobscot", "penobscot/penobscot_il1075-1110.sgy", Plane::Inline, 3),
    ] {
        let input = data.join(file);
        if input.exists() {
            cases.push(Case { name, input, options: OpenOptions::default(), plane, margin });
        } else {
            println!("skipped {name}: {} is not there; set FACIES_DATA", input.display());
        }
    }
    cases
}

/// Little endian, traces in no order, one missing, one dead, one twice, one nowhere; line numbers and coordinates at odd
/// bytes; a weight that multiplies samples by 8, a time scalar, and no byte of a trace header 0.
fn write_irregular_little_endian(path: &Path) {
    let samples = 7;
    let mut binary = BinaryHeader::from_bytes([0; 400], Endian::Little);
    for (byte, value) in [(3217, 2000), (3221, samples as i16), (3225, 5), (3255, 2), (3503, 1)] {
        binary.set_i16(byte, value);
    }
    let mut bytes = binary.bytes().to_vec();
    bytes[300] = 1;
    bytes[301] = 0;
    let mut file = TextHeader::from_lines(&["A TEST"], TextEncoding::Ascii).bytes().to_vec();
    file.extend(bytes);
    let lines = [(30, 7), (10, 5), (20, 6), (10, 7), (30, 5), (20, 5), (20, 5), (20, 7), (10, 6), (30, 8), (10, 8)];
    for (trace, (inline, crossline)) in lines.into_iter().enumerate() {
        let mut header = TraceHeader::from_bytes(std::array::from_fn(|at| at as u8 | 1), Endian::Little);
        header.set_i32(17, inline);
        header.set_i32(233, crossline);
        header.set_i32(205, 60_000_000 + 31 * inline + trace as i32);
        header.set_i32(197, 600_000_000 + 29 * crossline);
        for (byte, value) in [(71, -100), (109, 125), (115, samples as i16), (117, 2000), (169, 3), (215, -10)] {
            header.set_i16(byte, value);
        }
        file.extend(header.bytes());
        file.extend((0..samples).flat_map(|sample| ((trace * 10 + sample) as f32).to_le_bytes()));
    }
    fs::write(path, file).unwrap();
}

fn export(case: &Case, folder: &Path) {
    let source = SegyFile::open(&case.input, &case.options).unwrap();
    let cube = describe(case, &source);
    let partial = folder.join(".partial");
    let hdf5 = Hdf5Options {
        outputs: Outputs { probability: true, confidence: true, uncertainty: [true; Uncertainty::ALL.len()] },
        positions: exact_positions(&source, &cube.geometry),
        ..Hdf5Options::default()
    };
    let mut sinks: Vec<Box<dyn SectionSink + '_>> = vec![
        Box::new(Hdf5Sink::create(&folder.join("facies.h5"), &partial, &cube, &hdf5).unwrap()),
        Box::new(
            SegySink::create(&folder.join("facies.sgy"), &partial, &cube, Some(&source), &SegyOptions::default())
                .unwrap(),
        ),
    ];
    for index in case.margin..cube.geometry.section_axis(case.plane).count - case.margin {
        let section = interpret(&cube, Section { plane: case.plane, index });
        sinks.iter_mut().for_each(|sink| sink.write(&section).unwrap());
    }
    sinks.into_iter().for_each(|sink| assert_eq!(sink.finish().unwrap().len(), 1));
    assert_eq!(fs::read_dir(partial).unwrap().count(), 0);
}

fn describe(case: &Case, source: &SegyFile) -> CubeDescription {
    let survey = source.survey();
    let axis =
        |numbers: segy_rs::LineNumbers| LineAxis { first: numbers.first, step: numbers.step, count: numbers.count };
    let geometry = Geometry {
        inline: axis(survey.inline),
        crossline: axis(survey.crossline),
        vertical: VerticalAxis {
            domain: Domain::Time,
            start: source.start_ms(),
            step: source.interval_us() / 1000.0,
            count: source.samples(),
        },
        xy_from_grid: None,
    };
    let live = Array2::from_shape_fn((survey.inline.count, survey.crossline.count), |(i, j)| {
        survey.trace_at(i, j).is_some() && (i + 2 * j) % 13 != 5
    });
    CubeDescription {
        geometry,
        plane: case.plane,
        classes: ClassTable::from_names(["salt", "high amplitude", "dips", "else"]).unwrap(),
        live_traces: LiveTraces::new(live),
        provenance: Provenance {
            title: case.name.to_owned(),
            source_file: case.input.file_name().unwrap().to_string_lossy().into_owned(),
            source_headers: Some(SourceHeaders::of(source)),
            ..Provenance::default()
        },
    }
}

/// Made-up probabilities, one clearly the largest, on the live traces of a section.
fn interpret(cube: &CubeDescription, section: Section) -> PredictedSection {
    let [traces, samples] = cube.geometry.section_shape(section.plane);
    let mut codes = Array2::from_elem((traces, samples), UNLABELLED);
    let mut confidence = Array2::zeros((traces, samples));
    let mut probability = Array3::zeros((CLASSES, traces, samples));
    for trace in 0..traces {
        let [inline, crossline] = section.cell(trace);
        if !cube.live_traces.is_live(inline, crossline) {
            continue;
        }
        for sample in 0..samples {
            let best = (inline / 2 + crossline * 2 + sample / 2) % CLASSES;
            let weight = |class: usize| {
                if class == best { 20.0 } else { ((inline + crossline * 3 + sample + class) % 7) as f32 }
            };
            let sum: f32 = (0..CLASSES).map(weight).sum();
            (0..CLASSES).for_each(|class| probability[[class, trace, sample]] = weight(class) / sum);
            codes[[trace, sample]] = best as u8;
            confidence[[trace, sample]] = weight(best) / sum;
        }
    }
    let uncertainty = Uncertainty::ALL.map(|which| (which, confidence.mapv(|value: f32| value / 2.0))).to_vec();
    PredictedSection { section, codes, confidence: Some(confidence), probability: Some(probability), uncertainty }
}

fn check(case: &Case, folder: &Path) {
    let name = case.name;
    let source = SegyFile::open(&case.input, &case.options).unwrap();
    // The headers found out by the reader, not told.
    let given = OpenOptions { duplicates: Duplicates::First, ..OpenOptions::default() };
    let output = SegyFile::open(folder.join("facies.sgy"), &given).unwrap();
    assert_eq!(output.endian(), Endian::Big, "{name}");
    assert_eq!((output.revision(), output.format()), ((1, 0), SampleFormat::Float32), "{name}");
    assert_eq!(output.trace_count(), source.trace_count(), "{name}");
    assert_eq!(
        (output.samples(), output.start_ms(), output.interval_us()),
        (source.samples(), source.start_ms(), source.interval_us()),
        "{name}"
    );
    assert_eq!(
        (output.survey().inline, output.survey().crossline),
        (source.survey().inline, source.survey().crossline),
        "{name}"
    );
    assert_eq!(output.binary_header().get_i16(3255), source.binary_header().get_i16(3255), "{name}");

    let facies: Array3<u8> =
        hdf5::File::open(folder.join("facies.h5")).unwrap().dataset("facies").unwrap().read().unwrap();
    let cube = describe(case, &source);
    let mut samples = vec![0.0; output.samples()];
    for trace in 0..output.trace_count() {
        check_header(name, trace, &source, &output);
        output.read_trace(trace, &mut samples).unwrap();
        match source.survey().cell_of(trace) {
            Some((inline, crossline)) => {
                let expected = facies.slice(s![inline, crossline, ..]);
                assert!(samples.iter().zip(expected).all(|(&a, &b)| a == f32::from(b)), "{name}: trace {trace}");
            }
            None => assert!(samples.iter().all(|&sample| sample == 0.0), "{name}: trace {trace}"),
        }
    }
    for index in 0..cube.geometry.section_axis(case.plane).count {
        let section = Section { plane: case.plane, index };
        let skipped = index < case.margin || index + case.margin >= cube.geometry.section_axis(case.plane).count;
        for (trace, codes) in interpret(&cube, section).codes.outer_iter().enumerate() {
            let [inline, crossline] = section.cell(trace);
            let written = facies.slice(s![inline, crossline, ..]);
            let expected = codes.mapv(|code| if skipped || code == UNLABELLED { 0 } else { code + 1 });
            assert_eq!(written, expected, "{name}: {section:?}, trace {trace}");
        }
    }
}

/// Every two bytes of a trace header are either set for a stated reason or as they were.
fn check_header(name: &str, trace: u64, source: &SegyFile, output: &SegyFile) {
    let header = output.trace_header(trace).unwrap();
    let before = source.trace_header(trace).unwrap();
    let (index, at) = (source.index(), trace as usize);
    let mut expected = TraceHeader::from_bytes(before.to_big_endian_bytes(), Endian::Big);
    for (byte, value) in
        [(9, index.inline()[at]), (189, index.inline()[at]), (21, index.crossline()[at]), (193, index.crossline()[at])]
    {
        expected.set_i32(byte, value);
    }
    if index.has_coordinates() {
        for (byte, value) in [(73, index.x()[at]), (181, index.x()[at]), (77, index.y()[at]), (185, index.y()[at])] {
            expected.set_i32(byte, value);
        }
    }
    for (byte, value) in [(29, 1), (89, 1), (169, 0)] {
        expected.set_i16(byte, value);
    }
    expected.set_u16(115, source.samples() as u16);
    assert_eq!(header.bytes(), expected.bytes(), "{name}: header of trace {trace}");
}

//! Real surveys, where their folder is at hand.

use std::path::PathBuf;

use segy_rs::{Access, OpenOptions, SampleFormat, SegyFile, TextEncoding, Warning};

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("FACIES_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no real data in {}; set FACIES_DATA", folder.display());
    None
}

#[test]
fn real_surveys_open_without_options() {
    let Some(data) = data() else { return };
    for (name, format, shape, first, start_ms, warnings) in [
        ("f3/block_il300-399_xl600-699.sgy", SampleFormat::Float32, [100, 100, 100], [300, 600], 1204.0, 0),
        ("f3/inline_339_digitised.sgy", SampleFormat::Float32, [1, 951, 462], [339, 300], 4.0, 0),
        ("f3/original_crop.sgy", SampleFormat::Int16, [23, 18, 75], [111, 875], 4.0, 1),
        ("penobscot/penobscot_il1075-1110.sgy", SampleFormat::Int16, [36, 481, 1501], [1075, 1000], 0.0, 1),
        ("penobscot/crossline_1155_original.sgy", SampleFormat::IbmFloat32, [601, 1, 1501], [1000, 1155], 0.0, 0),
    ] {
        for access in [Access::Map, Access::Read] {
            let file = SegyFile::open(data.join(name), &OpenOptions { access, ..Default::default() }).unwrap();
            let survey = file.survey();
            assert_eq!(file.format(), format, "{name}");
            assert_eq!([survey.inline.count, survey.crossline.count, file.samples()], shape, "{name}");
            assert_eq!([survey.inline.first, survey.crossline.first], first, "{name}");
            assert_eq!([survey.inline.step, survey.crossline.step], [1, 1], "{name}");
            assert_eq!((survey.missing, file.start_ms(), file.interval_us()), (0, start_ms, 4000.0), "{name}");
            assert_eq!(file.warnings().len(), warnings, "{name}: {:?}", file.warnings());
        }
    }
}

#[test]
fn the_untouched_piece_of_f3_reads_as_its_length_says() {
    let Some(data) = data() else { return };
    let file = SegyFile::open(data.join("f3/original_crop.sgy"), &OpenOptions::default()).unwrap();
    assert_eq!(file.warnings(), [Warning::SampleCounts { binary: 75, trace: 462, used: 75 }]);
    assert_eq!((file.index().x()[413], file.index().y()[413]), (6_206_067, 60_747_945));
    assert_eq!(file.text().encoding(), TextEncoding::Ebcdic);
}

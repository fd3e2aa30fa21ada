//! What is no readable SEG-Y file, and requests that a file cannot serve: always an error, never a panic.

use segy_rs::{Access, Endian, OpenOptions, SampleFormat, SegyError, SegyFile, Truncated};

use crate::fixture::{Fixture, grid, message, open, store};

#[test]
fn files_cut_off_anywhere_in_the_first_trace_end_in_an_error() {
    let whole = Fixture::plain(&grid(1..4, 1..4)).bytes();
    for access in [Access::Map, Access::Read] {
        for truncated in [Truncated::Error, Truncated::KeepWhole] {
            let options = OpenOptions { access, truncated, ..Default::default() };
            for length in [0, 1, 100, 3199, 3200, 3599, 3600, 3601, 3700, 3839, 3840, 3879] {
                let (_folder, path) = store(&whole[..length]);
                let error = SegyFile::open(&path, &options).unwrap_err();
                message(&error, Some(&path));
                let expected = match error {
                    SegyError::TooShort { bytes, .. } => length < 3600 && bytes == length as u64,
                    SegyError::NoTraces { offset: 3600, .. } => length == 3600,
                    SegyError::Truncated { trace: 0, offset: 3600, present, .. } => present == length as u64 - 3600,
                    _ => false,
                };
                assert!(expected, "{length}: {error:?}");
            }
        }
    }
}

#[test]
fn other_kinds_of_file_are_named() {
    let text = b"inline crossline time\n100 200 4\n".repeat(200);
    let mut su = Fixture::plain(&grid(1..4, 1..4)).bytes();
    su.drain(..3600);
    su.resize(280 * 40, 0);
    let labelled = [b"   1SY1.0RECORD".to_vec(), vec![b' '; 113], Fixture::plain(&grid(1..4, 1..4)).bytes()].concat();
    for (bytes, word) in [
        (text.clone(), "text file"),
        (text[..50].to_vec(), "text file"),
        (b"\x89PNG\r\n\x1a\n____".to_vec(), "PNG"),
        ([b"\x89HDF\r\n\x1a\n".to_vec(), vec![0; 9000]].concat(), "HDF5"),
        ([b"PK\x03\x04".to_vec(), vec![7; 9000]].concat(), "ZIP"),
        ([b"\x1f\x8b".to_vec(), vec![7; 9000]].concat(), "unpack"),
        (su, "Seismic Unix"),
        (labelled, "tape label"),
        (vec![0; 20_000], "sample format 0"),
        (vec![0xff; 20_000], "sample format -1"),
    ] {
        let (_folder, path) = store(&bytes);
        let error = SegyFile::open(&path, &OpenOptions::default()).unwrap_err();
        let message = message(&error, Some(&path));
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn what_is_not_a_regular_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = SegyFile::open(folder.path(), &OpenOptions::default()).unwrap_err();
    assert!(message(&error, Some(folder.path())).contains("a directory"));
    let absent = folder.path().join("absent.sgy");
    let error = SegyFile::open(&absent, &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, SegyError::Io { action: "open", .. }));
    message(&error, Some(&absent));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_without_waiting_and_a_link_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = SegyFile::open(&pipe, &OpenOptions::default()).unwrap_err();
    assert!(message(&error, Some(&pipe)).contains("a pipe"));

    let (_held, path) = store(&Fixture::plain(&grid(1..4, 1..4)).bytes());
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    let link = folder.path().join("link.sgy");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_eq!(SegyFile::open(&link, &OpenOptions::default()).unwrap().trace_count(), 9);
}

#[test]
fn a_file_that_shrinks_while_open_is_an_error() {
    let (_folder, path) = store(&Fixture::plain(&grid(1..20, 1..20)).bytes());
    for access in [Access::Map, Access::Read] {
        let file = SegyFile::open(&path, &OpenOptions { access, ..Default::default() }).unwrap();
        let before = std::fs::read(&path).unwrap();
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(3600).unwrap();
        let mut section = vec![0.0; 19 * 10];
        for error in [
            file.read_inline(3, &mut section).unwrap_err(),
            file.read_crossline(3, &mut section).unwrap_err(),
            file.read_trace(3, &mut section[..10]).unwrap_err(),
            file.read_time_slice(3, &mut [0.0; 19 * 19]).unwrap_err(),
            file.trace_header(3).unwrap_err(),
        ] {
            assert!(matches!(error, SegyError::Changed { actual: 3600, .. }), "{error:?}");
        }
        std::fs::write(&path, before).unwrap();
    }
}

#[test]
fn requests_beyond_the_survey_are_refused() {
    let opened = Fixture::plain(&grid(1..4, 1..5)).open(&OpenOptions::default()).unwrap();
    let file = &opened.file;
    for (error, what, count) in [
        (file.read_inline(3, &mut [0.0; 40]), "inline index", 3),
        (file.read_crossline(4, &mut [0.0; 30]), "crossline index", 4),
        (file.read_time_slice(10, &mut [0.0; 12]), "sample", 10),
        (file.read_trace(12, &mut [0.0; 10]), "trace", 12),
        (file.read_traces(11, &mut [0.0; 20]), "trace", 12),
        (file.read_traces(u64::MAX, &mut [0.0; 20]), "trace", 12),
        (file.trace_header(u64::MAX).map(|_| ()), "trace", 12),
    ] {
        match error.unwrap_err() {
            SegyError::OutOfRange { what: w, count: c, .. } => assert_eq!((w, c), (what, count)),
            error => panic!("{error:?}"),
        }
    }
    for length in [0, 39, 41] {
        let error = file.read_inline(0, &mut vec![0.0; length]).unwrap_err();
        assert!(matches!(error, SegyError::BufferLength { expected: 40, .. }));
    }
    assert!(file.read_traces(0, &mut [0.0; 15]).is_err());
    assert_eq!((file.survey().trace_at(3, 0), file.survey().trace_at(0, 4)), (None, None));
    assert_eq!(file.survey().cell_of(12), None);
}

#[test]
fn consecutive_traces_are_read_together() {
    let opened =
        Fixture::new(Endian::Little, SampleFormat::Int16, &grid(1..4, 1..5)).open(&OpenOptions::default()).unwrap();
    let mut together = vec![0.0; 5 * 10];
    opened.file.read_traces(4, &mut together).unwrap();
    for trace in 0..5 {
        let mut alone = [0.0; 10];
        opened.file.read_trace(4 + trace as u64, &mut alone).unwrap();
        assert_eq!(together[trace * 10..(trace + 1) * 10], alone);
    }
    opened.file.read_traces(0, &mut []).unwrap();
}

#[test]
fn a_sparse_file_of_terabytes_allocates_nothing_before_it_is_understood() {
    let (_folder, path) = store(&Fixture::plain(&grid(1..4, 1..4)).bytes());
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    // 2^32 traces and more: refused by their number.
    file.set_len(3600 + 280 * (1 << 32)).unwrap();
    let options = OpenOptions { access: Access::Read, ..Default::default() };
    let error = SegyFile::open(&path, &options).unwrap_err();
    assert!(matches!(error, SegyError::TooManyTraces { .. }), "{error:?}");
    // A thousand million traces, nearly all of them zero: refused by what a sample of them holds.
    file.set_len(3600 + 280 * 1_000_000_000).unwrap();
    let error = SegyFile::open(&path, &options).unwrap_err();
    assert!(matches!(error, SegyError::NoLineNumbers { .. }), "{error:?}");
}

#[test]
fn errors_name_the_remedy() {
    let error = open(&Fixture::plain(&[(1, 1), (1, 1), (1, 2)]).bytes(), &OpenOptions::default()).unwrap_err();
    let message = message(&error, None);
    assert!(message.contains("traces 0 and 1") && message.contains("choose which duplicate"), "{message}");
}

//! Where traces lie: orders, steps, gaps, duplicates, coordinates.

use segy_rs::{DEAD_TRACE, Duplicates, OpenOptions, SegyError, Sorting, Warning};

use crate::fixture::{Fixture, amplitude, expect_cube, grid};

/// A fixed permutation.
fn shuffled(mut crossings: Vec<(i32, i32)>) -> Vec<(i32, i32)> {
    let mut state = 12_345_u64;
    for at in (1..crossings.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        crossings.swap(at, (state >> 33) as usize % (at + 1));
    }
    crossings
}

#[test]
fn every_order_and_step_gives_the_same_cube() {
    for (inline_step, crossline_step) in [(1, 1), (2, 5), (7, 1)] {
        let inlines = (0..6).map(|i| 100 + i * inline_step);
        let crosslines = (0..7).map(|j| 300 + j * crossline_step);
        let by_inline = grid(inlines.clone(), crosslines.clone());
        let mut by_crossline = by_inline.clone();
        by_crossline.sort_by_key(|&(inline, crossline)| (crossline, inline));
        let reversed = |crossings: &[(i32, i32)]| crossings.iter().rev().copied().collect::<Vec<_>>();
        for (crossings, sorting) in [
            (by_inline.clone(), Sorting::Inline),
            (by_crossline.clone(), Sorting::Crossline),
            (reversed(&by_inline), Sorting::Inline),
            (reversed(&by_crossline), Sorting::Crossline),
            (grid(inlines.clone(), crosslines.clone().rev()), Sorting::Inline),
            (grid(inlines.clone().rev(), crosslines.clone()), Sorting::Inline),
            (shuffled(by_inline.clone()), Sorting::Irregular),
        ] {
            let opened = Fixture::plain(&crossings).expect_cube(&OpenOptions::default(), &by_inline);
            let survey = opened.file.survey();
            assert_eq!(survey.sorting, sorting);
            assert_eq!((survey.inline.first, survey.inline.step, survey.inline.count), (100, inline_step, 6));
            assert_eq!(
                (survey.crossline.first, survey.crossline.step, survey.crossline.count),
                (300, crossline_step, 7)
            );
            assert_eq!(survey.bytes.inline, 189);
        }
    }
}

#[test]
fn surveys_of_any_outline_are_read() {
    let full = grid(10..18, 20..27);
    let without = |missing: &dyn Fn(i32, i32) -> bool| -> Vec<_> {
        full.iter().copied().filter(|&(inline, crossline)| !missing(inline, crossline)).collect()
    };
    for crossings in [
        without(&|inline, crossline| inline == 17 && crossline == 26),
        without(&|inline, crossline| (inline * 31 + crossline * 17) % 5 == 0),
        without(&|inline, crossline| crossline - 20 > inline - 10),
        without(&|inline, _| inline == 12),
        without(&|_, crossline| crossline == 22),
        grid([339], 300..340),
        grid(1000..1030, [1155]),
        vec![(5, 9)],
        grid(-3..4, -5..3),
        grid(0..5, 0..6),
    ] {
        Fixture::plain(&crossings).expect_cube(&OpenOptions::default(), &crossings);
    }
}

#[test]
fn a_line_without_any_trace_is_a_gap_in_the_frame() {
    let crossings: Vec<_> = grid([1, 2, 3, 5, 6], 1..6);
    let opened = Fixture::plain(&crossings).expect_cube(&OpenOptions::default(), &crossings);
    assert_eq!((opened.file.survey().inline.count, opened.file.survey().missing), (6, 5));
}

#[test]
fn duplicates_follow_the_policy() {
    let mut crossings = grid(1..5, 1..5);
    crossings.push((2, 3));
    crossings.push((4, 4));
    let mut fixture = Fixture::plain(&crossings);
    for trace in [16, 17] {
        fixture.traces[trace].2.fill(-7.0);
    }
    match fixture.open(&OpenOptions::default()).unwrap_err() {
        SegyError::Duplicates { first: 6, second: 16, inline: 2, crossline: 3, count: 2, .. } => {}
        error => panic!("{error:?}"),
    }
    for (duplicates, trace, value) in [(Duplicates::First, 6, amplitude(2, 3, 0)), (Duplicates::Last, 16, -7.0)] {
        let opened = fixture.open(&OpenOptions { duplicates, ..Default::default() }).unwrap();
        let survey = opened.file.survey();
        assert_eq!((survey.trace_at(1, 2), survey.duplicates, survey.missing), (Some(trace), 2, 0));
        assert_eq!((survey.cell_of(6), survey.cell_of(16)), (Some((1, 2)), Some((1, 2))));
        let mut slice = [0.0; 16];
        opened.file.read_time_slice(0, &mut slice).unwrap();
        assert_eq!(slice[4 + 2], value);
        assert!(opened.file.warnings().contains(&Warning::Duplicates { traces: 2 }));
    }
}

#[test]
fn gathers_are_refused_as_duplicates() {
    let crossings: Vec<_> = grid(1..5, 1..5).into_iter().flat_map(|crossing| [crossing; 6]).collect();
    let error = Fixture::plain(&crossings).open(&OpenOptions::default()).unwrap_err();
    assert!(matches!(error, SegyError::Duplicates { count: 80, .. }), "{error:?}");
}

#[test]
fn padding_traces_without_numbers_lie_nowhere() {
    let survey = grid(100..105, 200..206);
    let mut crossings = survey.clone();
    crossings.extend([(0, 0), (0, 0), (0, 0)]);
    let opened = Fixture::plain(&crossings).expect_cube(&OpenOptions::default(), &survey);
    assert!(opened.file.warnings().contains(&Warning::Unplaced { traces: 3, first: 30 }));
    assert_eq!(opened.file.survey().cell_of(31), None);
    let mut values = [0.0; 10];
    opened.file.read_trace(32, &mut values).unwrap();
}

#[test]
fn one_damaged_header_does_not_ask_for_a_huge_frame() {
    for (damaged, at) in [((i32::MAX, 203), 7), ((i32::MIN, i32::MAX), 0), ((103, 2_000_000_000), 29)] {
        let mut crossings = grid(100..105, 200..206);
        crossings[at] = damaged;
        match Fixture::plain(&crossings).open(&OpenOptions::default()).unwrap_err() {
            SegyError::Sparse { trace, traces: 30, .. } => assert_eq!(trace, at as u64),
            error => panic!("{error:?}"),
        }
    }
}

#[test]
fn dead_traces_are_told_by_their_code() {
    let crossings = grid(1..4, 1..4);
    let fixture = Fixture::plain(&crossings).each_header(|trace, header| {
        header.set_i16(29, if trace == 4 { DEAD_TRACE } else { 1 });
    });
    let opened = fixture.expect_cube(&OpenOptions::default(), &crossings);
    let dead: Vec<_> = opened.file.index().identification().iter().map(|&code| code == DEAD_TRACE).collect();
    assert_eq!(dead.iter().position(|&dead| dead), Some(4));
    assert_eq!(dead.iter().filter(|&&dead| dead).count(), 1);
}

#[test]
fn coordinates_are_exact_wherever_they_are() {
    let crossings = grid(1..4, 1..4);
    for (x_byte, y_byte) in [(181, 185), (73, 77), (81, 85)] {
        for scalar in [1, 0, -1, 10, -10, -100, -1000] {
            let fixture = Fixture::plain(&crossings).each_header(|trace, header| {
                header.set_i32(x_byte, -6_206_067 - trace as i32);
                header.set_i32(y_byte, 60_747_945 + trace as i32);
                header.set_i16(71, scalar);
            });
            let opened = fixture.open(&OpenOptions::default()).unwrap();
            let index = opened.file.index();
            assert_eq!(usize::from(opened.file.survey().bytes.x), x_byte);
            assert_eq!((index.x()[8], index.y()[0], index.scalar()[3]), (-6_206_075, 60_747_945, scalar));
            let factor = match f64::from(scalar) {
                0.0 => 1.0,
                positive if positive > 0.0 => positive,
                negative => -1.0 / negative,
            };
            let [x, y] = index.xy(0).unwrap();
            assert!((x + 6_206_067.0 * factor).abs() < 1e-6 && (y - 60_747_945.0 * factor).abs() < 1e-6);
            assert_eq!(index.xy(9), None);
            assert!(opened.file.warnings().is_empty(), "{:?}", opened.file.warnings());
        }
    }
}

#[test]
fn absent_and_varying_coordinates_are_pointed_out() {
    let crossings = grid(1..4, 1..4);
    let opened = Fixture::plain(&crossings).open(&OpenOptions::default()).unwrap();
    assert_eq!(opened.file.warnings(), [Warning::NoCoordinates]);
    let varying = Fixture::plain(&crossings).each_header(|trace, header| {
        header.set_i32(181, 1 + trace as i32);
        header.set_i16(71, if trace < 3 { -10 } else { -100 });
    });
    assert_eq!(varying.open(&OpenOptions::default()).unwrap().file.warnings(), [Warning::VaryingScalar]);
}

#[test]
fn a_large_survey_is_found_from_a_sample_of_its_traces() {
    // More than are looked at whole, and the lines of the sampled runs have common divisors that the survey has not.
    let crossings = grid(1..=200, 1..=100);
    let fixture = Fixture::plain(&crossings).lines_at(9, 21);
    let opened = fixture.open(&OpenOptions::default()).unwrap();
    let survey = opened.file.survey();
    assert_eq!((survey.bytes.inline, survey.bytes.crossline), (9, 21));
    assert_eq!((survey.inline.count, survey.crossline.count, survey.missing), (200, 100, 0));
    let small = grid(1..=3, 1..=4);
    expect_cube(&Fixture::plain(&small).open(&OpenOptions::default()).unwrap().file, &small);
}

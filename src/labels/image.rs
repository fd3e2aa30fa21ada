//! Painted sections: PNG pictures with one pixel per trace and sample.

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::Array2;

use super::code::{Code, code_of};
use super::picture::{Picture, Pixel};
use super::{LabelError, LabelReport, Labels, section_from_file_name};
use crate::grid::{ClassTable, Color, Plane, UNLABELLED};

/// How a picture becomes labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SectionImageOptions {
    /// Plane and line number; by default those in the file's name, such as `inline_339.png`.
    pub section: Option<(Plane, i32)>,
    /// Index of the first class in indexed and grey pictures: 0 or 1.
    pub base: u8,
    /// Class code of each colour. When empty, indexed and grey pictures hold codes, and RGB ones the colours of the
    /// class table.
    pub colors: Vec<(Color, u8)>,
}

/// Opacity from which on a pixel counts as painted.
const OPAQUE: u8 = 128;

/// How many of the colours that belong to no class a report names.
const COLORS_NAMED: usize = 3;

/// What a pixel says.
enum Painted {
    Class(u8),
    Nothing,
    UnknownIndex(u8),
    UnknownColor([u8; 3]),
}

/// Adds a painted section to `labels`: width = traces in the direction of rising index, height = samples, time or depth
/// downwards.
///
/// Transparent pixels and index 255 are unlabelled, and so are colours of no class, which the report counts. Pictures
/// are never resized.
///
/// # Errors
/// When the file is no PNG of the section's size, its section is unknown or off the survey, an index exceeds the class
/// table, two classes share a colour, or no pixel carries a class. `labels` is unchanged then.
pub fn read_section_image(
    path: &Path,
    options: &SectionImageOptions,
    classes: &ClassTable,
    labels: &mut Labels,
) -> Result<LabelReport, LabelError> {
    let named = options.section.or_else(|| section_from_file_name(path));
    let (plane, number) = named.ok_or_else(|| LabelError::SectionName { path: path.to_owned() })?;
    let geometry = labels.geometry();
    let title = format!("{} {number}", plane.name());
    let Some(section) = geometry.find_section(plane, number) else {
        let axis = geometry.section_axis(plane);
        return Err(LabelError::SectionOffSurvey {
            path: path.to_owned(),
            section: title,
            axis: if plane == Plane::Inline { "inlines" } else { "crosslines" },
            first: axis.first,
            last: axis.last(),
            step: axis.step,
        });
    };
    let expected = geometry.section_shape(plane);
    let picture = Picture::open(path)?;
    if picture.size.map(|side| side as usize) != expected {
        return Err(LabelError::ImageSize { path: path.to_owned(), section: title, actual: picture.size, expected });
    }
    let pixels = picture.pixels()?;
    let by_color = !options.colors.is_empty() || pixels.iter().all(|pixel| pixel.index.is_none());
    let colors = if by_color { color_codes(path, options, classes)? } else { BTreeMap::new() };

    let mut report = LabelReport::new(path, "pixels");
    report.read = pixels.len() as u64;
    let mut codes = Array2::from_elem(expected, UNLABELLED);
    let mut unknown_indices = BTreeMap::<u8, u64>::new();
    let mut unknown_colors = BTreeMap::<[u8; 3], u64>::new();
    for (place, pixel) in pixels.iter().enumerate() {
        match painted(pixel, options, classes, &colors) {
            Painted::Class(code) => codes[[place % expected[0], place / expected[0]]] = code,
            Painted::Nothing => report.unlabelled += 1,
            Painted::UnknownIndex(index) => *unknown_indices.entry(index).or_default() += 1,
            Painted::UnknownColor(color) => *unknown_colors.entry(color).or_default() += 1,
        }
    }
    if let Some((&index, &pixels)) = unknown_indices.first_key_value() {
        return Err(LabelError::UnknownIndex {
            path: path.to_owned(),
            index,
            pixels,
            others: unknown_indices.len() - 1,
            classes: classes.len(),
            base: options.base,
        });
    }
    report.unknown = unknown_colors.values().sum();
    report.unknown_colors = unknown_colors.into_iter().map(|(color, pixels)| (Color(color), pixels)).collect();
    report.unknown_colors.sort_by_key(|&(_, pixels)| std::cmp::Reverse(pixels));
    report.unknown_colors.truncate(COLORS_NAMED);
    if report.unlabelled + report.unknown == report.read {
        return Err(LabelError::NothingPainted { path: path.to_owned(), colors: report.describe_unknown_colors() });
    }
    report.add(labels.add_section(section, codes.view())?, classes);
    Ok(report)
}

/// Class code by colour: those of the options, or those of the class table.
fn color_codes(
    path: &Path,
    options: &SectionImageOptions,
    classes: &ClassTable,
) -> Result<BTreeMap<[u8; 3], u8>, LabelError> {
    let mut codes = BTreeMap::new();
    let of_table = classes.iter().zip(0..).map(|(class, code)| (class.color, code));
    let given: Vec<_> = if options.colors.is_empty() { of_table.collect() } else { options.colors.clone() };
    for (color, code) in given {
        let Some(class) = classes.get(code) else {
            return Err(LabelError::NoSuchClass { path: path.to_owned(), code, classes: classes.len() });
        };
        let before = codes.insert(color.0, code).filter(|&before| before != code);
        if let Some(first) = before.and_then(|before| classes.get(before)) {
            let (first, second) = (first.name.clone(), class.name.clone());
            return Err(LabelError::SharedColor { path: path.to_owned(), color, first, second });
        }
    }
    Ok(codes)
}

fn painted(
    pixel: &Pixel,
    options: &SectionImageOptions,
    classes: &ClassTable,
    colors: &BTreeMap<[u8; 3], u8>,
) -> Painted {
    if pixel.alpha < OPAQUE {
        return Painted::Nothing;
    }
    match pixel.index.filter(|_| options.colors.is_empty()) {
        Some(index) => match code_of(i64::from(index), options.base, classes) {
            Code::Class(code) => Painted::Class(code),
            Code::None => Painted::Nothing,
            Code::Unknown => Painted::UnknownIndex(index),
        },
        None => colors.get(&pixel.color).map_or(Painted::UnknownColor(pixel.color), |&code| Painted::Class(code)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use png::{BitDepth, ColorType};

    use super::*;
    use crate::grid::{FaciesClass, Section};
    use crate::labels::test_survey::{penobscot, survey};

    const RED: [u8; 3] = [255, 0, 0];
    const BLUE: [u8; 3] = [0, 0, 255];

    fn classes() -> ClassTable {
        let class = |name: &str, color| FaciesClass { name: name.to_owned(), color: Color(color) };
        ClassTable::new(vec![class("shale", RED), class("sand", BLUE)]).unwrap()
    }

    /// A PNG of `rows`, whose bytes are packed as the format wants them.
    struct Png {
        folder: tempfile::TempDir,
        path: PathBuf,
    }

    impl Png {
        fn new(name: &str, size: [u32; 2], color: ColorType, depth: BitDepth, bytes: &[u8], trns: &[u8]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            let mut encoder = png::Encoder::new(std::fs::File::create(&path).unwrap(), size[0], size[1]);
            encoder.set_color(color);
            encoder.set_depth(depth);
            if color == ColorType::Indexed {
                encoder.set_palette([[9, 9, 9], BLUE, RED, [7, 7, 7]].concat());
            }
            if !trns.is_empty() {
                encoder.set_trns(trns.to_vec());
            }
            encoder.write_header().unwrap().write_image_data(bytes).unwrap();
            Self { folder, path }
        }

        fn read(&self, options: &SectionImageOptions) -> (Result<LabelReport, LabelError>, Option<Array2<u8>>) {
            let mut labels = Labels::new(survey(4, 3, 2));
            let report = read_section_image(&self.path, options, &classes(), &mut labels);
            assert!(self.folder.path().exists());
            (report, labels.section(Section::inline(1)))
        }
    }

    /// Six pixels of inline 101: three traces, two samples.
    fn png(color: ColorType, depth: BitDepth, bytes: &[u8], trns: &[u8]) -> Png {
        Png::new("inline_101.png", [3, 2], color, depth, bytes, trns)
    }

    fn options() -> SectionImageOptions {
        SectionImageOptions::default()
    }

    #[test]
    fn every_kind_of_png_gives_the_same_labels() {
        let (r, b, w, n) = (&RED[..], &BLUE[..], &[255u8; 3][..], UNLABELLED);
        let rgb = |pixels: [&[u8]; 6]| pixels.concat();
        let rgba = |pixels: [(&[u8], u8); 6]| pixels.map(|(color, alpha)| [color, &[alpha]].concat()).concat();
        let by_color = SectionImageOptions { colors: vec![(Color(RED), 0), (Color(BLUE), 1)], ..options() };
        let from_one = SectionImageOptions { base: 1, ..options() };
        use BitDepth::{Eight, Four, One, Two};
        for (kind, png, options, unlabelled, unknown) in [
            ("grey", png(ColorType::Grayscale, Eight, &[0, 1, n, 1, n, 0], &[]), options(), 2, 0),
            ("grey from 1", png(ColorType::Grayscale, Eight, &[1, 2, 0, 2, n, 1], &[]), from_one.clone(), 2, 0),
            ("grey, keyed", png(ColorType::Grayscale, Four, &[0x01, 0x70, 0x17, 0x00], &[0, 7]), options(), 2, 0),
            (
                "grey, alpha",
                png(ColorType::GrayscaleAlpha, Eight, &[0, n, 1, n, 1, 0, 1, n, 0, 9, 0, n], &[]),
                options(),
                2,
                0,
            ),
            ("8 bits", png(ColorType::Indexed, Eight, &[0, 1, 3, 1, 3, 0], &[n, n, n, 0]), options(), 2, 0),
            ("4 bits", png(ColorType::Indexed, Four, &[0x12, 0x00, 0x20, 0x10], &[]), from_one.clone(), 2, 0),
            ("2 bits", png(ColorType::Indexed, Two, &[0b01_10_00_00, 0b10_00_01_00], &[]), from_one, 2, 0),
            ("palette colours", png(ColorType::Indexed, Two, &[0b10_01_00_00, 0b01_11_10_00], &[]), by_color, 0, 2),
            ("RGB", png(ColorType::Rgb, Eight, &rgb([r, b, w, b, w, r]), &[]), options(), 0, 2),
            (
                "RGB, keyed",
                png(ColorType::Rgb, Eight, &rgb([r, b, w, b, w, r]), &[0, 255, 0, 255, 0, 255]),
                options(),
                2,
                0,
            ),
            (
                "RGBA",
                png(ColorType::Rgba, Eight, &rgba([(r, n), (b, 200), (b, 0), (b, n), (w, 127), (r, n)]), &[]),
                options(),
                2,
                0,
            ),
        ] {
            let (report, section) = png.read(&options);
            let report = report.unwrap_or_else(|error| panic!("{kind}: {error}"));
            assert_eq!(section.unwrap(), ndarray::arr2(&[[0, 1], [1, n], [n, 0]]), "{kind}");
            assert_eq!(
                (report.read, report.used, report.unlabelled, report.unknown),
                (6, 4, unlabelled, unknown),
                "{kind}"
            );
        }
        let (_, section) = png(ColorType::Grayscale, One, &[0b010_00000, 0b111_00000], &[]).read(&options());
        assert_eq!(section.unwrap(), ndarray::arr2(&[[0, 1], [1, 1], [0, 1]]));
    }

    #[test]
    fn colours_of_no_class_are_named_most_frequent_first() {
        let bytes = [RED, [1, 2, 3], [1, 2, 3], [255; 3], [254, 0, 0], [1, 2, 3]].concat();
        let (report, _) = png(ColorType::Rgb, BitDepth::Eight, &bytes, &[]).read(&options());
        let warning = report.unwrap().warnings().concat();
        assert!(warning.contains("5 of 6 pixels have a colour of no class"), "{warning}");
        assert!(warning.ends_with("most often #010203 (3), #FE0000 (1), #FFFFFF (1)"), "{warning}");
    }

    #[test]
    fn pictures_that_cannot_be_right_are_refused_and_leave_the_labels_alone() {
        use BitDepth::{Eight, Sixteen};
        use ColorType::{Grayscale, Indexed, Rgb};
        let grey = |name: &str, size: [u32; 2]| {
            Png::new(name, size, Grayscale, Eight, &vec![0; (size[0] * size[1]) as usize], &[])
        };
        let shared = SectionImageOptions { colors: vec![(Color(RED), 0), (Color(RED), 1)], ..options() };
        let beyond = SectionImageOptions { colors: vec![(Color(RED), 2)], ..options() };
        for (png, options, expected) in [
            (grey("inline_101.png", [2, 3]), options(), "is 2 x 3 pixels, inline 101 has 3 traces x 2 samples"),
            (grey("xl302.png", [3, 2]), options(), "is 3 x 2 pixels, crossline 302 has 4 traces x 2 samples"),
            (
                grey("inline_104.png", [3, 2]),
                options(),
                "the survey has no inline 104; its inlines run from 100 to 103",
            ),
            (grey("labels.png", [3, 2]), options(), "does not say which section it shows"),
            (
                png(Indexed, Eight, &[0, 3, 3, 2, 1, 1], &[]),
                options(),
                "1 pixels have index 2, the job names 2 classes, counted from 0 (1 more indices",
            ),
            (
                png(Grayscale, Eight, &[9; 6], &[]),
                options(),
                "6 pixels have index 9, the job names 2 classes, counted from 0",
            ),
            (png(Indexed, Eight, &[0, 1, 0, 1, 4, 0], &[]), options(), "is a damaged indexed PNG"),
            (png(Grayscale, Eight, &[255; 6], &[]), options(), "carries a class"),
            (png(Rgb, Eight, &[8; 18], &[]), options(), "carries a class; its colours are #080808 (6)"),
            (png(Rgb, Sixteen, &[8; 36], &[]), options(), "is a 16-bit PNG"),
            (png(Rgb, Eight, &[8; 18], &[]), shared, "classes `shale` and `sand` share the colour #FF0000"),
            (png(Rgb, Eight, &[8; 18], &[]), beyond, "class 2 does not exist"),
        ] {
            let (refused, section) = png.read(&options);
            let message = refused.unwrap_err().to_string();
            assert!(message.contains(expected), "{message}\nwithout\n{expected}");
            assert_eq!(section, None);
        }
    }

    #[test]
    fn cut_off_files_are_refused_damage_never_panics_and_a_huge_header_takes_no_memory() {
        let whole = png(ColorType::Rgb, BitDepth::Eight, &[RED; 6].concat(), &[]);
        let bytes = std::fs::read(&whole.path).unwrap();
        // What follows the pixels (checksum of the stream, end chunk) is not needed to read them.
        let pixels_end = bytes.windows(4).position(|name| name == b"IEND").unwrap() - 4 - 4 - 4;
        for length in 0..pixels_end {
            std::fs::write(&whole.path, &bytes[..length]).unwrap();
            let refused = whole.read(&options()).0.expect_err("a cut-off picture");
            assert!(matches!(refused, LabelError::Png { .. }), "{length} of {} bytes: {refused}", bytes.len());
        }
        for (place, value) in (0..bytes.len()).flat_map(|place| [0, 1, 3, 127, 255].map(|value| (place, value))) {
            let mut damaged = bytes.clone();
            damaged[place] = value;
            std::fs::write(&whole.path, &damaged).unwrap();
            let (report, section) = whole.read(&options());
            assert_eq!(report.is_ok(), section.is_some(), "byte {place} = {value}");
        }
        let mut bomb = bytes.clone();
        bomb[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]);
        let checksum = crc32fast::hash(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
        std::fs::write(&whole.path, &bomb).unwrap();
        let refused = whole.read(&options()).0.unwrap_err();
        assert!(matches!(refused, LabelError::ImageSize { actual: [0x7FFF_FFFF, 0x7FFF_FFFF], .. }), "{refused}");
        assert!(matches!(
            read_section_image(
                Path::new("no/inline_101.png"),
                &options(),
                &classes(),
                &mut Labels::new(survey(4, 3, 2))
            ),
            Err(LabelError::Io { .. })
        ));
    }

    #[test]
    fn the_penobscot_interpretation_is_read_pixel_for_pixel() {
        let Some((path, geometry)) = penobscot() else { return };
        let classes = ClassTable::from_names((0..8).map(|code| format!("facies {code}"))).unwrap();
        let mut labels = Labels::new(geometry);
        let report = read_section_image(&path, &options(), &classes, &mut labels).unwrap();
        // Counted with Pillow and numpy.
        let expected = [24_788, 40_075, 48_241, 8_473, 11_746, 114_016, 61_679, 412_963];
        assert_eq!(labels.class_counts(8), expected);
        assert_eq!((report.read, report.used), (481 * 1501, 481 * 1501));
        assert_eq!(report.warnings(), [""; 0]);
        assert_eq!(labels.sections(Plane::Inline), [Section::inline(1092 - 1075)]);
    }
}

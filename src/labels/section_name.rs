//! Which section a picture shows, by its file name.

use std::path::Path;

use crate::grid::Plane;

/// Plane and line number that a file name ends in: `inline_339.png`, `f3-xl500.png`, `crossline 500.png`.
///
/// The words `inline`, `iline`, `il`, `crossline`, `xline` and `xl` count, in any case, at the start of the name or
/// after a character that is no letter.
pub fn section_from_file_name(path: &Path) -> Option<(Plane, i32)> {
    const WORDS: [(&str, Plane); 6] = [
        ("crossline", Plane::Crossline),
        ("xline", Plane::Crossline),
        ("xl", Plane::Crossline),
        ("inline", Plane::Inline),
        ("iline", Plane::Inline),
        ("il", Plane::Inline),
    ];
    let stem = path.file_stem()?.to_str()?.to_lowercase();
    let before = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = stem[before.len()..].parse().ok()?;
    let before = before.trim_end_matches(['_', '-', ' ', '.']);
    let stands_alone = |word: &str| {
        before.strip_suffix(word).is_some_and(|rest| !rest.chars().next_back().is_some_and(char::is_alphabetic))
    };
    WORDS.iter().find(|(word, _)| stands_alone(word)).map(|&(_, plane)| (plane, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_names_are_understood_and_others_are_not() {
        for (name, expected) in [
            ("inline_339.png", Some((Plane::Inline, 339))),
            ("a/crossline_500.png", Some((Plane::Crossline, 500))),
            ("F3-XL500.PNG", Some((Plane::Crossline, 500))),
            ("il 12.png", Some((Plane::Inline, 12))),
            ("mask_iline-7.png", Some((Plane::Inline, 7))),
            ("penobscot_xline_0042.png", Some((Plane::Crossline, 42))),
            ("outline_339.png", None),
            ("pencil3.png", None),
            ("inline.png", None),
            ("339.png", None),
            ("inline_99999999999.png", None),
            ("timeslice_500.png", None),
        ] {
            assert_eq!(section_from_file_name(Path::new(name)), expected, "{name}");
        }
    }
}

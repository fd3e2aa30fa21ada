//! Letters as paths, from fonts that the program carries.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, OutlineCurve, Point};
use tiny_skia::{Path, PathBuilder, Transform};

use crate::report::counts::NARROW_SPACE;

/// Ubuntu Light, and Hack for characters that it lacks.
static FONTS: LazyLock<[FontRef<'static>; 2]> = LazyLock::new(|| {
    [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR]
        .map(|bytes| FontRef::try_from_slice(bytes).expect("fonts that were compiled in are valid"))
});

/// Height of a capital letter, in units of the font size.
pub(super) const CAPITAL: f32 = 0.69;

/// More letters than this fit into no place of a figure.
const MOST_LETTERS: usize = 400;

/// Length of `text` on its base line, in pixels, at `size` pixels per em.
pub(super) fn text_width(text: &str, size: f32) -> f32 {
    place(text, size).1
}

/// `text`, or as much of it as `width` pixels hold, then `…`.
pub(super) fn fitted(text: &str, size: f32, width: f32) -> String {
    if text_width(text, size) <= width {
        return text.to_owned();
    }
    let mut kept: Vec<char> = text.chars().take(MOST_LETTERS).collect();
    loop {
        kept.pop();
        let shortened = kept.iter().collect::<String>().trim_end().to_owned() + "…";
        if kept.is_empty() || text_width(&shortened, size) <= width {
            return shortened;
        }
    }
}

/// The outlines of `text`, base line from (0, 0) to the right, y downwards.
pub(super) fn text_path(text: &str, size: f32) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for Placed { font, glyph, x } in place(text, size).0 {
        let Some(outline) = font.outline(glyph) else { continue };
        let scale = size / units_per_em(font);
        let at = |point: Point| (x + point.x * scale, -point.y * scale);
        let mut end = None;
        for curve in &outline.curves {
            let (OutlineCurve::Line(start, to)
            | OutlineCurve::Quad(start, _, to)
            | OutlineCurve::Cubic(start, _, _, to)) = *curve;
            if end != Some(start) {
                if end.is_some() {
                    builder.close();
                }
                builder.move_to(at(start).0, at(start).1);
            }
            let (x, y) = at(to);
            match *curve {
                OutlineCurve::Line(..) => builder.line_to(x, y),
                OutlineCurve::Quad(_, a, _) => builder.quad_to(at(a).0, at(a).1, x, y),
                OutlineCurve::Cubic(_, a, b, _) => builder.cubic_to(at(a).0, at(a).1, at(b).0, at(b).1, x, y),
            }
            end = Some(to);
        }
        builder.close();
    }
    builder.finish()?.transform(Transform::identity())
}

struct Placed {
    font: &'static FontRef<'static>,
    glyph: GlyphId,
    x: f32,
}

/// Places the glyphs of `text` side by side, kerned; returns them and where the next one would stand.
fn place(text: &str, size: f32) -> (Vec<Placed>, f32) {
    let mut placed: Vec<Placed> = Vec::new();
    let mut x = 0.0;
    for character in text.chars().filter(|character| !character.is_control()) {
        if character == NARROW_SPACE {
            // Neither font has it.
            x += 0.16 * size;
            continue;
        }
        let font = FONTS.iter().find(|font| font.glyph_id(character).0 != 0).unwrap_or(&FONTS[0]);
        let glyph = font.glyph_id(character);
        let scale = size / units_per_em(font);
        if let Some(before) = placed.last().filter(|before| std::ptr::eq(before.font, font)) {
            x += font.kern_unscaled(before.glyph, glyph) * scale;
        }
        placed.push(Placed { font, glyph, x });
        x += font.h_advance_unscaled(glyph) * scale;
    }
    (placed, x)
}

fn units_per_em(font: &FontRef<'_>) -> f32 {
    font.units_per_em().unwrap_or(1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_does_not_fit_ends_in_an_ellipsis_and_then_fits() {
        let name = "high_amp_continuous";
        let width = text_width(name, 20.0);
        assert_eq!(fitted(name, 20.0, width), name);
        let shortened = fitted(name, 20.0, width * 0.6);
        assert!(shortened.starts_with("high_a") && shortened.ends_with('…'), "{shortened}");
        assert!(text_width(&shortened, 20.0) <= width * 0.6);
        assert_eq!(fitted(name, 20.0, 0.0), "…");
    }

    #[test]
    fn letters_of_other_scripts_and_control_characters_do_no_harm() {
        for text in ["Грязь", "σ ≥ 2", "砂岩", "a\n\tb\u{7f}", ""] {
            let width = text_width(text, 20.0);
            assert!(width.is_finite() && width >= 0.0, "{text:?}");
            assert_eq!(text_path(text, 20.0).is_some(), !text.is_empty(), "{text:?}");
        }
        assert_eq!(text_width("a\nb", 20.0), text_width("ab", 20.0));
    }
}

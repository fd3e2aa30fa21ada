//! The textual header of an interpreted volume: what the values mean, where they come from, where the headers stand.

use segy_rs::{TextEncoding, TextHeader};

use crate::export::CubeDescription;
use crate::grid::{ClassTable, volume_code};
use crate::predict::Uncertainty;

use super::SegyValues;

/// Characters of a line after its number.
const WIDTH: usize = 76;
const LINES: usize = 40;

/// Forty lines, the last two as revision 1 demands them.
pub(super) fn text_header(cube: &CubeDescription, values: SegyValues, encoding: TextEncoding) -> TextHeader {
    let mut lines = about(cube, values);
    let room = LINES - 2 - lines.len();
    lines.extend(class_lines(&cube.classes, room));
    lines.resize(LINES - 2, String::new());
    lines.extend(["SEG Y REV1".to_owned(), "END TEXTUAL HEADER".to_owned()]);
    TextHeader::from_lines(&lines, encoding)
}

fn about(cube: &CubeDescription, values: SegyValues) -> Vec<String> {
    let CubeDescription { geometry, classes, provenance, .. } = cube;
    let (inline, crossline, vertical) = (&geometry.inline, &geometry.crossline, &geometry.vertical);
    let unit = vertical.domain.unit();
    let mut lines = vec![match values {
        SegyValues::Class => "FACIES CLASSES".to_owned(),
        SegyValues::Confidence => "PROBABILITY OF THE CHOSEN FACIES CLASS, 0 TO 1".to_owned(),
        SegyValues::Probability(code) => {
            let name = classes.get(code).map_or("", |class| class.name.as_str());
            format!("PROBABILITY OF FACIES CLASS {:02} {name}, 0 TO 1", volume_code(code))
        }
        SegyValues::Uncertainty(which) => match which {
            Uncertainty::Entropy => "ENTROPY OF CLASS PROBABILITIES / LN K, 0 CERTAIN TO 1 UNDECIDED",
            Uncertainty::Margin => "MARGIN OF THE LARGEST CLASS PROBABILITY OVER THE SECOND, 0 TO 1",
            Uncertainty::Deviation => "STANDARD DEVIATION OF ITS PROBABILITY OVER PASSES WITH DROPOUT",
            Uncertainty::MutualInformation => "MUTUAL INFORMATION OF CLASS AND DROPOUT / LN K, 0 TO 1",
        }
        .to_owned(),
    }];
    let given = [
        ("", Some(&provenance.title)),
        ("", Some(&provenance.history)),
        ("SOURCE ", Some(&provenance.source_file)),
        ("SHA-256 ", provenance.source_sha256.as_ref()),
        ("MODEL ", provenance.model_id.as_ref()),
        ("SHA-256 ", provenance.model_sha256.as_ref()),
        ("SOFTWARE ", Some(&provenance.software)),
    ];
    let given =
        given.into_iter().filter_map(|(what, text)| text.filter(|text| !text.is_empty()).map(|text| (what, text)));
    lines.extend(given.map(|(what, text)| format!("{what}{text}")));
    lines.extend([
        format!("INLINES {} TO {} STEP {}", inline.first, inline.last(), inline.step),
        format!("CROSSLINES {} TO {} STEP {}", crossline.first, crossline.last(), crossline.step),
        format!("SAMPLES {} FROM {} {unit} STEP {} {unit}", vertical.count, vertical.start, vertical.step),
        "INLINE BYTES 9-12 AND 189-192, CROSSLINE BYTES 21-24 AND 193-196".to_owned(),
        "X BYTES 73-76 AND 181-184, Y BYTES 77-80 AND 185-188, SCALAR BYTES 71-72".to_owned(),
    ]);
    if let Some((authority, code)) = provenance.crs.as_ref().and_then(|crs| crs.split_once(':'))
        && code.chars().all(|digit| digit.is_ascii_digit())
    {
        // OpendTect finds the reference system in this form.
        lines.push(format!("Projection: [{authority}`{code}]"));
    }
    lines.push(match values {
        SegyValues::Class => "VALUE = NUMBER OF THE CLASS, 0 = NO CLASS (DEAD TRACE OR NOT INTERPRETED)".to_owned(),
        _ => "0 = DEAD TRACE OR NOT INTERPRETED".to_owned(),
    });
    lines
}

/// The class table on at most `room` lines; many classes share a line and lose the ends of their names.
fn class_lines(classes: &ClassTable, room: usize) -> Vec<String> {
    let named: Vec<(u8, &str)> =
        classes.iter().enumerate().map(|(code, class)| (volume_code(code as u8), class.name.as_str())).collect();
    let per_line = named.len().div_ceil(room.max(1));
    if per_line == 1 {
        return named.iter().map(|(value, name)| format!("CLASS {value:02} = {name}")).collect();
    }
    let width = WIDTH / per_line;
    let entry = |(value, name): &(u8, &str)| {
        let entry: String = format!("{value:02}={name}").chars().take(width - 1).collect();
        format!("{entry:width$}")
    };
    named.chunks(per_line).map(|line| line.iter().map(entry).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::fixture::cube;
    use crate::grid::Plane;

    #[test]
    fn every_class_is_named_however_many_there_are() {
        for count in [1, 9, 25, 26, 60, 254] {
            let mut cube = cube([2, 2, 2], Plane::Inline);
            cube.classes = ClassTable::from_names((1..=count).map(|value| format!("facies {value}"))).unwrap();
            cube.provenance.crs = Some("EPSG:23031".to_owned());
            let lines: Vec<String> = text_header(&cube, SegyValues::Class, TextEncoding::Ebcdic).lines().collect();
            assert_eq!(lines.len(), 40);
            assert_eq!((lines[38].as_str(), lines[39].as_str()), ("C39 SEG Y REV1", "C40 END TEXTUAL HEADER"));
            assert!(lines.iter().all(|line| line.len() <= 80));
            let text = lines.join("\n");
            for value in 1..=count {
                let long = format!("CLASS {value:02} = facies {value}");
                let short = format!("{value:02}=f");
                assert!(text.contains(&long) || text.contains(&short), "{count} classes: {value} is not in\n{text}");
            }
            assert!(text.contains("Projection: [EPSG`23031]"), "{text}");
        }
    }

    #[test]
    fn the_header_says_what_the_values_are() {
        let first =
            |values| text_header(&cube([2, 2, 2], Plane::Inline), values, TextEncoding::Ascii).lines().next().unwrap();
        assert_eq!(first(SegyValues::Class), "C 1 FACIES CLASSES");
        assert_eq!(first(SegyValues::Probability(1)), "C 1 PROBABILITY OF FACIES CLASS 02 high amp, 0 TO 1");
        for which in Uncertainty::ALL {
            let line = first(SegyValues::Uncertainty(which));
            let word = which.name().split('_').next().unwrap_or_default().to_uppercase();
            assert!(line.contains(&word) && line.len() < 80, "{line}");
        }
    }
}

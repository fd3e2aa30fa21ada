//! Colours as `#RRGGBB`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An sRGB colour; written `#RRGGBB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color(pub [u8; 3]);

/// Text that is no `#RRGGBB`.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} is no colour: write `\"#RRGGBB\"`, six hexadecimal digits in quotes")]
pub struct ColorError {
    /// What was given.
    pub text: String,
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02X}{green:02X}{blue:02X}")
    }
}

impl FromStr for Color {
    type Err = ColorError;

    fn from_str(text: &str) -> Result<Self, ColorError> {
        let parse = || {
            let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
            let channel = |k: usize| u8::from_str_radix(&digits[2 * k..2 * k + 2], 16).ok();
            Some(Color([channel(0)?, channel(1)?, channel(2)?]))
        };
        parse().ok_or_else(|| ColorError { text: text.to_owned() })
    }
}

impl TryFrom<String> for Color {
    type Error = ColorError;

    fn try_from(text: String) -> Result<Self, ColorError> {
        text.parse()
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_read_back_what_they_print() {
        let color = Color([0, 158, 255]);
        assert_eq!(color.to_string(), "#009EFF");
        assert_eq!("#009eff".parse::<Color>().unwrap(), color);
        for wrong in ["009EFF", "#09E", "#GG0000", "#ééé", ""] {
            assert!(wrong.parse::<Color>().is_err(), "{wrong}");
        }
    }
}

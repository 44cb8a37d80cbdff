//! Room codes: what a host reads out and a learner types, like `VIBE-2K4F`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The letters and digits of a code's second half: none that are mistaken for one
/// another when read out or written down (no 0/O, 1/I/L, 5/S, 8/B).
pub const ALPHABET: &[u8] = b"234679ACDEFGHJKMNPQRTUVWXYZ";

const PREFIX: &str = "VIBE";
const SUFFIX_LEN: usize = 4;

/// A well-formed room code. Whether a session has it is the server's to say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoomCode(String);

/// This is no room code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a room code looks like VIBE-2K4F")]
pub struct NotARoomCode;

impl RoomCode {
    /// Makes a code from random numbers, of which only the first four are used;
    /// missing ones count as 0.
    #[must_use]
    pub fn from_random(random: [u32; SUFFIX_LEN]) -> Self {
        let suffix = random
            .iter()
            .filter_map(|r| ALPHABET.get(*r as usize % ALPHABET.len()))
            .map(|b| char::from(*b));
        Self(PREFIX.chars().chain(['-']).chain(suffix).collect())
    }

    /// The code in its one written form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoomCode {
    type Err = NotARoomCode;

    /// Takes what people type: any case, with spaces, with or without the dash or
    /// the first half. Letters outside [`ALPHABET`] are accepted, since other
    /// servers may give out any.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > 64 {
            return Err(NotARoomCode);
        }
        let mut plain = String::new();
        for c in text.chars() {
            if c.is_ascii_alphanumeric() {
                plain.push(c.to_ascii_uppercase());
            } else if !(c.is_whitespace() || matches!(c, '-' | '–' | '—' | '_')) {
                return Err(NotARoomCode);
            }
        }
        let suffix = match plain.len() {
            SUFFIX_LEN => plain.as_str(),
            _ => plain.strip_prefix(PREFIX).ok_or(NotARoomCode)?,
        };
        if suffix.len() != SUFFIX_LEN {
            return Err(NotARoomCode);
        }
        Ok(Self(format!("{PREFIX}-{suffix}")))
    }
}

impl TryFrom<String> for RoomCode {
    type Error = NotARoomCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RoomCode> for String {
    fn from(code: RoomCode) -> Self {
        code.0
    }
}

impl fmt::Display for RoomCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_understood() {
        for text in [
            "VIBE-2K4F",
            "vibe2k4f",
            " vibe – 2k4f ",
            "2k4f",
            "Vibe_2K4F",
        ] {
            assert_eq!(
                text.parse::<RoomCode>().map(String::from),
                Ok("VIBE-2K4F".to_owned()),
                "{text:?} is that code, sloppily typed"
            );
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "VIBE-2K4",
            "VIBE-2K4F7",
            "JAZZ-2K4F",
            "VIBE/2K4F",
            "vibe-ä2k4",
        ] {
            assert_eq!(
                text.parse::<RoomCode>(),
                Err(NotARoomCode),
                "{text:?} is no code"
            );
        }
    }

    #[test]
    fn made_codes_are_well_formed() {
        let code = RoomCode::from_random([0, 26, 27, u32::MAX]);
        assert_eq!(code.as_str().parse(), Ok(code));
    }
}

//! How a person appears: a clean name, initials, a colour.

use super::plain_text;

/// How many characters of a name are kept.
const NAME_LIMIT: usize = 80;

/// What somebody without a name is called.
const NAMELESS: &str = "Guest";

/// A display name as it may be shown: one line, never empty.
pub(super) fn display_name(raw: &str) -> String {
    if plain_text::is_blank(raw) {
        return NAMELESS.to_owned();
    }
    plain_text::line(raw, NAME_LIMIT)
}

/// One or two letters for a [`display_name`]: the first of its first and last word.
pub(super) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(first_letter);
    let Some(first) = words.next() else {
        // A name of symbols only, like an emoji.
        return name.chars().take(1).collect();
    };
    match words.next_back() {
        Some(last) => [first, last].iter().collect(),
        None => first.to_string(),
    }
}

/// The first letter or digit of a word, as a capital.
fn first_letter(word: &str) -> Option<char> {
    let letter = word.chars().find(|c| c.is_alphanumeric())?;
    letter.to_uppercase().next()
}

/// A hue in degrees, always the same for a user id.
pub(super) fn hue(user_id: &str) -> u16 {
    u16::try_from(stable_hash(user_id) % 360).unwrap_or(0)
}

/// FNV-1a: the same on every machine and in every version, unlike the standard
/// library's hashes. Not for secrets.
pub(super) fn stable_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_last_word() {
        for (name, expected) in [
            ("Mara Okafor", "MO"),
            ("Nguyễn Thị Minh Khai", "NK"),
            ("maximiliano featherstonehaugh-villanueva", "MF"),
            ("Ärzte", "Ä"),
            ("élan vital", "ÉV"),
            ("(Bob) \"the\" builder", "BB"),
            ("Prince -", "P"),
            ("李小龍", "李"),
            ("ßeta ǆ", "SǄ"),
            ("🦀 🦀", "🦀"),
            ("7 of 9", "79"),
        ] {
            assert_eq!(initials(name), expected, "initials of {name}");
        }
    }

    #[test]
    fn a_name_is_never_empty() {
        for raw in ["", "   ", "\u{202E}", "\u{200D}\u{200B}"] {
            assert_eq!(display_name(raw), "Guest", "{raw:?}");
        }
        assert_eq!(display_name(" Ann\n"), "Ann");
        assert_eq!(display_name(&"x".repeat(500)).len(), NAME_LIMIT);
    }

    #[test]
    fn a_hue_is_stable_and_in_range() {
        assert_eq!(
            stable_hash("a"),
            0xaf63_dc4c_8601_ec8c,
            "FNV-1a's published value"
        );
        assert_eq!(hue("user-7"), hue("user-7"));
        for n in 0..1_000 {
            assert!(hue(&format!("user-{n}")) < 360);
        }
    }
}

//! Text that others wrote, made safe to show: no control characters, no marks
//! that reorder what stands around them, no endless length.

/// How many combining marks may follow one character. Real orthographies need
/// up to three; towers of them cover the lines above and below.
const MARKS_IN_A_ROW: u32 = 4;

/// One line: white space runs become one space, ends are trimmed; at most
/// `limit` characters.
pub(super) fn line(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit.saturating_mul(4)));
    let mut length = 0;
    let mut gap = false;
    for c in visible(text) {
        if c.is_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        let needed = 1 + usize::from(gap);
        if length + needed > limit {
            break;
        }
        if gap {
            out.push(' ');
        }
        gap = false;
        out.push(c);
        length += needed;
    }
    out
}

/// Several lines: line breaks and tabs stay, ends are trimmed; at most `limit`
/// characters.
pub(super) fn block(text: &str, limit: usize) -> String {
    let cleaned: String = visible(text).take(limit).collect();
    cleaned.trim().to_owned()
}

/// Whether a text has anything to see in it.
pub(super) fn is_blank(text: &str) -> bool {
    !visible(text).any(|c| !c.is_whitespace() && !is_joiner(c) && !is_combining(c))
}

/// The characters that may be shown.
fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    let mut marks = 0;
    text.chars().filter(move |&c| {
        marks = if is_combining(c) { marks + 1 } else { 0 };
        marks <= MARKS_IN_A_ROW && (c == '\n' || c == '\t' || !(c.is_control() || is_hidden(c)))
    })
}

/// Characters without a picture of their own that change how others look.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E007F}')
}

/// The joiners that some scripts and emoji are written with.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_single_spaces_and_no_ends() {
        assert_eq!(line("  Mara \t\n Okafor  ", 80), "Mara Okafor");
    }

    #[test]
    fn what_reorders_or_hides_is_dropped() {
        assert_eq!(line("evil\u{202E}gpj.exe\u{0007}", 80), "evilgpj.exe");
        assert_eq!(line("a\u{200B}b\u{FEFF}c", 80), "abc");
    }

    #[test]
    fn towers_of_marks_are_cut() {
        let tower = format!("a{}b", "\u{0301}".repeat(50));
        assert_eq!(line(&tower, 80).chars().count(), 6);
    }

    #[test]
    fn limits_count_characters_and_never_split_one() {
        assert_eq!(line("ééé", 2), "éé");
        assert_eq!(line("ab cd", 3), "ab", "a trailing space is not kept");
        assert_eq!(block("🦀🦀🦀", 2), "🦀🦀");
    }

    #[test]
    fn a_block_keeps_its_lines() {
        assert_eq!(block("\n one\r\n\ttwo\n", 80), "one\n\ttwo");
    }

    #[test]
    fn blank_is_what_cannot_be_seen() {
        for blank in ["", "  \n", "\u{200D}", "\u{202E}\u{200B}"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        assert!(!is_blank("."));
    }
}

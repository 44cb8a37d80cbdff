//! Does a message call somebody by name?

/// Whether `text` has an `@` with this whole name behind it, in whatever case.
pub(super) fn calls(text: &str, name: &str) -> bool {
    if name.is_empty() {
        return false;
    }
    text.match_indices('@').any(|(at, _)| {
        let stands_alone = text[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric());
        stands_alone && starts_with_name(&text[at + 1..], name)
    })
}

fn starts_with_name(text: &str, name: &str) -> bool {
    let mut rest = text.chars();
    for wanted in name.chars() {
        match rest.next() {
            Some(found) if found.to_lowercase().eq(wanted.to_lowercase()) => {}
            _ => return false,
        }
    }
    // "@Ann" does not call Anna; "@Ann's" does call Ann.
    rest.next().is_none_or(|after| !after.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_name_is_called() {
        for text in [
            "@Zoë Kraus",
            "hi @zoë KRAUS!",
            "(@Zoë Kraus's idea)",
            "@@Zoë Kraus",
        ] {
            assert!(calls(text, "Zoë Kraus"), "{text}");
        }
        for text in [
            "Zoë Kraus",
            "@Zoë",
            "@Zoë Krausse",
            "mail@Zoë Kraus",
            "@",
            "",
        ] {
            assert!(!calls(text, "Zoë Kraus"), "{text}");
        }
        assert!(!calls("@", ""));
        assert!(calls("ask @李小龍", "李小龍"));
    }
}

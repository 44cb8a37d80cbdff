//! CSV as spreadsheets read it, from text that anybody may have typed.

use super::downloads::date;

/// Adds a line of cells.
pub(super) fn push_line(file: &mut String, cells: &[&str]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            file.push(',');
        }
        push_cell(file, cell);
    }
    file.push_str("\r\n");
}

/// One cell: quoted where it must be. Text that a spreadsheet would take for a formula
/// gets an apostrophe in front, which makes it text again.
fn push_cell(file: &mut String, text: &str) {
    let begins = text.trim_start().chars().next();
    let formula = matches!(begins, Some('=' | '+' | '-' | '@' | '|' | '%'))
        || text.starts_with(['\t', '\r', '\n']);
    let guard = if formula && text.parse::<f64>().is_err() {
        "'"
    } else {
        ""
    };
    if text.contains([',', ';', '"', '\t', '\r', '\n']) || text != text.trim() {
        file.push('"');
        file.push_str(guard);
        file.push_str(&text.replace('"', "\"\""));
        file.push('"');
    } else {
        file.push_str(guard);
        file.push_str(text);
    }
}

/// `2026-11-25T14:02:36Z` of a time in ms since the epoch.
pub(super) fn moment(ms: u64) -> String {
    let (year, month, day) = date(ms);
    let second = ms / 1_000 % 86_400;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::push_cell;

    #[test]
    fn cells_are_quoted_only_where_they_must_be_and_no_formula_comes_in() {
        for (text, cell) in [
            ("plain", "plain"),
            ("a, b", "\"a, b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "'=1+1"),
            ("  =1+1", "\"'  =1+1\""),
            ("+49 30", "'+49 30"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-5", "-5"),
            ("-5;=1", "\"'-5;=1\""),
            ("\t=1", "\"'\t=1\""),
            ("two\nlines", "\"two\nlines\""),
            ("", ""),
            ("Zoë 🦀", "Zoë 🦀"),
        ] {
            let mut file = String::new();
            push_cell(&mut file, text);
            assert_eq!(file, cell, "{text:?}");
        }
    }
}

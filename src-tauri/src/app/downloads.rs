//! Files that the person asks for: into the downloads folder, beside what is there
//! already, for its owner alone.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

/// How much of a title goes into a file's name, characters.
const TITLE_LIMIT: usize = 40;
/// How many files of one name there may be.
const SAME_NAME: u32 = 1_000;
const DAY_MS: u64 = 86_400_000;

/// Writes a file into the first of these folders that takes it. Only its owner can
/// read it, and no other file is replaced.
pub(super) fn save(
    name: &str,
    extension: &str,
    content: &[u8],
    folders: [&PathBuf; 2],
) -> io::Result<PathBuf> {
    let [first, second] = folders;
    write(first, name, extension, content).or_else(|error| {
        tracing::warn!(folder = %first.display(), %error, "the file goes to the data folder");
        write(second, name, extension, content)
    })
}

fn write(folder: &Path, name: &str, extension: &str, content: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    for number in 1..=SAME_NAME {
        let path = match number {
            1 => folder.join(format!("{name}.{extension}")),
            _ => folder.join(format!("{name}-{number}.{extension}")),
        };
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            opened => opened?,
        };
        let written = file.write_all(content).and_then(|()| file.sync_all());
        if let Err(error) = written {
            // Half a file is none.
            let _removed = fs::remove_file(&path).is_ok();
            return Err(error);
        }
        return Ok(path);
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("there are {SAME_NAME} files of this name already"),
    ))
}

/// `kulti-<what>-<title>-<date>`, by the day at which the session started.
pub(super) fn file_name(what: &str, title: &str, started_at: u64) -> String {
    let (year, month, day) = date(started_at);
    let slug = slug(title);
    format!("kulti-{what}-{slug}-{year:04}-{month:02}-{day:02}")
}

/// Letters and digits of any script, the rest as single hyphens.
fn slug(title: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    let plain: String = title.chars().map(plain).take(TITLE_LIMIT).collect();
    let words: Vec<String> = plain.split_whitespace().map(str::to_lowercase).collect();
    if words.is_empty() {
        return "session".to_owned();
    }
    words.join("-")
}

/// Year, month and day of a moment, UTC: days are counted from 1 March of year 0, so
/// that a leap day ends its year, in eras of 400 years.
pub(super) fn date(ms: u64) -> (u64, u64, u64) {
    let days = (ms / DAY_MS).min(2_932_896) + 719_468; // 9999-12-31 is the last one
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_also_in_leap_years() {
        for (ms, expected) in [
            (0, (1970, 1, 1)),
            (951_782_400_000, (2000, 2, 29)),
            (951_868_800_000, (2000, 3, 1)),
            (1_709_164_800_000, (2024, 2, 29)),
            (1_767_225_599_999, (2025, 12, 31)),
            (u64::MAX, (9999, 12, 31)),
        ] {
            assert_eq!(date(ms), expected, "{ms}");
        }
    }
}

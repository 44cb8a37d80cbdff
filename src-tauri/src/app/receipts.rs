//! The file that a person keeps of a receipt.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use kulti_protocol::api::SignedReceipt;

/// How much of a title goes into the file's name, characters.
const TITLE_LIMIT: usize = 40;
/// How many receipts of one name there may be.
const SAME_NAME: u32 = 1_000;
const DAY_MS: u64 = 86_400_000;

/// Writes a receipt into the first of these folders that takes it, beside what is there
/// already. Only its owner can read it.
pub(super) fn save(receipt: &SignedReceipt, folders: [&PathBuf; 2]) -> io::Result<PathBuf> {
    let text = serde_json::to_vec_pretty(receipt)?;
    let name = file_name(receipt);
    let [first, second] = folders;
    write(first, &name, &text).or_else(|error| {
        tracing::warn!(folder = %first.display(), %error, "the receipt goes to the data folder");
        write(second, &name, &text)
    })
}

fn write(folder: &Path, name: &str, text: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    for number in 1..=SAME_NAME {
        let path = match number {
            1 => folder.join(format!("{name}.json")),
            _ => folder.join(format!("{name}-{number}.json")),
        };
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            opened => opened?,
        };
        let written = file.write_all(text).and_then(|()| file.sync_all());
        if let Err(error) = written {
            // Half a receipt is none.
            let _removed = fs::remove_file(&path).is_ok();
            return Err(error);
        }
        return Ok(path);
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("there are {SAME_NAME} receipts of this name already"),
    ))
}

/// `kulti-receipt-<title>-<date>`: of the session, not of the saving.
fn file_name(receipt: &SignedReceipt) -> String {
    let body = &receipt.receipt;
    let title = body.get("title").and_then(|title| title.as_str());
    let started = body.get("startedAt").and_then(serde_json::Value::as_u64);
    let (year, month, day) = date(started.unwrap_or(0));
    let slug = slug(title.unwrap_or_default());
    format!("kulti-receipt-{slug}-{year:04}-{month:02}-{day:02}")
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
fn date(ms: u64) -> (u64, u64, u64) {
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
    #![allow(clippy::unwrap_used)]

    use kulti_protocol::api::ReceiptSignature;
    use serde_json::json;

    use super::*;

    fn receipt(title: &str) -> SignedReceipt {
        SignedReceipt {
            receipt: json!({"title": title, "startedAt": 1_764_115_200_000_u64}),
            signature: ReceiptSignature {
                algorithm: "Ed25519".into(),
                public_key: "k".into(),
                value: "v".into(),
            },
        }
    }

    #[test]
    fn a_receipt_never_replaces_another_and_is_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let downloads = dir.path().join("Downloads");
        let data = dir.path().join("data");
        let mine = receipt("Parsers, live: ../../Zoë & co.");
        let names: Vec<_> = (0..2)
            .map(|_| save(&mine, [&downloads, &data]).unwrap())
            .map(|path| path.file_name().unwrap().to_owned())
            .collect();
        assert_eq!(
            names,
            [
                "kulti-receipt-parsers-live-zoë-co-2025-11-26.json",
                "kulti-receipt-parsers-live-zoë-co-2025-11-26-2.json"
            ]
        );
        let saved = downloads.join(&names[0]);
        let read: SignedReceipt = serde_json::from_slice(&fs::read(&saved).unwrap()).unwrap();
        assert_eq!(read, mine);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&saved).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn without_a_downloads_folder_it_goes_to_the_data_folder() {
        let dir = tempfile::tempdir().unwrap();
        let no_folder = dir.path().join("file");
        fs::write(&no_folder, "").unwrap();
        let data = dir.path().join("data");
        let path = save(&receipt("🦀"), [&no_folder, &data]).unwrap();
        assert_eq!(path, data.join("kulti-receipt-session-2025-11-26.json"));
    }

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

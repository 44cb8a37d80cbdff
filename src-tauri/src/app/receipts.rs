//! The file that a person keeps of a receipt.

use std::{io, path::PathBuf};

use kulti_protocol::api::SignedReceipt;

use super::downloads;

/// Writes a receipt into the first of these folders that takes it.
pub(super) fn save(receipt: &SignedReceipt, folders: [&PathBuf; 2]) -> io::Result<PathBuf> {
    let text = serde_json::to_vec_pretty(receipt)?;
    let body = &receipt.receipt;
    let title = body.get("title").and_then(|title| title.as_str());
    let started = body.get("startedAt").and_then(serde_json::Value::as_u64);
    let (title, started) = (title.unwrap_or_default(), started.unwrap_or(0));
    let name = downloads::file_name("receipt", title, started);
    downloads::save(&name, "json", &text, folders)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

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
}

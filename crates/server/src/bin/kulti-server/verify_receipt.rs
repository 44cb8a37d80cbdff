//! `kulti-server verify-receipt FILE`: checks a learner's receipt without any server.

use std::{
    fmt::Write as _,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use kulti_protocol::{
    api::{ReceiptBody, SignedReceipt},
    receipt::{self, ReceiptError},
};
use kulti_server::receipt_key;

/// The receipt is not good.
const BAD: u8 = 1;
/// Nothing was checked: no file, no key.
const USAGE: u8 = 2;
/// The receipt is unchanged, but no key was given to tell who signed it.
const UNKNOWN_SIGNER: u8 = 3;

/// No receipt is as large.
const FILE_BYTES: u64 = 16 * 1024 * 1024;

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// The receipt; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The server's published key (GET /api/receipts/key), as base64.
    #[arg(long, value_name = "BASE64", conflicts_with = "data")]
    key: Option<String>,
    /// The data folder of the server, in place of its key.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What was found out, for a person and for a program.
pub(crate) struct Verdict {
    pub(crate) text: String,
    code: u8,
}

impl Verdict {
    pub(crate) fn exit_code(&self) -> ExitCode {
        self.code.into()
    }
}

/// Checks the receipt. An error is why nothing could be checked.
pub(crate) fn verify(args: &VerifyArgs) -> Result<Verdict, String> {
    let key = match (&args.key, &args.data) {
        (Some(key), _) => Some(key.clone()),
        (None, Some(folder)) => {
            let key = receipt_key::load(folder).map_err(|error| error.to_string())?;
            Some(key.published().public_key)
        }
        (None, None) => None,
    };
    let text = read(&args.file).map_err(|e| format!("cannot read {}: {e}", args.file.display()))?;
    let signed: SignedReceipt = match serde_json::from_slice(&text) {
        Ok(signed) => signed,
        Err(error) => return Ok(bad(&format!("this is no receipt: {error}"))),
    };
    let checked = match &key {
        Some(key) => receipt::verify(&signed, key),
        None => receipt::verify_integrity(&signed),
    };
    match checked {
        // Of a key that somebody typed.
        Err(ReceiptError::BadKey) if key.is_some() => {
            Err("--key must be the server's public key: 32 bytes in base64".to_owned())
        }
        Err(error) => Ok(bad(&error.to_string())),
        Ok(body) => Ok(good(&body, &signed.signature.public_key, key.is_some())),
    }
}

/// What a usage error is to programs.
pub(crate) fn usage() -> ExitCode {
    USAGE.into()
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().take(FILE_BYTES).read_to_end(&mut text)?;
    } else {
        File::open(file)?.take(FILE_BYTES).read_to_end(&mut text)?;
    }
    Ok(text)
}

fn bad(why: &str) -> Verdict {
    Verdict {
        text: format!("BAD: {why}"),
        code: BAD,
    }
}

fn good(body: &ReceiptBody, public_key: &str, signer_known: bool) -> Verdict {
    let mut text = if signer_known {
        "GOOD: signed by the server with this key, and unchanged since.".to_owned()
    } else {
        format!(
            "UNCHANGED, BUT SIGNED BY WHOM? Without a key this proves only that the receipt was \
             not changed since somebody signed it. Compare the key in it with the one that the \
             server publishes at /api/receipts/key, or pass it with --key:\n  {public_key}"
        )
    };
    let entries = body.entries.len();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n  {name} ({user}), {role} in {title:?} by {host}\n  session {session}\
         \n  watched {time} in {count} stretches, paid {credits} credits (ledger entries: {entries})",
        name = clean(&body.user.display_name),
        user = clean(&body.user.id),
        role = clean(&body.role),
        title = body.title,
        host = clean(&body.host_name),
        session = clean(&body.session_id),
        time = hours(body.active_ms),
        count = body.intervals.len(),
        credits = body.credits,
    );
    Verdict {
        text,
        code: if signer_known { 0 } else { UNKNOWN_SIGNER },
    }
}

/// A stranger's file must not write to the terminal what it likes.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn hours(ms: u64) -> String {
    let seconds = Duration::from_millis(ms).as_secs();
    format!(
        "{}:{:02}:{:02}.{:03} h",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        ms % 1_000
    )
}

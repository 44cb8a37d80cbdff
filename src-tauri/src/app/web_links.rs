//! Links in messages: opened in the system's browser, never in the app's window.

use url::Url;

use super::model::{CommandError, ErrorCode};

/// How long an address may be.
const LENGTH: usize = 2_000;

/// The address as a browser may be given it: http or https, with a host, and without a
/// password, which is only there to make one host look like another.
fn checked(text: &str) -> Result<Url, CommandError> {
    let refused = |why: &str| CommandError {
        code: ErrorCode::Local,
        message: format!("this link is not opened: {why}"),
    };
    if text.len() > LENGTH {
        return Err(refused("it is too long"));
    }
    let url = Url::parse(text).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("only http and https are"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(refused("it names no server"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it holds a user name"));
    }
    Ok(url)
}

/// Opens an address in the system's browser. Returns when the browser was asked.
pub(crate) fn open(text: &str) -> Result<(), CommandError> {
    let url = checked(text)?;
    open::that_detached(url.as_str()).map_err(|error| CommandError {
        code: ErrorCode::Local,
        message: format!("no browser answers: {error}"),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_what_a_browser_should_show_is_opened() {
        for good in [
            "https://git.kulti.dev/sync?x=1#y",
            "http://127.0.0.1:8787/",
            "https://bücher.example/ä",
        ] {
            assert!(checked(good).is_ok(), "{good}");
        }
        let long = format!("https://a.example/{}", "x".repeat(LENGTH));
        for bad in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "kulti://join/VIBE-2K4F",
            "data:text/html,x",
            "https://user@evil.example/",
            "https://kulti.dev:secret@evil.example/",
            "//evil.example",
            "/etc/passwd",
            "-h",
            "",
            "https://",
            &long,
        ] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }

    /// What is handed over is the address as it was read, so that nothing in it can be
    /// taken for an option or for several words.
    #[test]
    fn an_address_is_one_word() {
        let url = checked("https://a.example/b c\"d").unwrap();
        assert!(!url.as_str().contains([' ', '"']), "{url}");
    }
}

//! Links that the app is opened with: `kulti://join/…` as an argument, from the
//! operating system or from a second start. They always wait for the person's yes.

use kulti_protocol::{
    link::{JoinLink, is_loopback, server_origin},
    room_code::RoomCode,
};

use super::model::{CommandError, ErrorCode, JoinTarget};

/// The first join link among a program's arguments, in its canonical form.
pub fn link_among<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Option<String> {
    arguments.into_iter().find_map(|argument| {
        let text = argument.as_ref();
        if !text.starts_with("kulti:") {
            return None;
        }
        match JoinLink::parse(text) {
            Ok(link) => Some(link.to_string()),
            Err(error) => {
                tracing::warn!(%error, "the app was opened with a link that leads nowhere");
                None
            }
        }
    })
}

/// What a person typed or pasted: a link, or a code to be looked up at `server`
/// (none or empty: this computer's own).
pub(crate) fn read_target(text: &str, server: Option<&str>) -> Result<JoinTarget, CommandError> {
    let text = text.trim();
    if text.contains("://") {
        let link = JoinLink::parse(text).map_err(|e| not_a_code(&e))?;
        return Ok(JoinTarget {
            room_code: link.code.to_string(),
            server: link.server,
            pin: link.pin,
        });
    }
    let code: RoomCode = text.parse().map_err(|e| not_a_code(&e))?;
    let server = match server.map(str::trim).filter(|s| !s.is_empty()) {
        Some(server) => Some(server_origin(server).ok_or_else(|| CommandError {
            code: ErrorCode::ServerUnreachable,
            message: format!("{server} is not an address like https://kulti.dev"),
        })?),
        None => None,
    };
    Ok(JoinTarget {
        room_code: code.to_string(),
        server,
        pin: None,
    })
}

/// Whether a server is reached in plain text over a network.
pub(crate) fn is_plain_elsewhere(origin: &str) -> bool {
    origin.starts_with("http://") && !is_loopback(origin)
}

fn not_a_code(error: &dyn std::error::Error) -> CommandError {
    CommandError {
        code: ErrorCode::NotACode,
        message: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn codes_and_links_are_told_apart() {
        let code = read_target(" vibe-2k4f ", Some("kulti.dev")).unwrap();
        assert_eq!(code.room_code, "VIBE-2K4F");
        assert_eq!(code.server.as_deref(), Some("https://kulti.dev"));
        let own = read_target("VIBE-2K4F", Some(" ")).unwrap();
        assert_eq!(own.server, None, "this computer's own server");
        let link = "kulti://join/VIBE-2K4F?server=http://127.0.0.1:9";
        let link = read_target(link, Some("https://elsewhere.example")).unwrap();
        assert_eq!(
            link.server.as_deref(),
            Some("http://127.0.0.1:9"),
            "the link's own server"
        );
    }

    #[test]
    fn nonsense_is_no_code() {
        for text in ["", "hello", "https://kulti.dev", "kulti://leave/VIBE-2K4F"] {
            let error = read_target(text, None).unwrap_err();
            assert_eq!(error.code, ErrorCode::NotACode, "{text}");
        }
        let error = read_target("VIBE-2K4F", Some("ftp://x")).unwrap_err();
        assert_eq!(error.code, ErrorCode::ServerUnreachable);
    }

    #[test]
    fn a_link_is_found_among_arguments() {
        let arguments = [
            "kulti-desktop",
            "--quiet",
            "kulti://join/vibe-2k4f?x=1",
            "kulti://join/VIBE-9X4F",
        ];
        assert_eq!(
            link_among(arguments).as_deref(),
            Some("kulti://join/VIBE-2K4F")
        );
        assert_eq!(
            link_among(["kulti-desktop", "kulti://join/", "/etc/passwd"]),
            None
        );
    }

    #[test]
    fn plain_http_is_told_from_loopback_and_tls() {
        assert!(is_plain_elsewhere("http://192.168.1.20:8787"));
        assert!(!is_plain_elsewhere("http://127.0.0.1:8787"));
        assert!(!is_plain_elsewhere("https://192.168.1.20:8787"));
    }
}

//! Who the person is on this computer, and which servers they used.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::{CommandError, ErrorCode};

/// How many servers are remembered.
const SERVERS: usize = 8;

/// The longest display name, characters.
const NAME_LIMIT: usize = 80;

/// The longest title of a session, characters.
const TITLE_LIMIT: usize = 120;

/// The file's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// Tells this data folder's keyring entries from another's.
    pub(crate) id: Uuid,
    /// Empty until it was set.
    pub(crate) display_name: String,
    /// Where codes are looked up: an origin, or empty for this computer's own server.
    pub(crate) server: String,
    /// Servers used before, newest first.
    pub(crate) servers: Vec<String>,
    /// The port that the embedded server had last; 0 before it ever ran. It is asked
    /// for again, so that links to a session on this computer go on working.
    pub(crate) own_port: u16,
    /// The same for its port in the local network.
    pub(crate) network_port: u16,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            id: Uuid::new_v4(),
            display_name: String::new(),
            server: String::new(),
            servers: Vec::new(),
            own_port: 0,
            network_port: 0,
        }
    }
}

impl Profile {
    /// Remembers a server that was just used; an empty text is this computer's own.
    pub(crate) fn used_server(&mut self, origin: &str) {
        self.server = origin.to_owned();
        if origin.is_empty() {
            return;
        }
        self.servers.retain(|known| known != origin);
        self.servers.insert(0, origin.to_owned());
        self.servers.truncate(SERVERS);
    }
}

/// A display name as others will see it.
pub(crate) fn clean_name(name: &str) -> Result<String, CommandError> {
    clean(name, NAME_LIMIT).ok_or_else(|| CommandError {
        code: ErrorCode::BadName,
        message: format!("a name has 1 to {NAME_LIMIT} characters"),
    })
}

/// A session's title as others will see it.
pub(crate) fn clean_title(title: &str) -> Result<String, CommandError> {
    clean(title, TITLE_LIMIT).ok_or_else(|| CommandError {
        code: ErrorCode::BadTitle,
        message: format!("a title has 1 to {TITLE_LIMIT} characters"),
    })
}

/// One line without control characters and double spaces; none if nothing is left
/// or it is too long.
fn clean(text: &str, limit: usize) -> Option<String> {
    let shown = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = shown.filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    (1..=limit).contains(&line.chars().count()).then_some(line)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn names_are_one_clean_line() {
        assert_eq!(clean_name("  Zoë \n Kraus\u{7}").unwrap(), "Zoë Kraus");
        assert_eq!(clean_name(&"ß".repeat(80)).unwrap().chars().count(), 80);
        assert_eq!(clean_name(" \t").unwrap_err().code, ErrorCode::BadName);
        assert_eq!(
            clean_name(&"a".repeat(81)).unwrap_err().code,
            ErrorCode::BadName
        );
        assert_eq!(clean_title("").unwrap_err().code, ErrorCode::BadTitle);
    }

    #[test]
    fn servers_are_remembered_newest_first_and_once() {
        let mut profile = Profile::default();
        profile.used_server("https://a.example");
        profile.used_server("https://b.example");
        profile.used_server("https://a.example");
        profile.used_server("");
        assert_eq!(profile.servers, ["https://a.example", "https://b.example"]);
        assert_eq!(profile.server, "", "this computer's own");
    }
}

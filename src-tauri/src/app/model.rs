//! What the UI is told outside a session, and what it asks for.
//! (Inside a session: [`kulti_client::core::view`].) TypeScript is generated from these.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Facts of this build and machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppInfo {
    /// The app's version.
    pub version: String,
    /// `linux`, `macos` or `windows`.
    pub platform: String,
    /// Whether the app shows the demo session.
    pub demo: bool,
    /// Where logs lie.
    pub log_dir: String,
}

/// The home screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HomeView {
    /// My display name; empty before it was ever set.
    pub display_name: String,
    /// The origin of the server that codes are looked up at; empty for this computer's own.
    pub server: String,
    /// Servers used before, newest first.
    pub servers: Vec<String>,
    /// Sessions that I was in, newest first.
    pub recents: Vec<RecentSession>,
    /// Where secrets are kept.
    pub secrets: SecretStore,
    /// A link that the app was opened with and that waits for a yes.
    pub pending_link: Option<String>,
    /// Whether a session is going on right now (then the room is shown).
    pub in_session: bool,
}

/// A session that I was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RecentSession {
    /// The session's id.
    pub session_id: String,
    /// Its title.
    pub title: String,
    /// Its code.
    pub room_code: String,
    /// The host's name.
    pub host_name: String,
    /// My role in it.
    pub role: String,
    /// What to join again: the link.
    pub link: String,
    /// When I joined, ms since the epoch.
    #[specta(type = u32)] // a JavaScript number
    pub joined_at_ms: u64,
    /// Active time.
    #[specta(type = u32)] // a JavaScript number
    pub active_ms: u64,
    /// Time from joining to leaving.
    #[specta(type = u32)] // a JavaScript number
    pub elapsed_ms: u64,
    /// Credits by the client's estimate.
    pub credits: u32,
    /// Watched stretches: pairs of start and end in permille of the stay.
    pub ribbon: Vec<(u16, u16)>,
}

/// Where tokens are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum SecretStore {
    /// The keyring of the operating system.
    Keyring,
    /// No keyring answered: a file that only this user can read.
    File {
        /// Its path.
        path: String,
        /// Why the keyring could not be used, in words for a person.
        why: String,
    },
}

/// What is found for a code or a link, before joining.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SessionPreview {
    /// What to hand to `join`.
    pub target: JoinTarget,
    /// The session's title.
    pub title: String,
    /// The host's name.
    pub host_name: String,
    /// How many are in it now.
    pub participants: u32,
    /// When it started, ms since the epoch.
    #[specta(type = u32)] // a JavaScript number
    pub started_at_ms: u64,
    /// Whether the connection is plain http to another machine, which the person
    /// has to allow first.
    pub needs_plain_consent: bool,
}

/// A session at a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct JoinTarget {
    /// The code, like `VIBE-2K4F`.
    pub room_code: String,
    /// The server's origin; none for this computer's own server.
    pub server: Option<String>,
    /// SHA-256 of the server's certificate (hex), for servers on a local network.
    pub pin: Option<String>,
}

/// Where a session that I host runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum HostPlace {
    /// On this computer, for programs on this computer only.
    ThisComputer,
    /// On this computer, open to the local network over TLS.
    LocalNetwork,
    /// On a server.
    Server {
        /// Its origin.
        origin: String,
    },
}

/// A session to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HostRequest {
    /// Its title, 1 to 120 characters.
    pub title: String,
    /// Where it runs.
    pub place: HostPlace,
    /// Whether a server tells everyone who asks about the session; else it is for
    /// those who have its code or link. On this computer it never is.
    pub listed: bool,
}

/// Who can reach the embedded server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ReachView {
    /// Whether the local network can connect.
    pub open_to_network: bool,
    /// The addresses under which it can be reached, like `https://192.168.1.20:8788`.
    pub addresses: Vec<String>,
    /// SHA-256 of its certificate (hex).
    pub pin: Option<String>,
}

/// What the person chose in the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Colours.
    pub theme: Theme,
    /// Whether announcements become system notifications.
    pub notifications: bool,
    /// Whether single-letter shortcuts work.
    pub shortcuts: bool,
    /// Plain-http servers on other machines that the person allowed by name.
    pub plain_servers: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            notifications: true,
            shortcuts: true,
            plain_servers: Vec::new(),
        }
    }
}

/// Colours of the UI.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the operating system.
    #[default]
    System,
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// Why a command could not be done. `code` is for the UI's catalogue of sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type, thiserror::Error)]
#[error("{message}")]
#[serde(rename_all = "camelCase")]
pub struct CommandError {
    /// What went wrong.
    pub code: ErrorCode,
    /// Details in words, for logs and "more".
    pub message: String,
}

/// What went wrong with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// Neither a code nor a link.
    NotACode,
    /// No live session has this code.
    NoSuchSession,
    /// The session is over or locked.
    SessionOver,
    /// The server does not answer.
    ServerUnreachable,
    /// The server's certificate is not the one in the link.
    WrongCertificate,
    /// Plain http to another machine, and the person has not allowed it.
    PlainNotAllowed,
    /// The display name is empty or too long.
    BadName,
    /// The title is empty or too long.
    BadTitle,
    /// The server refused.
    Refused,
    /// There is no session to act in.
    NotInSession,
    /// Already in a session.
    AlreadyInSession,
    /// The account at the server is in the keyring, which cannot be read now.
    KeyringLocked,
    /// Something on this computer failed (disk, port).
    Local,
}

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
    /// Watch time that is on this computer and not at its server yet.
    pub journal: JournalView,
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

/// Watch time on this computer that a server has not confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct JournalView {
    /// From earlier sessions, newest first; it is sent as soon as the server answers.
    pub unsent: Vec<UnsentTime>,
    /// Set when the journal could not be read and a new one was begun: where the
    /// damaged file lies now.
    pub set_aside: Option<String>,
    /// Set when the journal cannot be written (a full disk, say): why. Time still
    /// counts, and is sent, but would not survive a crash.
    pub not_written: Option<String>,
}

/// Watch time of one session that waits for its server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UnsentTime {
    /// The session's id.
    pub session_id: String,
    /// Its title.
    pub title: String,
    /// The server's origin; empty for this computer's own.
    pub server: String,
    /// How much.
    #[specta(type = u32)] // a JavaScript number
    pub active_ms: u64,
    /// Why the server will never take it, in words; none while it may.
    pub refused: Option<String>,
}

/// A server's books on my time in one session, and what they are worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SessionBooks {
    /// The session's id.
    pub session_id: String,
    /// Its title.
    pub title: String,
    /// My role: `host`, `presenter` or `viewer`.
    pub role: String,
    /// When I joined first, ms since the epoch.
    #[specta(type = u32)] // a JavaScript number
    pub joined_at_ms: u64,
    /// From then until now or the session's end.
    #[specta(type = u32)] // a JavaScript number
    pub elapsed_ms: u64,
    /// What counts of it.
    #[specta(type = u32)] // a JavaScript number
    pub active_ms: u64,
    /// All of it, stretch by stretch, in ms since joining.
    pub stretches: Vec<BookedStretch>,
    /// Whole credits for it.
    pub credits: u32,
    /// Whether they have been paid; else it is what they would be if the session
    /// ended now.
    pub settled: bool,
    /// The way to them.
    pub steps: Vec<CreditStep>,
    /// Milestones reached with this session.
    pub milestones: Vec<MilestoneReached>,
    /// My balance at this server.
    #[specta(type = i32)] // a JavaScript number
    pub balance: i64,
    /// How the audience watched, for hosts.
    pub audience: Option<AudienceTotals>,
}

/// One stretch of the time in a session, as the server booked it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BookedStretch {
    /// Since joining.
    #[specta(type = u32)] // a JavaScript number
    pub start_ms: u64,
    /// Since joining; later than `start_ms`.
    #[specta(type = u32)] // a JavaScript number
    pub end_ms: u64,
    /// None where it counted.
    pub reason: Option<BookReason>,
}

/// Why a stretch was not booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum BookReason {
    /// The machine slept.
    Asleep,
    /// The screen was locked.
    Locked,
    /// The window could not be seen.
    Hidden,
    /// No sign of a person for too long.
    NobodyThere,
    /// No connection for longer than the grace period.
    ConnectionLost,
    /// Nothing was reported about it: I was not there, or it has not arrived yet.
    NotReported,
    /// Reported as watched, while the server did not see me connected.
    NotVouchedFor,
    /// More than what counts of one session.
    Cap,
    /// A reason that this version does not know.
    Other,
}

/// One line on the way from minutes to credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CreditStep {
    /// The rule.
    pub rule: CreditRule,
    /// Whether it changed anything: else a bonus that was not earned.
    pub applied: bool,
    /// The sum after it, in hundredths of a credit.
    #[specta(type = u32)] // a JavaScript number
    pub subtotal_hundredths: u64,
}

/// A rule on the way from minutes to credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum CreditRule {
    /// 1 for each minute watched.
    MinutesWatched,
    /// 5 for each minute hosted.
    MinutesHosted,
    /// ×1.5: wrote in the chat.
    Chatted,
    /// ×2: helped someone.
    HelpedSomeone,
    /// ×1.2: has attended three or more sessions before.
    RepeatViewer,
    /// ×1.5: the first session ever.
    FirstSession,
    /// + 2 a minute for each average concurrent viewer.
    Viewers,
    /// ×2: at least two messages a minute.
    LivelyChat,
    /// ×2: a completed session of at least 30 minutes.
    Completed,
    /// + 50 for each person helped.
    PeopleHelped,
    /// At most 10,000.
    Cap,
    /// One that this version does not know.
    Other,
}

/// A milestone that was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MilestoneReached {
    /// Its name at the server, like `first_session` or `sessions_10`.
    pub kind: String,
    /// What it pays.
    pub credits: u32,
}

/// How the audience of a session that I hosted watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AudienceTotals {
    /// Everyone who joined, but for the host.
    pub people: u32,
    /// Their active time, added up.
    #[specta(type = u32)] // a JavaScript number
    pub active_ms: u64,
    /// The mean of it.
    #[specta(type = u32)] // a JavaScript number
    pub average_active_ms: u64,
    /// The median of it.
    #[specta(type = u32)] // a JavaScript number
    pub median_active_ms: u64,
}

/// Where something about the person's watching comes from on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ActivitySource {
    /// What it tells.
    pub about: ActivityKind,
    /// Which it is; none where nothing on this computer tells it.
    pub source: Option<ActivitySourceName>,
    /// What it cannot tell; empty for most.
    pub blind_to: Vec<BlindSpot>,
}

/// What is to be known of the person's watching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ActivityKind {
    /// Whether the window can be seen.
    Window,
    /// Whether there is any input.
    Input,
    /// Whether the screen is locked.
    Lock,
    /// Whether the machine sleeps.
    Sleep,
}

/// The system's part that tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ActivitySourceName {
    /// The X window system.
    X11,
    /// The page, and the window toolkit.
    Page,
    /// X11's screen saver extension.
    X11ScreenSaver,
    /// Wayland's ext-idle-notify.
    WaylandIdleNotify,
    /// GNOME's Mutter.
    MutterIdleMonitor,
    /// The operating system's own count.
    OperatingSystem,
    /// systemd's logind.
    Logind,
    /// The difference of two clocks after waking up.
    Clocks,
}

/// What a source cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum BlindSpot {
    /// That the window is on another workspace.
    OtherWorkspace,
    /// That other windows cover it.
    Covered,
    /// The moment at which it happens: only afterwards.
    InAdvance,
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
    /// Whether "Still watching?" becomes one. Without it the window alone asks.
    pub prompt_notifications: bool,
    /// Whether single-letter shortcuts work.
    pub shortcuts: bool,
    /// Plain-http servers on other machines that the person allowed by name.
    pub plain_servers: Vec<String>,
    /// The microphone that was chosen; none: the system's.
    #[serde(default)]
    pub microphone: Option<String>,
    /// The loudspeaker that was chosen; none: the system's.
    #[serde(default)]
    pub loudspeaker: Option<String>,
    /// The person has read what happens when a camera is started, and said yes. Before,
    /// the page gets no camera from the system.
    #[serde(default)]
    pub media_consent: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            notifications: true,
            prompt_notifications: true,
            shortcuts: true,
            plain_servers: Vec::new(),
            microphone: None,
            loudspeaker: None,
            media_consent: false,
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
    /// The session is over.
    SessionOver,
    /// Its host lets nobody new in.
    SessionLocked,
    /// Its host has removed this person.
    Removed,
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

//! Joining and hosting: from a server's address, a code and a name to a stay.

use std::sync::Arc;

use kulti_protocol::{
    api::{CreateSessionRequest, GetTokenRequest, Session, SessionStatus},
    link::{JoinLink, is_loopback, server_origin},
    room_code::RoomCode,
};
use parking_lot::Mutex;
use url::Url;
use uuid::Uuid;

use super::{
    access::{Access, CLOUD_INIT_ENDPOINT},
    api::{Api, ApiError},
    clock,
    credentials::Credentials,
    journal::{Journal, Place, StayRecord},
    media::MediaPort,
    stay::{self, StayHandle, Wiring},
    tls::{Pin, Trust},
    transport::{PlainRefused, Transport, TransportError, origin_of},
};
use crate::core::io::StayConfig;

/// Where a server is, and how much it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    /// Its origin, like `https://kulti.dev`; a bare host name means https.
    pub origin: String,
    /// Its certificate, for servers that make their own.
    pub pin: Option<Pin>,
    /// The person has allowed this server by name to be reached without encryption.
    pub plain_allowed: bool,
}

/// What to call the server in links, when it is not the address that this client uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedAddress {
    /// The origin under which others reach it.
    pub origin: String,
    /// Its certificate there.
    pub pin: Option<Pin>,
}

/// Why joining or hosting failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The address is none.
    #[error("a server's address looks like https://kulti.dev")]
    BadAddress,
    /// The build cannot do HTTP or TLS.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The display name is empty or longer than 80 characters.
    #[error("a display name has 1 to 80 characters")]
    BadName,
    /// The title is empty or longer than 120 characters.
    #[error("a title has 1 to 120 characters")]
    BadTitle,
    /// No session has this code.
    #[error("no session has the code {0}")]
    NoSuchSession(RoomCode),
    /// The session is over.
    #[error("the session is over")]
    SessionOver,
    /// A call failed.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl From<PlainRefused> for JoinError {
    fn from(refused: PlainRefused) -> Self {
        Self::Api(refused.into())
    }
}

/// A person at one server. Cheap to clone; see [`Api`] for the other calls.
#[derive(Debug, Clone)]
pub struct Server {
    api: Api,
    transport: Transport,
    shared: SharedAddress,
    cloud: Url,
    /// The last name that the account was to have, and got or never will.
    asked_name: Arc<Mutex<Option<String>>>,
    journal: Option<(Journal, Place)>,
    media: Arc<Mutex<Option<MediaPort>>>,
}

impl Server {
    /// The server at `address`, with the account that `credentials` keeps. Nothing
    /// is sent yet.
    ///
    /// # Errors
    /// [`JoinError::BadAddress`], and [`ApiError::PlainNotAllowed`] for plain http
    /// to another computer that is not allowed.
    pub fn new(
        address: &ServerAddress,
        credentials: Arc<dyn Credentials>,
    ) -> Result<Self, JoinError> {
        let transport = address.transport()?;
        Self::over(transport, address, credentials)
    }

    /// The same over a transport that others of the same server use too.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn over(
        transport: Transport,
        address: &ServerAddress,
        credentials: Arc<dyn Credentials>,
    ) -> Result<Self, JoinError> {
        let url = address.url()?;
        transport.check(&url)?;
        let shared = SharedAddress {
            origin: origin_of(&url),
            pin: address.pin,
        };
        Ok(Self {
            api: Api::new(transport.clone(), url, credentials),
            transport,
            shared,
            cloud: Url::parse(CLOUD_INIT_ENDPOINT).map_err(|_| JoinError::BadAddress)?,
            asked_name: Arc::default(),
            journal: None,
            media: Arc::default(),
        })
    }

    /// Writes links with another address: an embedded server is used over loopback,
    /// which is of no use to others.
    #[must_use]
    pub fn shared_as(mut self, shared: SharedAddress) -> Self {
        self.shared = shared;
        self
    }

    /// Takes `cloud` for the init endpoint of sessions for which the server names none,
    /// instead of the 100ms cloud's.
    #[must_use]
    pub fn with_cloud(mut self, cloud: Url) -> Self {
        self.cloud = cloud;
        self
    }

    /// Gives the next stay a media engine. Without it nothing is heard or seen.
    #[must_use]
    pub fn with_media(mut self, media: MediaPort) -> Self {
        self.media = Arc::new(Mutex::new(Some(media)));
        self
    }

    /// Keeps the watch time of its stays in a journal, under the name of this place.
    #[must_use]
    pub fn journaled(mut self, journal: Journal, place: Place) -> Self {
        self.journal = Some((journal, place));
        self
    }

    /// The HTTP API. Calls work after a first [`Self::sign_in`].
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The link that others join a session with.
    #[must_use]
    pub fn share_link(&self, code: &RoomCode) -> String {
        let link = JoinLink {
            code: code.clone(),
            server: Some(self.shared.origin.clone()),
            pin: self.shared.pin.map(|pin| pin.to_string()),
        };
        link.to_string()
    }

    /// Takes up the kept account or makes a guest account. One that has another name
    /// gets this one, if the server lets it.
    ///
    /// # Errors
    /// [`JoinError::BadName`] or [`JoinError::Api`].
    pub async fn sign_in(&self, name: &str) -> Result<(), JoinError> {
        let name = checked(name, 80).ok_or(JoinError::BadName)?;
        let user = self.api.sign_in(name).await?;
        if user.display_name != name {
            self.rename(name).await;
        }
        Ok(())
    }

    /// Asks for a name once: a server may write it in another way, or not know how.
    async fn rename(&self, name: &str) {
        if self.asked_name.lock().as_deref() == Some(name) {
            return;
        }
        let renamed = self.api.rename(name).await;
        match &renamed {
            // It is shown in the room all the same, where everyone says their own name.
            Err(error) => tracing::warn!(%error, "the server keeps the former display name"),
            Ok(_) => tracing::info!("the display name was changed"),
        }
        if !renamed.is_err_and(|error| error.is_transient()) {
            *self.asked_name.lock() = Some(name.to_owned());
        }
    }

    /// Looks up what a code leads to, without joining it.
    ///
    /// # Errors
    /// [`JoinError`].
    pub async fn look_up(&self, code: &RoomCode, name: &str) -> Result<Session, JoinError> {
        self.sign_in(name).await?;
        let found = match self.api.session_by_code(code).await {
            Err(ApiError::SignedOut) => {
                self.sign_in_anew(name).await?;
                self.api.session_by_code(code).await
            }
            found => found,
        };
        let session = found.map_err(|error| match error.status() {
            Some(404) => JoinError::NoSuchSession(code.clone()),
            Some(410) => JoinError::SessionOver,
            _ => JoinError::Api(error),
        })?;
        match session.status {
            SessionStatus::Live => Ok(session),
            SessionStatus::Ended => Err(JoinError::SessionOver),
        }
    }

    /// Joins the session that has this code, under this display name.
    ///
    /// # Errors
    /// [`JoinError`]. After that the stay reports by itself.
    pub async fn join(&self, code: &RoomCode, name: &str) -> Result<StayHandle, JoinError> {
        let session = self.look_up(code, name).await?;
        self.enter(session, name).await
    }

    /// Starts a session with this title and joins it as its host.
    ///
    /// # Errors
    /// [`JoinError`].
    pub async fn host(
        &self,
        title: &str,
        is_public: bool,
        name: &str,
    ) -> Result<StayHandle, JoinError> {
        let request = CreateSessionRequest {
            title: checked(title, 120).ok_or(JoinError::BadTitle)?.to_owned(),
            description: None,
            is_public,
        };
        self.sign_in(name).await?;
        let session = match self.api.create_session(&request).await {
            Err(ApiError::SignedOut) => {
                self.sign_in_anew(name).await?;
                self.api.create_session(&request).await?
            }
            created => created?,
        };
        self.enter(session, name).await
    }

    async fn sign_in_anew(&self, name: &str) -> Result<(), JoinError> {
        tracing::warn!(
            server = self.api.origin(),
            "the server does not know the kept account any more; making a new one"
        );
        let name = checked(name, 80).ok_or(JoinError::BadName)?;
        let _user = self.api.sign_in_anew(name).await?;
        Ok(())
    }

    async fn enter(&self, session: Session, name: &str) -> Result<StayHandle, JoinError> {
        let name = checked(name, 80).ok_or(JoinError::BadName)?;
        let over = |error: ApiError| match error.status() {
            Some(404 | 410) => JoinError::SessionOver,
            _ => JoinError::Api(error),
        };
        let joined = self.api.join_session(&session.id).await.map_err(over)?;
        let session = joined.session;
        let request = GetTokenRequest {
            room_id: session.hms_room_id.clone(),
            session_id: session.id.clone(),
        };
        let token = self.api.get_token(&request).await.map_err(over)?;
        let user = self.api.sign_in(name).await?; // no call: it is signed in
        let media = self.media.lock().take();
        let config = StayConfig {
            share_link: session
                .room_code
                .parse()
                .map_or_else(|_| String::new(), |code| self.share_link(&code)),
            session_id: session.id,
            title: session.title,
            room_code: session.room_code,
            host_name: session.host.display_name,
            started_at_ms: session.started_at,
            server: self.api.origin(),
            peer_id: Uuid::new_v4().to_string(),
            user_id: user.id,
            name: name.to_owned(),
            role: token.role.clone(),
            watch_policy: token.watch_policy,
            media: media.as_ref().map(|media| media.devices.clone()),
            server_counts_viewers: token.init_endpoint.is_some(),
            seed: rand::random(),
        };
        let wiring = Wiring {
            transport: self.transport.clone(),
            access: Access::renewable(self.api.clone(), request, &token, self.cloud.clone())?,
            ledger: Some(self.api.clone()),
            media,
            journal: self.journal.as_ref().map(|(journal, place)| {
                journal.begin(StayRecord {
                    place: place.clone(),
                    session_id: config.session_id.clone(),
                    title: config.title.clone(),
                    user_id: config.user_id.clone(),
                    role: config.role.clone(),
                    joined_at_ms: clock::now().wall_ms,
                })
            }),
        };
        Ok(stay::start(config, wiring))
    }
}

impl ServerAddress {
    /// An address that is only trusted as the operating system says.
    #[must_use]
    pub fn public(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            pin: None,
            plain_allowed: false,
        }
    }

    /// Whether it is plain http to another computer: then the person must be asked.
    #[must_use]
    pub fn needs_plain_consent(&self) -> bool {
        server_origin(&self.origin)
            .is_some_and(|origin| origin.starts_with("http://") && !is_loopback(&origin))
    }

    /// A transport that trusts this server as it should be. Programs with many
    /// participants at one server make it once.
    ///
    /// # Errors
    /// [`JoinError::BadAddress`] or [`JoinError::Transport`].
    pub fn transport(&self) -> Result<Transport, JoinError> {
        let origin = origin_of(&self.url()?);
        let trust = self.pin.map_or(Trust::SystemRoots, Trust::Pinned);
        let plain = self.plain_allowed.then_some(origin);
        Ok(Transport::new(trust, plain)?)
    }

    fn url(&self) -> Result<Url, JoinError> {
        let origin = server_origin(&self.origin).ok_or(JoinError::BadAddress)?;
        Url::parse(&origin).map_err(|_| JoinError::BadAddress)
    }
}

/// The text without the space around it, if it has 1 to `limit` characters.
fn checked(text: &str, limit: usize) -> Option<&str> {
    let text = text.trim();
    (1..=limit).contains(&text.chars().count()).then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::drivers::credentials::MemoryCredentials;

    fn server(address: &ServerAddress) -> Result<Server, JoinError> {
        Server::new(address, Arc::new(MemoryCredentials::default()))
    }

    #[test]
    fn plain_to_another_computer_needs_consent() {
        let mut address = ServerAddress::public("http://192.168.1.20:8787/");
        assert!(address.needs_plain_consent());
        let refused = server(&address).unwrap_err();
        assert!(
            matches!(refused, JoinError::Api(ApiError::PlainNotAllowed(_))),
            "{refused}"
        );
        address.plain_allowed = true;
        assert!(server(&address).is_ok());
        assert!(!ServerAddress::public("http://127.0.0.1:1").needs_plain_consent());
        assert!(!ServerAddress::public("kulti.dev").needs_plain_consent());
    }

    #[test]
    fn an_embedded_server_is_shared_under_its_network_address() {
        let code: RoomCode = "VIBE-2K4F".parse().unwrap();
        let server = server(&ServerAddress::public("http://127.0.0.1:8787")).unwrap();
        assert_eq!(
            server.share_link(&code),
            "kulti://join/VIBE-2K4F?server=http%3A%2F%2F127.0.0.1%3A8787"
        );
        let pin = Pin::of_certificate(b"x");
        let shared = server.shared_as(SharedAddress {
            origin: "https://192.168.1.20:8788".into(),
            pin: Some(pin),
        });
        let link = JoinLink::parse(&shared.share_link(&code)).unwrap();
        assert_eq!(link.server.as_deref(), Some("https://192.168.1.20:8788"));
        assert_eq!(link.pin, Some(pin.to_string()));
    }

    #[tokio::test]
    async fn bad_names_are_refused_before_anything_is_sent() {
        let server = server(&ServerAddress::public("http://127.0.0.1:9")).unwrap();
        for name in ["", "  ", &"n".repeat(81)] {
            let refused = server.sign_in(name).await.unwrap_err();
            assert!(matches!(refused, JoinError::BadName), "{name:?}: {refused}");
        }
    }
}

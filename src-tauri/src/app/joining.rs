//! Looking up, joining and hosting sessions: on this computer's own server or on others.

use std::sync::Arc;

use kulti_client::drivers::{
    api::Api,
    credentials::Credentials,
    join::{Server, ServerAddress},
    journal::Place as JournalPlace,
    tls::Pin,
};
use kulti_protocol::{
    api::Session,
    link::{is_loopback, server_origin},
    room_code::RoomCode,
};
use url::Url;

use super::{
    App, links,
    model::{
        CommandError, ErrorCode, HostPlace, HostRequest, JoinTarget, ReachView, SessionPreview,
    },
    profile,
};
use crate::media::StayMedia;

/// Under which name the account at this computer's own server is kept: its address
/// may change.
const OWN: &str = "this computer";

/// The name of those who look at a session before they said who they are.
const STRANGER: &str = "Guest";

/// Where a server is, and where the account at it is kept.
pub(super) struct Place {
    pub(super) address: ServerAddress,
    /// The account's name among the [`super::Secrets`].
    pub(super) kept_as: String,
    /// Whether it is this computer's own.
    own: bool,
}

impl Place {
    /// This computer's own server, at its address of today.
    pub(super) fn this_computer(origin: &str) -> Self {
        Self {
            address: ServerAddress::public(origin),
            kept_as: OWN.to_owned(),
            own: true,
        }
    }

    /// Another server.
    pub(super) fn elsewhere(address: ServerAddress) -> Self {
        // An address of a local network may be another computer's tomorrow,
        // which must not be sent this one's tokens: the pin tells them apart.
        let kept_as = match &address.pin {
            Some(pin) => format!("pin {pin}"),
            None => address.origin.clone(),
        };
        Self {
            address,
            kept_as,
            own: false,
        }
    }

    fn in_journal(&self) -> JournalPlace {
        if self.own {
            JournalPlace::ThisComputer
        } else {
            JournalPlace::At(self.address.clone())
        }
    }

    fn server(&self, credentials: Arc<dyn Credentials>) -> Result<Server, CommandError> {
        Ok(Server::new(&self.address, credentials)?)
    }
}

impl App {
    /// Finds out what a code or a link leads to, without joining. `server` is where a
    /// code is looked up; none or empty: this computer's own server.
    ///
    /// A server that may not be contacted without the person's consent is not: then
    /// only `needs_plain_consent` and the target are known. One where the person has
    /// no account does not learn who looks: an account is made when they join.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn look_up(
        &self,
        text: &str,
        server: Option<&str>,
    ) -> Result<SessionPreview, CommandError> {
        let target = links::read_target(text, server)?;
        if let Some(origin) = &target.server
            && self.needs_consent(origin)
        {
            return Ok(SessionPreview {
                target,
                title: String::new(),
                host_name: String::new(),
                participants: 0,
                started_at_ms: 0,
                needs_plain_consent: true,
            });
        }
        let name = self.kept.lock().profile.display_name.clone();
        let place = self.place(&target).await?;
        // An account that cannot be read is not needed for this.
        let known = !name.is_empty() && self.has_account(&place).await.unwrap_or(false);
        let (credentials, name): (Arc<dyn Credentials>, &str) = if known {
            (self.secrets.credentials(&place.kept_as), &name)
        } else {
            (self.secrets.stranger(&place.kept_as), STRANGER)
        };
        let server = place.server(credentials)?;
        let found = server.look_up(&code_of(&target)?, name).await?;
        Ok(preview(target, found))
    }

    /// Joins a session that was looked up. `allow_plain`: the person has just allowed
    /// plain http to this one server.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn join(
        self: &Arc<Self>,
        target: JoinTarget,
        allow_plain: bool,
    ) -> Result<(), CommandError> {
        let _beginning = self
            .stays
            .begin()
            .ok_or_else(CommandError::already_in_session)?;
        let name = self.display_name()?;
        let code = code_of(&target)?;
        if let Some(origin) = &target.server
            && self.needs_consent(origin)
        {
            if !allow_plain {
                return Err(CommandError {
                    code: ErrorCode::PlainNotAllowed,
                    message: format!("{origin} is not encrypted"),
                });
            }
            self.allow_plain(origin);
        }
        let place = self.place(&target).await?;
        let server = self.signed_in(&place).await?;
        let (media, port) = StayMedia::new(self.sound_devices());
        let server = server.with_media(port);
        let stay = server.join(&code, &name).await?;
        self.used(if place.own {
            ""
        } else {
            target.server.as_deref().unwrap_or("")
        });
        self.take_up(stay, media, server.api().clone(), place.own);
        Ok(())
    }

    /// Starts a session and joins it as its host.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn host(self: &Arc<Self>, request: HostRequest) -> Result<(), CommandError> {
        let _beginning = self
            .stays
            .begin()
            .ok_or_else(CommandError::already_in_session)?;
        let name = self.display_name()?;
        let title = profile::clean_title(&request.title)?;
        let origin = match request.place {
            HostPlace::ThisComputer => None,
            HostPlace::LocalNetwork => {
                self.set_open_to_network(true).await?;
                None
            }
            HostPlace::Server { origin } => Some(read_origin(&origin)?),
        };
        let target = JoinTarget {
            room_code: String::new(),
            server: origin,
            pin: None,
        };
        let place = self.place(&target).await?;
        // A session on this computer is for those who are told of it.
        let is_public = request.listed && !place.own;
        let server = self.signed_in(&place).await?;
        let (media, port) = StayMedia::new(self.sound_devices());
        let server = server.with_media(port);
        let stay = server.host(&title, is_public, &name).await?;
        self.used(target.server.as_deref().unwrap_or(""));
        self.take_up(stay, media, server.api().clone(), place.own);
        Ok(())
    }

    /// Who can reach this computer's server.
    #[must_use]
    pub fn reach(&self) -> ReachView {
        self.own_server.reach()
    }

    /// Opens this computer's server to the local network, or closes it.
    ///
    /// # Errors
    /// [`ErrorCode::Local`] if no port can be opened.
    pub async fn set_open_to_network(&self, open: bool) -> Result<ReachView, CommandError> {
        if open {
            self.own_origin().await?;
            let last = self.kept.lock().profile.network_port;
            let port = self.own_server.open_to_network(last).await?;
            self.change_profile(|profile| profile.network_port = port);
        } else {
            self.own_server.close_to_network().await;
        }
        Ok(self.own_server.reach())
    }

    /// The server of a place, for the account that is kept, or will be.
    async fn signed_in(&self, place: &Place) -> Result<Server, CommandError> {
        // Asked first, and before anything is sent: while the keyring is locked, the
        // person must not become somebody else.
        self.has_account(place).await?;
        let server = place.server(self.secrets.credentials(&place.kept_as))?;
        Ok(server.journaled(self.journal.clone(), place.in_journal()))
    }

    async fn has_account(&self, place: &Place) -> Result<bool, CommandError> {
        let (secrets, kept_as) = (self.secrets.clone(), place.kept_as.clone());
        tokio::task::spawn_blocking(move || secrets.has_account(&kept_as))
            .await
            .map_err(|error| CommandError::local("the account cannot be read", &error))?
            .map_err(CommandError::from)
    }

    /// The server of a target. Nothing is sent to it yet.
    async fn place(&self, target: &JoinTarget) -> Result<Place, CommandError> {
        let pin = match &target.pin {
            Some(pin) => Some(pin.parse::<Pin>().map_err(|error| CommandError {
                code: ErrorCode::NotACode,
                message: error.to_string(),
            })?),
            None => None,
        };
        let elsewhere = match &target.server {
            Some(origin) if !self.is_own(origin).await => Some(origin),
            _ => None,
        };
        match elsewhere {
            None => Ok(Place::this_computer(&self.own_origin().await?)),
            Some(origin) => Ok(Place::elsewhere(ServerAddress {
                origin: origin.clone(),
                pin,
                plain_allowed: self.kept.lock().settings.plain_servers.contains(origin),
            })),
        }
    }

    /// The way to the server of a target with the account that is there; none is made.
    pub(super) async fn existing_account(&self, target: &JoinTarget) -> Result<Api, CommandError> {
        let place = self.place(target).await?;
        let server = self.signed_in(&place).await?;
        match server.api().take_up().await? {
            Some(_) => Ok(server.api().clone()),
            None => Err(CommandError {
                code: ErrorCode::Refused,
                message: "there is no account at this server on this computer".into(),
            }),
        }
    }

    /// Whether an address is this computer's own server's, as in links to sessions
    /// that run here. One that had this address last is started again.
    async fn is_own(&self, origin: &str) -> bool {
        let remembered = self.kept.lock().profile.own_port;
        let port = Url::parse(origin).ok().and_then(|url| url.port());
        is_loopback(origin)
            && port == Some(self.own_server.port().unwrap_or(remembered))
            && self.own_origin().await.is_ok_and(|own| own == *origin)
    }

    /// The address of this computer's own server, which is started if need be.
    pub(super) async fn own_origin(&self) -> Result<String, CommandError> {
        let remembered = self.kept.lock().profile.own_port;
        let port = self.own_server.start(remembered).await?;
        self.change_profile(|profile| profile.own_port = port);
        Ok(format!("http://127.0.0.1:{port}"))
    }

    fn display_name(&self) -> Result<String, CommandError> {
        profile::clean_name(&self.kept.lock().profile.display_name)
    }

    fn needs_consent(&self, origin: &str) -> bool {
        let allowed = self
            .kept
            .lock()
            .settings
            .plain_servers
            .iter()
            .any(|s| s == origin);
        links::is_plain_elsewhere(origin) && !allowed
    }

    fn allow_plain(&self, origin: &str) {
        let changed = {
            let mut kept = self.kept.lock();
            kept.settings.plain_servers.push(origin.to_owned());
            kept.settings.clone()
        };
        self.files.settings.save_or_warn(&changed);
    }

    /// A session was entered: its server is offered first from now on, and a link
    /// that waited has been answered.
    fn used(&self, origin: &str) {
        self.kept.lock().pending_link = None;
        self.change_profile(|profile| profile.used_server(origin));
    }
}

fn code_of(target: &JoinTarget) -> Result<RoomCode, CommandError> {
    let code = target.room_code.parse();
    code.map_err(|error| CommandError {
        code: ErrorCode::NotACode,
        message: format!("{error}"),
    })
}

fn read_origin(text: &str) -> Result<String, CommandError> {
    server_origin(text).ok_or_else(|| CommandError {
        code: ErrorCode::ServerUnreachable,
        message: format!("{text} is not an address like https://kulti.dev"),
    })
}

fn preview(target: JoinTarget, session: Session) -> SessionPreview {
    SessionPreview {
        target,
        title: session.title,
        host_name: session.host.display_name,
        participants: session.participants,
        started_at_ms: session.started_at,
        needs_plain_consent: false,
    }
}

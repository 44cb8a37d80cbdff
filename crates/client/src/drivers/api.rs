//! The Kulti HTTP API, typed, with the account of one person at one server.

use std::{sync::Arc, time::Duration};

use kulti_protocol::{
    api::{
        AuthResponse, BalanceResponse, CreateSessionRequest, EndSessionRequest, EndSessionResponse,
        GetTokenRequest, GetTokenResponse, GuestRequest, HeartbeatRequest, HeartbeatResponse,
        InsightsResponse, JoinSessionResponse, ProfileRequest, ProfileResponse, ReceiptKeyResponse,
        RefreshRequest, Session, SessionList, SessionWatchResponse, SignedReceipt,
        TransactionsResponse, User,
    },
    room_code::RoomCode,
};
use parking_lot::Mutex;
use reqwest::header::CONTENT_TYPE;
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

pub use super::api_error::ApiError;
use super::{
    api_call::{Call, read_limited},
    credentials::{Account, Credentials, Secret},
    transport::{Transport, origin_of},
};

/// A heartbeat is answered after the commit, and a server that spares its disk
/// commits twice a minute only.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(75);

/// Somebody who waits to join is kept no longer for the sake of a name.
const RENAME_TIMEOUT: Duration = Duration::from_secs(5);

/// A person's access to the HTTP API of one server. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
}

struct Shared {
    transport: Transport,
    origin: Url,
    credentials: Arc<dyn Credentials>,
    account: Mutex<Option<Account>>,
    /// Held while the tokens are being replaced: they are good once.
    replacing: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api")
            .field("origin", &self.origin())
            .finish_non_exhaustive()
    }
}

impl Api {
    /// How large an answer may be, bytes.
    const ANSWER_LIMIT: usize = 1 << 20;

    /// The API at `origin`, for the account that `credentials` keeps. Nothing is
    /// sent or read yet.
    #[must_use]
    pub fn new(transport: Transport, origin: Url, credentials: Arc<dyn Credentials>) -> Self {
        Self {
            shared: Arc::new(Shared {
                transport,
                origin,
                credentials,
                account: Mutex::new(None),
                replacing: tokio::sync::Mutex::new(()),
            }),
        }
    }

    /// The server's origin, like `https://kulti.dev`.
    #[must_use]
    pub fn origin(&self) -> String {
        origin_of(&self.shared.origin)
    }

    /// The way to the server.
    #[must_use]
    pub fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    /// Takes up the kept account, or makes a guest account under this name and
    /// keeps it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn sign_in(&self, display_name: &str) -> Result<User, ApiError> {
        let _replacing = self.shared.replacing.lock().await;
        if let Some(account) = self.shared.account.lock().clone() {
            return Ok(account.user);
        }
        if let Some(account) = self.load().await? {
            let user = account.user.clone();
            *self.shared.account.lock() = Some(account);
            return Ok(user);
        }
        self.make_guest(display_name).await
    }

    /// Takes up the kept account, if there is one; never makes one.
    ///
    /// # Errors
    /// [`ApiError::Credentials`] if it cannot be read.
    pub async fn take_up(&self) -> Result<Option<User>, ApiError> {
        let _replacing = self.shared.replacing.lock().await;
        if let Some(account) = self.load().await? {
            *self.shared.account.lock() = Some(account);
        }
        let account = self.shared.account.lock();
        Ok(account.as_ref().map(|account| account.user.clone()))
    }

    /// Makes a new guest account, in place of one that the server does not accept.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn sign_in_anew(&self, display_name: &str) -> Result<User, ApiError> {
        let _replacing = self.shared.replacing.lock().await;
        self.make_guest(display_name).await
    }

    /// Changes the display name at the server, and that of the kept account.
    ///
    /// # Errors
    /// [`ApiError`]; status 404 from servers without this call.
    pub async fn rename(&self, display_name: &str) -> Result<User, ApiError> {
        let body = ProfileRequest {
            display_name: display_name.to_owned(),
        };
        let mut call = Call::post(&["api", "auth", "profile"], &body)?;
        call.timeout = RENAME_TIMEOUT;
        let answer: ProfileResponse = self.call(&call).await?;
        let _replacing = self.shared.replacing.lock().await;
        let account = self.shared.account.lock().clone();
        if let Some(account) = account.filter(|account| account.user.id == answer.user.id) {
            let user = answer.user.clone();
            self.take(Account { user, ..account }).await;
        }
        Ok(answer.user)
    }

    async fn make_guest(&self, display_name: &str) -> Result<User, ApiError> {
        let body = GuestRequest {
            display_name: display_name.to_owned(),
        };
        let call = Call::post(&["api", "auth", "guest"], &body)?;
        let answer: AuthResponse = self.send(&call, None).await?;
        Ok(self.take(answer.into()).await)
    }

    /// Starts a session and becomes its host.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn create_session(
        &self,
        request: &CreateSessionRequest,
    ) -> Result<Session, ApiError> {
        self.post(&["api", "sessions", "create"], request).await
    }

    /// The session that has this code.
    ///
    /// # Errors
    /// [`ApiError`]; status 404 if there is none.
    pub async fn session_by_code(&self, code: &RoomCode) -> Result<Session, ApiError> {
        self.get(&["api", "sessions", "by-code", code.as_str()], &[])
            .await
    }

    /// The public sessions that go on, newest first.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn live_sessions(&self) -> Result<Vec<Session>, ApiError> {
        let list: SessionList = self
            .get(&["api", "sessions"], &[("status", "live")])
            .await?;
        Ok(list.sessions)
    }

    /// Becomes a participant.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn join_session(&self, session_id: &str) -> Result<JoinSessionResponse, ApiError> {
        let nothing = serde_json::json!({});
        self.post(&["api", "sessions", session_id, "join"], &nothing)
            .await
    }

    /// Ends a session for everyone (its host only).
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn end_session(&self, session_id: &str) -> Result<EndSessionResponse, ApiError> {
        let body = EndSessionRequest {
            session_id: session_id.to_owned(),
        };
        self.post(&["api", "sessions", "end"], &body).await
    }

    /// An HMS auth token for the session's room.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn get_token(&self, request: &GetTokenRequest) -> Result<GetTokenResponse, ApiError> {
        self.post(&["api", "hms", "get-token"], request).await
    }

    /// Tells the ledger what was watched.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn heartbeat(
        &self,
        request: &HeartbeatRequest,
    ) -> Result<HeartbeatResponse, ApiError> {
        let mut call = Call::post(&["api", "analytics", "heartbeat"], request)?;
        call.timeout = HEARTBEAT_TIMEOUT;
        self.call(&call).await
    }

    /// The ledger's books on the person's own time in a session.
    ///
    /// # Errors
    /// [`ApiError`]; status 403 or 404 if they were not in it.
    pub async fn session_watch(&self, session_id: &str) -> Result<SessionWatchResponse, ApiError> {
        self.get(&["api", "sessions", session_id, "watch"], &[])
            .await
    }

    /// The signed receipt for the person's time in a session that is over.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn receipt(&self, session_id: &str) -> Result<SignedReceipt, ApiError> {
        self.get(&["api", "sessions", session_id, "receipt"], &[])
            .await
    }

    /// How a session goes or went, for its hosts.
    ///
    /// # Errors
    /// [`ApiError`]; status 403 for others.
    pub async fn insights(&self, session_id: &str) -> Result<InsightsResponse, ApiError> {
        self.get(&["api", "sessions", session_id, "insights"], &[])
            .await
    }

    /// The key that receipts are signed with.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn receipt_key(&self) -> Result<ReceiptKeyResponse, ApiError> {
        self.get(&["api", "receipts", "key"], &[]).await
    }

    /// The person's credits.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn balance(&self) -> Result<BalanceResponse, ApiError> {
        self.get(&["api", "credits", "balance"], &[]).await
    }

    /// What changed the balance, newest first.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn transactions(&self) -> Result<TransactionsResponse, ApiError> {
        self.get(&["api", "credits", "transactions"], &[]).await
    }

    async fn get<A: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<A, ApiError> {
        self.call(&Call::get(path, query)).await
    }

    async fn post<B: Serialize, A: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &B,
    ) -> Result<A, ApiError> {
        self.call(&Call::post(path, body)?).await
    }

    /// Calls as the account; if its access token has ended, once more with another.
    async fn call<A: DeserializeOwned>(&self, call: &Call<'_>) -> Result<A, ApiError> {
        let Some(access) = self.access() else {
            return Err(ApiError::SignedOut);
        };
        match self.send(call, Some(&access)).await {
            Err(ApiError::Refused { status: 401, .. }) => {
                let access = self.replace_tokens(&access).await?;
                self.send(call, Some(&access)).await
            }
            other => other,
        }
    }

    fn access(&self) -> Option<Secret> {
        let account = self.shared.account.lock();
        account.as_ref().map(|account| account.access.clone())
    }

    /// A token in place of `ended`: what another call or another program has got
    /// meanwhile, else by the refresh token.
    async fn replace_tokens(&self, ended: &Secret) -> Result<Secret, ApiError> {
        let _replacing = self.shared.replacing.lock().await;
        let account = self
            .shared
            .account
            .lock()
            .clone()
            .ok_or(ApiError::SignedOut)?;
        if account.access != *ended {
            return Ok(account.access);
        }
        let body = RefreshRequest {
            refresh_token: account.refresh.expose().to_owned(),
        };
        let call = Call::post(&["api", "auth", "refresh"], &body)?;
        let answer: Result<AuthResponse, ApiError> = self.send(&call, None).await;
        match answer {
            Ok(answer) => {
                let account = Account::from(answer);
                let access = account.access.clone();
                self.take(account).await;
                Ok(access)
            }
            Err(ApiError::Refused { status, .. }) if !matches!(status, 408 | 425 | 429 | 500..) => {
                // The refresh token was used up: perhaps by another program with the
                // same account, which has kept the newer pair then.
                match self.load().await? {
                    Some(kept) if kept.refresh != account.refresh => {
                        let access = kept.access.clone();
                        *self.shared.account.lock() = Some(kept);
                        Ok(access)
                    }
                    _ => Err(ApiError::SignedOut),
                }
            }
            Err(other) => Err(other),
        }
    }

    async fn load(&self) -> Result<Option<Account>, ApiError> {
        let credentials = self.shared.credentials.clone();
        on_blocking_thread(move || credentials.load()).await
    }

    /// Uses this account from now on, and keeps it. If it cannot be kept, it still
    /// serves for as long as the program runs.
    async fn take(&self, account: Account) -> User {
        let user = account.user.clone();
        *self.shared.account.lock() = Some(account.clone());
        let credentials = self.shared.credentials.clone();
        if let Err(error) = on_blocking_thread(move || credentials.save(&account)).await {
            tracing::warn!(%error, "the account will be forgotten when the program ends");
        }
        user
    }

    async fn send<A: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        access: Option<&Secret>,
    ) -> Result<A, ApiError> {
        let transport = &self.shared.transport;
        transport.check(&self.shared.origin)?;
        let url = call.url(&self.shared.origin);
        let request = transport.http().request(call.method.clone(), url);
        let mut request = request.timeout(call.timeout);
        if let Some(access) = access {
            request = request.bearer_auth(access.expose());
        }
        if let Some(body) = &call.body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        let response = request.send().await?;
        let status = response.status();
        let bytes = read_limited(response, Self::ANSWER_LIMIT).await?;
        if !status.is_success() {
            return Err(ApiError::from_body(status.as_u16(), &bytes));
        }
        serde_json::from_slice(&bytes).map_err(|e| ApiError::Unreadable {
            // The place, not the content: it could hold a token.
            message: format!(
                "unexpected JSON in line {}, column {}",
                e.line(),
                e.column()
            ),
        })
    }
}

async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| e.to_string())
        .and_then(|result| result)
        .map_err(|message| ApiError::Credentials { message })
}

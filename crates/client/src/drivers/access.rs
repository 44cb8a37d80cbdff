//! The HMS auth token of one stay, and where the signalling server is.

use std::time::{SystemTime, UNIX_EPOCH};

use kulti_protocol::api::{GetTokenRequest, GetTokenResponse};
use url::Url;

use super::{
    api::{Api, ApiError},
    credentials::Secret,
    transport::origin_of,
};
use crate::core::io::ConnectFailure;

/// Where `/init` of the 100ms cloud is.
pub const CLOUD_INIT_ENDPOINT: &str = "https://prod-init.100ms.live";

/// The token of one stay.
#[derive(Debug)]
pub struct Access {
    token: Secret,
    expires_at_ms: u64,
    init: Url,
    renewal: Option<Renewal>,
}

/// How to get another token when one has ended.
#[derive(Debug)]
struct Renewal {
    api: Api,
    request: GetTokenRequest,
    cloud: Url,
}

impl Access {
    /// A token ends this long before its time: the clocks of two machines differ.
    const MARGIN_MS: u64 = 30_000;

    /// A token for a bare room, which cannot be renewed; `init` is the origin of the
    /// signalling server, for example [`CLOUD_INIT_ENDPOINT`].
    #[must_use]
    pub fn fixed(token: Secret, init: Url) -> Self {
        Self {
            token,
            expires_at_ms: u64::MAX,
            init,
            renewal: None,
        }
    }

    /// A token that `api` gave for `request`, and will give again. If the answer names
    /// no init endpoint, it is `cloud`: see [`CLOUD_INIT_ENDPOINT`].
    ///
    /// # Errors
    /// [`ApiError::Unreadable`] if the answer names no usable init endpoint.
    pub fn renewable(
        api: Api,
        request: GetTokenRequest,
        answer: &GetTokenResponse,
        cloud: Url,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            token: Secret::new(answer.token.clone()),
            expires_at_ms: answer.expires_at,
            init: init_endpoint(answer, &cloud, &api.origin())?,
            renewal: Some(Renewal {
                api,
                request,
                cloud,
            }),
        })
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// Where `/init` is asked for.
    #[must_use]
    pub fn init(&self) -> &Url {
        &self.init
    }

    /// Whether the token has ended, by this machine's clock.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        self.expires_at_ms.saturating_sub(Self::MARGIN_MS) <= now
    }

    /// Whether [`Self::renew`] can do anything.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        self.renewal.is_some()
    }

    /// Gets another token.
    ///
    /// # Errors
    /// Why there is none: terminal if the server says that this person may not (any
    /// more) be in the session, or that the session is over.
    pub async fn renew(&mut self) -> Result<(), ConnectFailure> {
        let Some(renewal) = &self.renewal else {
            return Err(ConnectFailure {
                code: 401,
                message: "the session's token has ended".to_owned(),
                terminal: true,
            });
        };
        let failed = |error: ApiError| ConnectFailure {
            code: error.status().unwrap_or(0),
            terminal: matches!(error, ApiError::SignedOut)
                || (error.status().is_some() && !error.is_transient()),
            message: error.to_string(),
        };
        let answer = renewal
            .api
            .get_token(&renewal.request)
            .await
            .map_err(failed)?;
        let origin = renewal.api.origin();
        self.init = init_endpoint(&answer, &renewal.cloud, &origin).map_err(failed)?;
        self.token = Secret::new(answer.token);
        self.expires_at_ms = answer.expires_at;
        Ok(())
    }
}

/// The init endpoint of an answer of the API at the origin `api`, or the cloud's if it
/// names none. One without encryption must be that API's own: a server elsewhere could
/// else send the token to whatever listens on this computer.
fn init_endpoint(answer: &GetTokenResponse, cloud: &Url, api: &str) -> Result<Url, ApiError> {
    let Some(named) = answer.init_endpoint.as_deref().filter(|e| !e.is_empty()) else {
        return Ok(cloud.clone());
    };
    let unusable = |message: &str| ApiError::Unreadable {
        message: message.to_owned(),
    };
    let url = Url::parse(named)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| unusable("its init endpoint is no http(s) address"))?;
    if url.scheme() == "http" && origin_of(&url) != api {
        return Err(unusable(
            "its init endpoint is another server without encryption",
        ));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LOCAL: &str = "http://127.0.0.1:8787";

    fn answer(init_endpoint: Option<&str>) -> GetTokenResponse {
        GetTokenResponse {
            token: "t".into(),
            expires_at: 0,
            user_name: String::new(),
            role: "viewer".into(),
            use_hls: false,
            hls_stream_url: None,
            init_endpoint: init_endpoint.map(Into::into),
            watch_policy: kulti_protocol::api::WatchPolicy::default(),
        }
    }

    #[test]
    fn no_endpoint_means_the_cloud() {
        let cloud = Url::parse(CLOUD_INIT_ENDPOINT).unwrap();
        for none in [None, Some("")] {
            let url = init_endpoint(&answer(none), &cloud, LOCAL).unwrap();
            assert_eq!(url.as_str(), "https://prod-init.100ms.live/");
        }
    }

    #[test]
    fn an_endpoint_must_be_an_http_address() {
        let cloud = Url::parse(CLOUD_INIT_ENDPOINT).unwrap();
        let named = |endpoint| init_endpoint(&answer(Some(endpoint)), &cloud, LOCAL);
        assert!(named("http://127.0.0.1:8787#https://x").is_ok());
        for bad in ["127.0.0.1:8787", "ws://k", "file:///x", "/init"] {
            assert!(named(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_a_server_without_encryption_may_name_itself_as_such() {
        let cloud = Url::parse(CLOUD_INIT_ENDPOINT).unwrap();
        let named = |endpoint, api| init_endpoint(&answer(Some(endpoint)), &cloud, api);
        assert!(named(LOCAL, LOCAL).is_ok());
        assert!(named("https://init.example", LOCAL).is_ok());
        assert!(named("https://init.example", "https://kulti.dev").is_ok());
        for api in [
            "https://kulti.dev",
            "https://127.0.0.1:8787",
            "http://127.0.0.1:9",
        ] {
            assert!(named(LOCAL, api).is_err(), "{api}");
        }
    }

    #[tokio::test]
    async fn a_fixed_token_never_ends_by_itself_and_cannot_be_renewed() {
        let init = Url::parse(CLOUD_INIT_ENDPOINT).unwrap();
        let mut access = Access::fixed(Secret::new("t".into()), init);
        assert!(!access.has_ended());
        assert!(access.renew().await.unwrap_err().terminal);
    }
}

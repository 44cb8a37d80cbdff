//! One request of the HTTP API, and the limited reading of its answer.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde::Serialize;
use url::Url;

use super::api_error::ApiError;

/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// One request, which may have to be sent again with another token.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    path: &'a [&'a str],
    query: &'a [(&'a str, &'a str)],
    pub(crate) body: Option<Bytes>,
    pub(crate) timeout: Duration,
}

impl<'a> Call<'a> {
    pub(crate) fn get(path: &'a [&'a str], query: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            method: Method::GET,
            path,
            query,
            body: None,
            timeout: TIMEOUT,
        }
    }

    pub(crate) fn post<B: Serialize>(path: &'a [&'a str], body: &B) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(body).map_err(|e| ApiError::Unreadable {
            message: e.to_string(),
        })?;
        Ok(Self {
            method: Method::POST,
            path,
            query: &[],
            body: Some(body.into()),
            timeout: TIMEOUT,
        })
    }

    pub(crate) fn url(&self, origin: &Url) -> Url {
        let mut url = origin.clone();
        url.set_query(None);
        url.set_fragment(None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(self.path); // what is in an id cannot leave its segment
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(self.query);
        }
        url
    }
}

/// Reads a body of at most `limit` bytes.
pub(crate) async fn read_limited(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > limit {
            return Err(ApiError::Unreadable {
                message: format!("it is larger than {limit} bytes"),
            });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

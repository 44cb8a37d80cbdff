//! Single HTTP requests of our own making, a connection each: for a load generator that
//! must cost little, and for the bad network, which must see what it loses.

use std::io;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// No head, request or answer here is longer.
const LONGEST: usize = 1 << 20;

/// A request or an answer as it came: its head with the empty line, and its body.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The value of a header; its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The same over a connection that ends with it.
    pub(crate) fn for_one_connection(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.head.len() + self.body.len());
        for line in self.head.split("\r\n").filter(|line| !line.is_empty()) {
            let name = line.split(':').next().unwrap_or_default();
            if !name.eq_ignore_ascii_case("connection") {
                bytes.extend_from_slice(line.as_bytes());
                bytes.extend_from_slice(b"\r\n");
            }
        }
        bytes.extend_from_slice(b"connection: close\r\n\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// As it came.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), &self.body].concat()
    }

    /// Reads one. Without a length, a request has no body.
    pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(at) = memchr::memmem::find(&bytes, b"\r\n\r\n") {
                break at + 4;
            }
            if bytes.len() > LONGEST || stream.read_buf(&mut bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let body = bytes.split_off(end);
        let head = String::from_utf8_lossy(&bytes).into_owned();
        let mut message = Self { head, body };
        let length: usize = message
            .header("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        while message.body.len() < length.min(LONGEST) {
            if stream.read_buf(&mut message.body).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(message)
    }
}

/// Sends a request to a port of this machine and gives the whole answer back, bytes as
/// they came. The request must ask for its connection to be closed.
pub(crate) async fn exchange(port: u16, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if answer.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer)
}

/// The API of a Kulti server on this machine, as somebody sees it.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) port: u16,
    /// Who asks; empty for nobody.
    pub(crate) bearer: String,
}

impl Api {
    /// Nobody yet.
    pub(crate) fn at(port: u16) -> Self {
        Self {
            port,
            bearer: String::new(),
        }
    }

    /// Signs in as a new guest.
    pub(crate) async fn guest(port: u16, name: &str) -> anyhow::Result<(Self, Value)> {
        let body = serde_json::json!({ "display_name": name });
        let answer = Self::at(port).post("/api/auth/guest", &body).await?;
        let bearer = answer
            .get("access_token")
            .and_then(Value::as_str)
            .context("no access token")?
            .to_owned();
        Ok((Self { port, bearer }, answer))
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// When the server does not answer, or refuses.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask("POST", path, &body.to_string()).await
    }

    /// Gets JSON.
    ///
    /// # Errors
    /// When the server does not answer, or refuses.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask("GET", path, "").await
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> anyhow::Result<Value> {
        let text = self.text(method, path, body).await?;
        serde_json::from_str(&text).with_context(|| format!("{method} {path} answered {text}"))
    }

    /// The body of an answer.
    ///
    /// # Errors
    /// When the server does not answer, or refuses.
    pub(crate) async fn text(
        &self,
        method: &str,
        path: &str,
        body: &str,
    ) -> anyhow::Result<String> {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n",
            self.port
        );
        if !self.bearer.is_empty() {
            request += &format!("authorization: Bearer {}\r\n", self.bearer);
        }
        if !body.is_empty() {
            let length = body.len();
            request += &format!("content-type: application/json\r\ncontent-length: {length}\r\n");
        }
        request += "\r\n";
        request += body;
        let answer = exchange(self.port, request.as_bytes())
            .await
            .with_context(|| format!("{method} {path}"))?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").context("half an answer")?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        if !status.starts_with('2') {
            bail!("{method} {path} was refused: {status} {body}");
        }
        if head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked")
        {
            bail!("{method} {path}: the answer came in chunks");
        }
        Ok(body.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_made_one_for_one_connection() {
        let message = Message {
            head: "POST /x HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n".to_owned(),
            body: b"{}".to_vec(),
        };
        assert_eq!(message.header("host"), Some("h"));
        assert_eq!(
            String::from_utf8_lossy(&message.for_one_connection()),
            "POST /x HTTP/1.1\r\nHost: h\r\nconnection: close\r\n\r\n{}"
        );
    }
}
